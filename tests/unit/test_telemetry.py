"""One log line for each invocation."""

from __future__ import annotations

import json
import logging
from typing import NoReturn

import pytest

from msk_client import handler, settings
from msk_client.errors import InvalidSetting, MskClientError, UnknownTopic
from msk_client.telemetry import LOGS, Telemetry
from tests.unit.invoking import Context, KeptKafka, invoke
from tests.unit.written import lines, log_of, metrics_of

PRODUCE = {"action": "produce", "topic": "orders", "records": [{"key": "k", "value": "value"}]}
PING = {"action": "ping"}


@pytest.fixture(autouse=True)
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test depend on which one comes first."""
    monkeypatch.setattr(Telemetry, "_cold", False)


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
    logging.getLogger(LOGS[0]).warning("%s: %s", "FAIL", "refused")
    line = log_of(lines(capsys))
    assert {"level": "WARNING", "message": "FAIL: refused"}.items() <= line.items()


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
