"""One set of metrics for each invocation."""

from __future__ import annotations

import pytest

from msk_client import telemetry
from msk_client.errors import MskClientError, UnknownTopic
from msk_client.telemetry import Telemetry
from tests.unit.invoking import invoke
from tests.unit.written import dimensions_of, lines, metrics_of

PRODUCE = {"action": "produce", "topic": "orders", "records": [{"key": "k", "value": "value"}]}
PING = {"action": "ping"}


@pytest.fixture(autouse=True)
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test depend on which one comes first."""
    monkeypatch.setattr(Telemetry, "_cold", False)


def test_the_metrics_of_an_invocation(capsys: pytest.CaptureFixture[str]) -> None:
    """Each invocation writes its duration, cold start and counts with their units, by action."""
    invoke(PRODUCE)
    (line,) = [line for line in lines(capsys) if "_aws" in line]
    assert {"action": "produce", "service": "msk-lambda-client"} == dimensions_of(line)
    assert "MskLambdaClient" == line["_aws"]["CloudWatchMetrics"][0]["Namespace"]
    metrics = metrics_of(line)
    assert ("Milliseconds", True) == (metrics["Duration"][0], metrics.pop("Duration")[1] >= 0)
    assert metrics == {
        "ColdStart": ("Count", 0),
        "RecordsProduced": ("Count", 1),
        "RecordsFailed": ("Count", 0),
        "BytesProduced": ("Bytes", len("kvalue")),
    }


def test_a_failure_counts_by_class(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure adds a metric of its own with the class as a dimension."""
    with pytest.raises(UnknownTopic):
        invoke({"action": "consume", "topic": "orders"})
    _, measured, failed = lines(capsys)
    assert {"Duration", "ColdStart"} == metrics_of(measured).keys()
    assert {"Failures": ("Count", 1)} == metrics_of(failed)
    expected = {"service": "msk-lambda-client", "action": "consume", "error": "UnknownTopic"}
    assert expected == dimensions_of(failed)


def test_success_counts_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """An invocation that works writes no failure metric, nor the counts of an earlier one."""
    with pytest.raises(UnknownTopic):
        invoke({"action": "consume", "topic": "orders"})
    invoke(PRODUCE)
    lines(capsys)
    invoke(PING)
    (measured,) = [line for line in lines(capsys) if "_aws" in line]
    assert {"Duration", "ColdStart"} == metrics_of(measured).keys()


def test_a_cold_start_counts_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the first invocation of an environment is a cold start, even one that fails."""
    monkeypatch.setattr(Telemetry, "_cold", True)
    with pytest.raises(MskClientError):
        invoke({})
    invoke(PING)
    invoke(PING)
    written = lines(capsys)
    assert [True, False, False] == [one["cold_start"] for one in written if "_aws" not in one]
    measured = [metrics_of(one) for one in written if "ColdStart" in one]
    assert [1, 0, 0] == [metrics["ColdStart"][1] for metrics in measured]


def test_names_can_be_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Powertools' variables name the service and the metrics' namespace."""
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "ingest")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Shop")
    monkeypatch.setattr(telemetry, "metrics", telemetry.metrics.__wrapped__)
    with pytest.raises(UnknownTopic):
        invoke({"action": "consume", "topic": "orders"})
    for line in lines(capsys)[1:]:
        assert "Shop" == line["_aws"]["CloudWatchMetrics"][0]["Namespace"]
        assert "ingest" == line["service"]
