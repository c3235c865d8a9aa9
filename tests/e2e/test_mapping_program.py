"""`make mapping`: somebody watches what becomes of records."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.lambda_runtime import Emulator

EVENTS = Path(__file__).parents[2] / "events"
END_S = 60


def until(stream: IO[str], word: str) -> list[str]:
    """Read lines up to the one that has a word."""
    lines: list[str] = []
    for line in stream:
        lines.append(line.strip())
        if word in line:
            break
    assert word in lines[-1], lines
    return lines


@pytest.mark.usefixtures("msk")  # where Kafka can't run, this is skipped
def test_records_and_refusals_are_shown(emulator: Callable[..., Emulator]) -> None:
    """By the exports shown a record gets to the topic; why one isn't taken is told; Ctrl-C ends."""
    options = ["--provisioned", "--retries", "0", "--set", "ESM_DECODE=json", "--log", "all"]
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "local.mapping", *options, "--on-failure", "sqs"],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),  # noqa: TID251 - a program of this machine
    ) as program:
        assert program.stderr is not None
        shown = until(program.stderr, "make aws")
        pairs = [shlex.split(line)[1].split("=", 1) for line in shown if line.startswith("export ")]
        sent = emulator(dict(pairs)).invoke((EVENTS / "produce_records.json").read_bytes())
        assert sent.error_type is None
        told = until(program.stderr, "gave up")
        program.send_signal(signal.SIGINT)
        rest = program.stderr.read()
        program.wait(END_S)
    assert 0 == program.returncode
    lines = [line.removeprefix("log").strip() for line in told if line.startswith("log ")]
    causes = [one["cause"] for one in map(json.loads, lines) if one["level"] == "WARNING"]
    assert any("not JSON" in cause for cause in causes)
    assert "DroppedEventCount" in rest
