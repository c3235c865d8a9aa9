"""replay on a real Kafka: out of S3, SQS and topics, with all that the records had."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from msk_client.errors import InvalidRequest, UnknownTopic
from tests.integration.function import BUCKET, Function

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import Message

    from local.msk import LocalMsk
    from tests.integration.eyes import Eyes

Shown = tuple[bytes | None, bytes | None, object, int]


def batch_of(topic: str, messages: dict[int, list[Message]]) -> dict[str, Any]:
    """Make the event that Lambda's mapping makes of messages, by partition."""

    def shown(message: Message) -> dict[str, Any]:
        record: dict[str, Any] = {
            "topic": topic,
            "partition": message.partition(),
            "offset": message.offset(),
            "timestamp": message.timestamp()[1],
            "timestampType": "CREATE_TIME",
            "headers": [
                {header[0]: [b - 256 if b > 127 else b for b in header[1]]}
                for header in message.headers() or []
                if isinstance(header[1], bytes)
            ],
        }
        for name, part in (("key", message.key()), ("value", message.value())):
            if part is not None:
                record[name] = base64.b64encode(part).decode()
        return record

    parts = {f"{topic}-{p}": [shown(m) for m in some] for p, some in messages.items()}
    return {"eventSource": "aws:kafka", "eventSourceArn": None, "records": parts}


def on_failure(
    topic: str, messages: dict[int, list[Message]], servers: str, *, payload: object = None
) -> str:
    """Write what Lambda sends to an on-failure destination."""
    info = {
        f"{topic}-{p}": {
            "firstRecordOffset": str(some[0].offset()),
            "lastRecordOffset": str(some[-1].offset()),
        }
        for p, some in messages.items()
    }
    batch = {"batchSize": 1, "bootstrapServers": servers, "recordsInfo": info}
    found = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "KafkaBatchInfo": batch}
    return json.dumps(found | ({} if payload is None else {"payload": payload}))


def filled(eyes: Eyes, name: str) -> dict[int, list[Message]]:
    """Write records of every kind into two partitions; answers them as they stand in the log."""
    for partition in (0, 1):
        values = [None, b"", b"\xff\x00", *(b"v%d" % i for i in range(50))]
        eyes.produce(
            name,
            values,
            partition,
            keys=[b"k%d" % i if i % 3 else None for i in range(len(values))],
            timestamps_ms=[1_700_000_000_000 + i for i in range(len(values))],
            headers=[("h", b"\xff"), ("h", b"2")],
        )
    return {partition: eyes.records(name, partition) for partition in (0, 1)}


def contents(messages: list[Message]) -> list[Shown]:
    """What of records is kept, wherever they go."""
    found: list[Shown] = []
    for message in messages:
        headers = [one for one in message.headers() or [] if one[0] != "x-replayed-from"]
        found.append((message.key(), message.value(), headers, message.timestamp()[1]))
    return sorted(found, key=repr)


def origins(messages: list[Message]) -> set[str]:
    """Where records say that they came from."""
    found = [dict(message.headers() or [])["x-replayed-from"] for message in messages]
    return {value.decode() for value in found if isinstance(value, bytes)}


def replay(function: Function, source: object, topic: str, **fields: object) -> dict[str, Any]:
    """Replay; answers the body."""
    return function.body({"action": "replay", "source": source, "topic": topic, **fields})


def test_a_failed_batch_of_s3(
    function: Function, msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """The records of a failed batch come out of S3 with all they had."""
    name, again = topic(2), topic()
    messages = filled(eyes, name)
    payload = json.dumps(batch_of(name, messages))
    servers = msk.environment()["KAFKA_ENDPOINT"]
    key = function.store(on_failure(name, messages, servers, payload=payload).encode())
    body = replay(function, f"s3://{BUCKET}/{key}", again)
    found = eyes.records(again)
    assert (106, True) == (body["replayed"], body["complete"])
    assert contents([*messages[0], *messages[1]]) == contents(found)
    assert {f"{name}/{p}/{i}" for p in (0, 1) for i in range(53)} == origins(found)


def test_a_failed_batch_of_a_queue(
    function: Function, msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Of a message with offsets only, the records are read again; then it is deleted."""
    name, again, url = topic(2), topic(), function.queue()
    messages = filled(eyes, name)
    some = {0: messages[0][5:20], 1: messages[1][-1:]}
    text = on_failure(name, some, msk.environment()["KAFKA_ENDPOINT"])
    function.sqs.send_message(QueueUrl=url, MessageBody=text)
    told = replay(function, url, again, dry_run=True)
    assert (16, 0) == (told["found"], told["replayed"])
    assert [] == eyes.records(again)
    assert 16 == replay(function, url, again)["replayed"]
    assert contents([*some[0], *some[1]]) == contents(eyes.records(again))
    left = function.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert ("0", "0") == (
        left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"],
    )  # fmt: skip


def test_what_is_left_out_stays_in_its_queue(
    function: Function, msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """A message that a filter leaves out, or a part of it, is still there for another replay."""
    name, again, url = topic(2), topic(), function.queue()
    messages = filled(eyes, name)
    servers = msk.environment()["KAFKA_ENDPOINT"]
    for some in ({0: messages[0][:5]}, {1: messages[1][:5]}, {p: messages[p][5:9] for p in (0, 1)}):
        text = on_failure(name, some, servers)
        function.sqs.send_message(QueueUrl=url, MessageBody=text)
    body = replay(function, url, again, only={"partitions": [0]})
    assert (9, 9, True) == (body["replayed"], body["left_out"], body["complete"])
    told = replay(function, url, again, only={"partitions": [1]}, dry_run=True)
    assert (13, 4) == (told["found"], told["left_out"])
    assert 13 == replay(function, url, again)["replayed"]
    wanted = [*messages[0][:9], *messages[0][5:9], *messages[1][:9]]
    assert contents(wanted) == contents(eyes.records(again))


def test_what_retention_has_deleted(
    function: Function, msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """What is gone is told, what is left is replayed."""
    name, again, url = topic(2), topic(), function.queue()
    messages = filled(eyes, name)
    text = on_failure(name, {0: messages[0][:10]}, msk.environment()["KAFKA_ENDPOINT"])
    function.sqs.send_message(QueueUrl=url, MessageBody=text)
    eyes.delete_records(name, {0: 7})
    body = replay(function, url, again)
    assert [{"topic": name, "partition": 0, "from": 0, "to": 7}] == body["gone"]
    assert contents(messages[0][7:10]) == contents(eyes.records(again))


def test_a_dead_letter_topic(
    function: Function, msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Out of a topic come the records that Lambda wrapped, and those that others put there."""
    name, dead, again = topic(2), topic(2), topic()
    messages = filled(eyes, name)
    servers = msk.environment()["KAFKA_ENDPOINT"]
    wrapped: list[bytes | None] = [
        on_failure(name, {0: [one]}, servers, payload=batch_of(name, {0: [one]})).encode()
        for one in messages[0]
    ]
    eyes.produce(dead, wrapped)
    eyes.produce(dead, [b"plain"], 1, keys=[b"k"], timestamps_ms=[1_700_000_000_000])
    body = replay(function, {"topic": dead}, again)
    assert (54, True) == (body["replayed"], body["complete"])
    *_, plain = sorted(eyes.records(again), key=lambda m: m.value() == b"plain")
    assert {f"{dead}/1/0"} == origins([plain])
    others = [m for m in eyes.records(again) if m.value() != b"plain"]
    assert contents(messages[0]) == contents(others)


def test_offsets_kept_in_a_topic(
    function: Function, msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Where a topic keeps messages without records, both topics are read in turn."""
    name, dead, again = topic(2), topic(), topic()
    messages = filled(eyes, name)
    servers = msk.environment()["KAFKA_ENDPOINT"]
    wrapped: list[bytes | None] = [
        on_failure(name, {p: some[i : i + 10]}, servers).encode()
        for p, some in messages.items()
        for i in range(0, 53, 10)
    ]
    eyes.produce(dead, wrapped)
    assert 106 == replay(function, {"topic": dead}, again)["replayed"]
    assert contents([*messages[0], *messages[1]]) == contents(eyes.records(again))


def test_our_dead_letters_come_back(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """What a mapping of this function gave up in S3 is replayed from there."""
    name, again = topic(2), topic()
    messages = filled(eyes, name)
    prefix = f"dead-{name}"
    function.set(
        ESM_SINK="log", ESM_DECODE="json", ESM_DEAD_LETTER=f"s3://{BUCKET}/{prefix}",
        ESM_PARTIAL_RESPONSE="true",
    )  # fmt: skip
    event = batch_of(name, {0: messages[0][3:]})
    assert {"batchItemFailures": []} == function(event)
    body = replay(function, f"s3://{BUCKET}/{prefix}/", again)
    assert 50 == body["replayed"]
    assert contents(messages[0][3:]) == contents(eyes.records(again))


def test_not_back_unasked(function: Function, eyes: Eyes, topic: Callable[..., str]) -> None:
    """Nothing goes back into its own topic without a word, and with it everything."""
    name = topic(2)
    messages = filled(eyes, name)
    with pytest.raises(InvalidRequest, match="confirm"):
        replay(function, {"topic": name}, name)
    body = replay(function, {"topic": name}, name, confirm=True, only={"until_offset": 5})
    assert (10, 96) == (body["replayed"], body["left_out"])
    found = [*eyes.records(name, 0), *eyes.records(name, 1)]
    wanted = [m for some in messages.values() for m in some[:5]]
    assert 116 == len(found)
    marked = [m for m in found if "x-replayed-from" in dict(m.headers() or [])]
    assert contents(wanted) == contents(marked)


def test_a_target_is_never_made(function: Function, topic: Callable[..., str]) -> None:
    """A topic that isn't there isn't made for a replay."""
    with pytest.raises(UnknownTopic):
        replay(function, {"topic": topic()}, "never-made")
