"""Calls the function as Lambda does, on a Kafka in memory: JSON goes in and JSON comes out."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from awslambdaric.lambda_runtime_marshaller import to_json

from msk_client import handler
from msk_client.actions.call import Call
from msk_client.deadline import Deadline
from msk_client.errors import InvalidRequest
from msk_client.records import Outgoing
from msk_client.s3 import store
from msk_client.settings import Settings, read
from msk_client.sqs import queues
from tests.fake_kafka import FakeKafka
from tests.fake_s3 import FakeS3
from tests.fake_sqs import FakeSqs

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRON = {
    "KAFKA_ENDPOINT": "boot-x.c2.kafka-serverless.eu-west-1.amazonaws.com:9098",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a-secret-key",
    "AWS_SESSION_TOKEN": "a-session-token",
}
SETTINGS = read(ENVIRON)


def settings_of(environ: dict[str, str]) -> Settings:
    """Make settings from these variables and the usual ones; an empty one is absent."""
    return read({name: text for name, text in (ENVIRON | environ).items() if text})


@dataclass
class Context:
    """Lambda's context object."""

    remaining_ms: int = 30_000
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        """Answer the milliseconds until Lambda would kill the invocation."""
        return self.remaining_ms


class KeptKafka(FakeKafka):
    """The fake as the handler keeps it between invocations."""

    endpoint = ENVIRON["KAFKA_ENDPOINT"]
    invocations = 0

    def begin_invocation(self) -> None:
        """See `MskKafka`."""
        self.invocations += 1


def invoke(
    event: object,
    kafka: FakeKafka | None = None,
    remaining_ms: int = 30_000,
    s3: FakeS3 | None = None,
    sqs: FakeSqs | None = None,
    **environ: str,
) -> dict[str, Any]:
    """Answer what the caller of the function gets, marshalled by Lambda's own runtime."""
    kept = KeptKafka() if kafka is None else kafka
    given = json.loads(json.dumps(event))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handler, "kafka", lambda _: kept)
        patch.setattr(store, "store", lambda: s3 or FakeS3())
        patch.setattr(queues, "queues", lambda: sqs or FakeSqs())
        patch.setattr(handler, "settings", lambda: settings_of(environ))
        answer = handler.lambda_handler(given, Context(remaining_ms))
    marshalled: dict[str, Any] = json.loads(to_json(answer).encode())
    return marshalled


def invoke_set(
    event: object,
    kafka: FakeKafka | None = None,
    /,
    *,
    s3: Any = None,  # noqa: ANN401 - mypy holds a dictionary of settings against every keyword
    sqs: Any = None,  # noqa: ANN401 - same
    **environ: str,
) -> dict[str, Any]:
    """`invoke`, with settings out of dictionaries."""
    return invoke(event, kafka, 30_000, s3, sqs, **environ)


def body(
    event: object,
    kafka: FakeKafka | None = None,
    remaining_ms: int = 30_000,
    s3: FakeS3 | None = None,
    **environ: str,
) -> dict[str, Any]:
    """Answer the body of a call that works."""
    answer: dict[str, Any] = invoke(event, kafka, remaining_ms, s3, None, **environ)["body"]
    return answer


def call_on(kafka: FakeKafka, seconds: float = 30, **environ: str) -> Call:
    """Make what an action gets beside its request."""
    return Call(lambda _: kafka, settings_of(environ), Deadline.after(seconds), "request-1")


def outgoing(
    value: bytes | None = b"v", timestamp_ms: int = 0, key: bytes | None = None
) -> Outgoing:
    """Make a record to put straight into a log of the fake."""
    return Outgoing(key, value, [], timestamp_ms=timestamp_ms)


def cluster(*logs: str, topic: str = "orders") -> KeptKafka:
    """Make a topic of which each partition is drawn: `r` is a record, `.` a gap or a marker.

    A record's value is its offset, its timestamp 10^12 ms more.
    """
    kafka = KeptKafka()
    for log, drawing in zip(kafka.add_topic(topic, len(logs)), logs, strict=True):
        for offset, sign in enumerate(drawing):
            if sign == "r":
                log.append(outgoing(str(offset).encode(), timestamp_ms=10**12 + offset))
            else:
                log.gap()
    return kafka


def places(answer: dict[str, Any]) -> list[tuple[int, int]]:
    """Answer partition and offset of each record of a consume's body."""
    return [(record["partition"], record["offset"]) for record in answer["records"]]


class Clock:
    """The monotonic clock, moved by hand and by whoever sleeps."""

    now_s = 1_000.0

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(time, "monotonic", lambda: self.now_s)
        patch.setattr(time, "sleep", self.move)

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds


def refusal(event: object) -> str:
    """Answer why an event is refused, without a question to Kafka."""
    kafka = KeptKafka()
    with pytest.raises(InvalidRequest) as caught:
        invoke(event, kafka)
    assert [] == kafka.calls
    return str(caught.value)


def pages(kafka: FakeKafka, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Consume page after page, each from the `next` of the one before, until the end."""
    page = body(event, kafka)
    yield page
    while page["stopped"] != "end":
        page = body(event | {"from": {"offsets": page["next"]}}, kafka)
        yield page
