"""Lambda's JSON log format: what the runtime does to the lines of the function."""

from __future__ import annotations

import json

import pytest

from local.lambda_runtime import Emulator
from local.lambda_runtime.function import what_is_lacking
from tests.deploy.main_template import at_existing


def test_every_line_is_json_and_metrics_pass_untouched() -> None:
    """With the environment as deployed, a failing call writes JSON lines only, each once.

    CloudWatch takes metrics only from lines that begin with their own form.
    """
    lacking = what_is_lacking()
    if lacking is not None:
        pytest.skip(f"no Lambda runtime emulator: {lacking}")
    deployed = at_existing().environment("Function")
    json_format = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
    with Emulator(deployed | json_format) as function:
        answer = function.invoke({"action": "pong"})
        lines = [json.loads(line) for line in function.log().splitlines() if line.strip()]
    assert isinstance(answer.payload, dict)
    assert answer.payload["errorType"] == "InvalidRequest"
    failed, duration, failures, raised = lines
    assert (failed["message"], failed["error"]) == ("failed", "InvalidRequest")
    assert "Duration" in duration
    assert "Failures" in failures
    assert {"_aws"} <= duration.keys() & failures.keys()
    assert raised["errorType"] == "InvalidRequest"
