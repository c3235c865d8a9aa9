"""Events of EventBridge: envelopes, and what Scheduler and rules with an input send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from msk_client.triggers.eventbridge import EXAMPLE
from tests.unit.invoking import KeptKafka, body, invoke, refusal
from tests.unit.written import lines, log_of

EVENTS = Path(__file__).parents[2] / "events"
ENVELOPE = json.loads((EVENTS / "eventbridge_produce.json").read_text())
SCHEDULED_RULE = {
    **ENVELOPE,
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "resources": ["arn:aws:events:eu-west-1:123456789012:rule/every-hour"],
    "detail": {},
}


def envelope(**detail: object) -> dict[str, Any]:
    """Wrap an action event."""
    return {**ENVELOPE, "detail": detail}


def test_the_detail_is_carried_out() -> None:
    """The action event in an envelope's `detail` is carried out, and answered as any other."""
    kafka = KeptKafka()
    answer = invoke(ENVELOPE, kafka)
    assert (200, 1) == (answer["statusCode"], answer["body"]["produced"])
    (record,) = kafka.logs["orders"][0].records.values()
    assert (b"o-17", b'{"id":17,"item":"tea"}') == (record.key, record.value)


@pytest.mark.parametrize("name", ["ping", "list-topics", "create_topic"])
def test_every_action_can_be_wrapped(name: str) -> None:
    """An envelope's action is told as any other's is, hyphens included."""
    fields = {"topic": "orders"} if "create" in name else {}
    assert 200 == invoke(envelope(action=name, **fields))["statusCode"]


def test_the_log_names_the_action_within(capsys: pytest.CaptureFixture[str]) -> None:
    """Log line and metrics have the action and topic of the `detail`."""
    invoke(ENVELOPE)
    log = log_of(lines(capsys))
    assert ("produce", "orders") == (log["action"], log["topic"])


def test_a_mistake_within_is_named() -> None:
    """A wrong field of the `detail` is refused as it is in a plain event."""
    assert "topics" in refusal(envelope(action="consume", topics="orders"))
    assert refusal(envelope(action="consum")).startswith("Field 'action' is 'consum'")


@pytest.mark.parametrize(
    "detail",
    [{}, {"order": 17}, "{}", '{"action": "ping"}', None, [], 0],
    ids=repr,
)
def test_an_envelope_without_an_action(detail: object) -> None:
    """An envelope without action is refused with what to do about it, and an example."""
    message = refusal(SCHEDULED_RULE | {"detail": detail})
    told = ("'Scheduled Event' from 'aws.events'", "constant input", "EventBridge Scheduler")
    for part in (*told, EXAMPLE):
        assert part in message


def test_the_example_works() -> None:
    """The example that the refusal shows is an event that this function carries out."""
    assert 1 == body(json.loads(EXAMPLE))["produced"]


@pytest.mark.parametrize("name", [None, 7, [], "x" * 1_000])
def test_a_strange_envelope(name: object) -> None:
    """Whatever stands in the envelope's other fields, the refusal is one, and short."""
    message = refusal({**SCHEDULED_RULE, "detail-type": name, "source": name})
    assert message.startswith("The event is EventBridge's envelope of a ")
    assert 700 > len(message)


def test_a_plain_event_stays_plain() -> None:
    """An action beside the envelope's fields makes a plain event, whose other fields are wrong."""
    assert "is unknown" in refusal({**ENVELOPE, "action": "ping"})


@pytest.mark.parametrize("missing", ["detail-type", "source", "detail"])
def test_half_an_envelope_is_none(missing: str) -> None:
    """An event that lacks one of an envelope's marks is an event without action."""
    half = {name: value for name, value in ENVELOPE.items() if name != missing}
    assert refusal(half).startswith("The event has no 'action'")


def test_scheduler_sends_the_input_alone() -> None:
    """EventBridge Scheduler sends its Input, a JSON text, as the event: no envelope is needed."""
    target = {"Arn": "arn:function", "RoleArn": "arn:role", "Input": '{"action": "ping"}'}
    assert 200 == invoke(json.loads(target["Input"]))["statusCode"]
