"""The entry point: settings, clients and time, once or in each invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from msk_client import handler
from msk_client.errors import InvalidRequest, InvalidSetting, MskClientError
from tests.unit.invoking import ENVIRON, Context, KeptKafka, invoke

if TYPE_CHECKING:
    from collections.abc import Iterator

PING = {"action": "ping"}


@pytest.fixture(autouse=True)
def new_environment() -> Iterator[None]:
    """Let each test begin in an execution environment of its own."""
    handler.kafka.cache_clear()
    yield
    handler.kafka.cache_clear()


def test_an_answer_is_a_status_and_an_object() -> None:
    """The answer has a status like HTTP's and an object as its body, for Step Functions to use."""
    answer = invoke(PING)
    assert ["statusCode", "body"] == list(answer)
    assert 200 == answer["statusCode"]
    assert isinstance(answer["body"], dict)


def test_each_invocation_begins_anew() -> None:
    """The cluster hears that an invocation begins, before it is asked anything."""
    kafka = KeptKafka()
    for _ in range(3):
        invoke(PING, kafka)
    assert 3 == kafka.invocations


@pytest.mark.parametrize(
    "event",
    [
        {"action": "ping", "no_such_field": 1},
        {"action": "consume", "topic": "orders", "from": "committed"},
        {"action": "produce", "topic": "orders", "records": [{}]},
    ],
    ids=lambda event: event["action"],
)
def test_a_refused_event_opens_nothing(event: dict[str, Any]) -> None:
    """An event that is refused for what it says is refused before the cluster is opened."""
    kafka = KeptKafka()
    with pytest.raises(InvalidRequest):
        invoke(event, kafka)
    assert 0 == kafka.invocations


def test_clients_are_kept() -> None:
    """The cluster's clients are made once for an execution environment, without connecting."""
    kept = handler.kafka("localhost:9098")
    assert kept is handler.kafka("localhost:9098")
    assert {} == kept.clients._kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA_ENDPOINT", "localhost"),
        ("MSK_CLUSTER_ARN", "arn:aws:s3:::bucket"),
        ("MSK_CONNECTIVITY", "vpn"),
        ("KAFKA_CONNECT_TIMEOUT_MS", "soon"),
        ("KAFKA_CA_FILE", "/no/such/file"),
        ("KAFKA_CLIENT_OPTIONS", "{"),
        ("KAFKA_REGION", "Ireland"),
    ],
)
def test_a_bad_setting_fails_each_invocation(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad value fails every invocation by the variable's name, not only the first."""
    monkeypatch.setenv(name, value)
    for _ in range(2):
        with pytest.raises(InvalidSetting, match=name):
            handler.lambda_handler(PING, Context())


def test_a_bad_event_is_refused_before_bad_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that names no action is refused as such, whatever the environment holds."""
    monkeypatch.setenv("KAFKA_ENDPOINT", "localhost")
    with pytest.raises(InvalidRequest):
        handler.lambda_handler({"key1": "value1"}, Context())


def test_a_setting_is_required_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an endpoint an event is still checked, and what connects names the variable."""
    for name, value in {**ENVIRON, "KAFKA_ENDPOINT": "", "AWS_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidRequest):
        handler.lambda_handler({"action": "ping", "no_such_field": 1}, Context())
    with pytest.raises(InvalidSetting, match=r"KAFKA_ENDPOINT is not set, nor is MSK_CLUSTER_ARN"):
        handler.lambda_handler(PING, Context())


@pytest.mark.parametrize("remaining_ms", [0, 500])
def test_an_error_is_one_of_ours_however_early(remaining_ms: int) -> None:
    """A failure before anything is done is raised as a class that callers can match."""
    with pytest.raises(MskClientError):
        invoke(PING, remaining_ms=remaining_ms)
