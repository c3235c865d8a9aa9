"""One log line and one set of metrics for each invocation."""

from __future__ import annotations

import json
import logging
from typing import Any, NoReturn

import pytest

from msk_client import handler, settings, telemetry
from msk_client.errors import InvalidSetting, MskClientError, UnknownTopic
from msk_client.telemetry import LIBRARY, Telemetry
from tests.unit.invoking import Context, KeptKafka, invoke

PRODUCE = {"action": "produce", "topic": "orders", "records": [{"key": "k", "value": "value"}]}
PING = {"action": "ping"}


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


@pytest.fixture(autouse=True)
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test depend on which one comes first."""
    monkeypatch.setattr(Telemetry, "_cold", False)


# The log


def test_one_line_says_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    """An invocation that works writes one line: what, where, for whom, how long, how much."""
    invoke(PRODUCE)
    line = log_of(lines(capsys))
    expected = {
        "level": "INFO",
        "message": "done",
        "service": "msk-lambda-client",
        "action": "produce",
        "topic": "orders",
        "request_id": "request-1",
        "cold_start": False,
        "RecordsProduced": 1,
        "RecordsFailed": 0,
        "BytesProduced": len("kvalue"),
    }
    assert expected.items() <= line.items()
    assert 0 <= line["duration_ms"]


def test_consumed_records_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """A read is logged with its records and their bytes."""
    kafka = KeptKafka()
    invoke(PRODUCE, kafka)
    lines(capsys)
    invoke({"action": "consume", "topic": "orders"}, kafka)
    line = log_of(lines(capsys))
    assert {"RecordsConsumed": 1, "BytesConsumed": len("kvalue")}.items() <= line.items()


def test_a_failure_is_logged_by_its_class(capsys: pytest.CaptureFixture[str]) -> None:
    """A failure writes one warning with its class; Lambda's own runtime logs the text."""
    with pytest.raises(UnknownTopic):
        invoke(PRODUCE | {"create_if_missing": False})
    line = log_of(lines(capsys))
    assert {
        "level": "WARNING",
        "message": "failed",
        "error": "UnknownTopic",
    }.items() <= line.items()
    assert "exception" not in line


def test_an_event_without_action_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """An event that names no action is logged with the action `none`."""
    with pytest.raises(MskClientError):
        invoke({"key1": "value1"})
    assert {"action": "none", "error": "InvalidRequest"}.items() <= log_of(lines(capsys)).items()


@pytest.mark.parametrize("topic", ["\ud800", "a\nb", "t" * 1_000_000, 5, None], ids="ablfn")
def test_a_topic_that_is_none_is_not_logged(
    topic: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can't be a topic's name neither fills nor breaks the log line."""
    with pytest.raises(MskClientError):
        invoke({"action": "consume", "topic": topic})
    written, complaints = capsys.readouterr()
    assert "" == complaints
    assert "topic" not in json.loads(written.splitlines()[0])


def test_a_bug_is_not_swallowed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that isn't ours is logged by its class and goes on to Lambda as it is."""
    kafka = KeptKafka()

    def cluster(_: object) -> NoReturn:
        raise KeyError("a bug")

    monkeypatch.setattr(kafka, "cluster", cluster)
    with pytest.raises(KeyError, match="a bug"):
        invoke(PING, kafka)
    written = lines(capsys)
    assert "KeyError" == log_of(written)["error"]
    assert {"Failures": ("Count", 1)} == metrics_of(written[-1])


def test_the_librarys_log_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    """What librdkafka logs comes as JSON lines of the same form."""
    logging.getLogger(LIBRARY).warning("%s: %s", "FAIL", "refused")
    line = log_of(lines(capsys))
    assert {"level": "WARNING", "message": "FAIL: refused"}.items() <= line.items()


# The metrics


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


def test_a_bad_setting_is_logged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invocation that a setting makes fail is logged and measured like any other."""
    monkeypatch.setenv("KAFKA_ENDPOINT", "no port")
    handler.kafka.cache_clear()
    settings.settings.cache_clear()
    with pytest.raises(InvalidSetting, match="KAFKA_ENDPOINT"):
        handler.lambda_handler(PING, Context())
    assert {"action": "ping", "error": "InvalidSetting"}.items() <= log_of(lines(capsys)).items()
