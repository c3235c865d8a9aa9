"""Reads what an invocation has written: a log line and metrics, each a JSON line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Answer the JSON lines that were written since the last look."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def log_of(written: list[dict[str, Any]]) -> dict[str, Any]:
    """Answer the one line that is no metric."""
    (line,) = [line for line in written if "_aws" not in line]
    return line


def metrics_of(line: dict[str, Any]) -> dict[str, tuple[str, float]]:
    """Answer the metrics of a line: name -> unit, value."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return {m["Name"]: (m["Unit"], *line[m["Name"]]) for m in directive["Metrics"]}


def dimensions_of(line: dict[str, Any]) -> dict[str, str]:
    """Answer the dimensions of a line and their values."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    (names,) = directive["Dimensions"]
    return {name: line[name] for name in names}
