"""Objects and messages on their way into a real Kafka, from a real S3 and SQS protocol."""

from __future__ import annotations

import gzip
import json
import random
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from backports import zstd

from local.aws import Fault
from msk_client.actions.sourcing import lines
from msk_client.errors import (
    DeadlineExceeded,
    InvalidRequest,
    NotAuthorized,
    PartialFailure,
    RecordTooLarge,
    StorageUnavailable,
)
from msk_client.kafka import window
from tests.integration.function import BUCKET, Function

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local.aws import LocalAws
    from tests.integration.eyes import Eyes

LINES = 20_000


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only a few records be on their way at once, so that time runs out."""
    monkeypatch.setattr(window, "PLACES", 64)
    monkeypatch.setattr(lines, "BATCH", 16)


SHORT_MS = 3_000
MANY = 60_000
"""More than a slow function sends in that time."""


def numbers(count: int = LINES) -> list[bytes]:
    """Values that tell their place."""
    return [b'{"n":%d}' % i for i in range(count)]


def produce(topic: str, key: str, **fields: object) -> dict[str, Any]:
    """An event."""
    return {"action": "produce", "topic": topic, "source": f"s3://{BUCKET}/{key}", **fields}


def values(eyes: Eyes, topic: str) -> list[bytes | None]:
    """What stands in partition 0."""
    return [message.value() for message in eyes.records(topic)]


# Objects


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress], ids=["", "gz", "zst"])
def test_an_object_arrives_in_order(
    function: Function, eyes: Eyes, topic: Callable[..., str], pack: Callable[[bytes], bytes]
) -> None:
    """Every line of an object, compressed or not, is a record, in the object's order."""
    key, name = function.store(pack(b"\n".join(numbers()))), topic()
    answer = function.body(produce(name, key))
    assert (LINES, True) == (answer["produced"], answer["complete"])
    assert numbers() == values(eyes, name)


def test_rows_go_where_their_keys_belong(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """A row's key decides its partition, the same one for the same key."""
    rows = "".join(f"k{i % 7},{i}\n" for i in range(1_000))
    key, name = function.store(f"id,n\n{rows}".encode(), f"{uuid.uuid4().hex}.csv"), topic(3)
    assert 1_000 == function.body(produce(name, key, key_column="id"))["produced"]
    partitions: dict[bytes, set[int]] = {}
    for partition in range(3):
        for message in eyes.records(name, partition):
            key_bytes, value = message.key() or b"", json.loads(message.value() or b"")
            assert value["id"].encode() == key_bytes
            partitions.setdefault(key_bytes, set()).add(partition)
    assert {1} == {len(found) for found in partitions.values()}
    assert 7 == len(partitions)


def test_a_drained_topic_is_restored(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """What was drained to S3 comes back with all it had: keys, nulls, bytes, headers, times."""
    name, again = topic(2), topic(2)
    dice = random.Random(1)
    for partition in (0, 1):
        eyes.produce(
            name,
            [None, b"", b"text \xc3\xa9\n", *(dice.randbytes(20) for _ in range(200))],
            partition,
            keys=[b"k", None, b"\xff", *(dice.choice([None, b"a"]) for _ in range(200))],
            timestamps_ms=[1_700_000_000_000 + i for i in range(203)],
            headers=[("h", b"1"), ("h", None), ("b", b"\xff\x00")],
        )
    prefix = f"restore-{name}"
    destination = f"s3://{BUCKET}/{prefix}"
    function.body({"action": "consume", "topic": name, "destination": destination})
    found = function.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/")["Contents"]
    assert 2 == len(found)
    for one in found:
        function.body(produce(again, one["Key"]))

    def all_of(topic_name: str, partition: int) -> list[object]:
        return [
            (m.key(), m.value(), m.timestamp(), m.headers())
            for m in eyes.records(topic_name, partition)
        ]

    assert [all_of(name, p) for p in (0, 1)] == [all_of(again, p) for p in (0, 1)]


def test_a_refused_record_in_any_place(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Records that the cluster refuses are named, and those around them delivered."""
    lines = numbers(3_000)
    poison = {0, 1_234, 2_999}
    for place in poison:
        lines[place] = random.Random(place).randbytes(1_500_000).translate(None, b"\r\n")
    key, name = function.store(b"\n".join(lines)), topic()
    with pytest.raises(RecordTooLarge, match=r'Record 0 .*"record": 1'):
        function.body(produce(name, key))
    name = topic()
    answer = function(produce(name, key, on_failure="report"))
    told = answer["body"]
    assert (207, 2_997, 3, True) == (
        answer["statusCode"], told["produced"], told["failed"], told["complete"],
    )  # fmt: skip
    assert poison == {one["index"] for one in told["results"]}
    assert set(numbers(3_000)) - {b'{"n":%d}' % i for i in poison} == set(values(eyes, name))


@pytest.mark.usefixtures("slow")
def test_when_the_time_is_up_another_call_goes_on(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Call after call, each from the position of the one before, every record arrives, in order."""
    key, name = function.store(b"\n".join(numbers(MANY))), topic()
    event, calls = produce(name, key, create_if_missing=False), 0
    function.body(produce(name, function.store(b"")))  # connects
    while True:
        answer = function.body(event, remaining_ms=SHORT_MS)
        calls += 1
        if answer["complete"]:
            break
        event["resume"] = answer["position"]
    found = values(eyes, name)
    first_seen = list(dict.fromkeys(found))
    assert numbers(MANY) == first_seen
    assert calls > 1
    assert len(found) - MANY <= 64 * (calls - 1)


def test_an_older_version_can_be_finished(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """In a versioned bucket a position holds on to the content that it was begun with."""
    bucket = f"versions-{uuid.uuid4().hex[:8]}"
    function.s3.create_bucket(Bucket=bucket)
    status = {"Status": "Enabled"}
    function.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)
    put = function.s3.put_object(Bucket=bucket, Key="a", Body=b"\n".join(numbers(10)))
    function.s3.put_object(Bucket=bucket, Key="a", Body=b"another\n")
    resume = {"record": 4, "etag": put["ETag"], "version_id": put["VersionId"]}
    name = topic()
    event = produce(name, "a", resume=resume) | {"source": f"s3://{bucket}/a"}
    assert 6 == function.body(event)["produced"]
    assert numbers(10)[4:] == values(eyes, name)


def test_a_version_that_was_deleted_is_sent(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """S3's message about a version sends that one, though another, or none, is there now."""
    bucket = f"versions-{uuid.uuid4().hex[:8]}"
    function.s3.create_bucket(Bucket=bucket)
    status = {"Status": "Enabled"}
    function.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=status)
    puts = [function.s3.put_object(Bucket=bucket, Key="a", Body=body) for body in (b"1", b"2")]
    function.s3.delete_object(Bucket=bucket, Key="a")
    name = topic()
    function.set(S3_EVENT_TOPIC=name)
    for put in puts:
        found = {"key": "a", "eTag": put["ETag"].strip('"'), "versionId": put["VersionId"]}
        function(notification(bucket, found))
    assert [b"1", b"2"] == values(eyes, name)


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError")])
def test_s3_that_fails_for_a_while(
    function: Function, aws: LocalAws, topic: Callable[..., str], status: int, code: str
) -> None:
    """S3's own troubles are waited out."""
    key = function.store(b"a\nb\n")
    fault = Fault("GET", f"*/{key}", status, code, times=2)
    aws.set_faults(fault)
    assert 2 == function.body(produce(topic(), key))["produced"]
    assert 2 == fault.met


def test_s3_that_refuses(function: Function, aws: LocalAws, topic: Callable[..., str]) -> None:
    """A denied object is told with the permission that is missing, and the time ends a slow one."""
    key, name = function.store(b"a\n"), topic()
    aws.set_faults(Fault("GET", f"*/{key}", 403, "AccessDenied"))
    with pytest.raises(NotAuthorized, match="s3:GetObject"):
        function.body(produce(name, key))
    aws.set_faults(Fault("GET", f"*/{key}", delay_s=10))
    with pytest.raises(StorageUnavailable):
        function.body(produce(name, key), remaining_ms=2_000)


# S3 calls


def created(function: Function, key: str) -> dict[str, Any]:
    """S3's message about an object."""
    etag = function.s3.head_object(Bucket=BUCKET, Key=key)["ETag"].strip('"')
    return notification(BUCKET, {"key": key, "eTag": etag})


def notification(bucket: str, found: dict[str, Any]) -> dict[str, Any]:
    """S3's message."""
    s3 = {"bucket": {"name": bucket}, "object": found}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": s3}
    return {"Records": [record]}


@pytest.mark.usefixtures("slow")
def test_a_large_object_goes_on_through_a_queue(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """What S3 tells of is sent to its end, over as many invocations as it takes."""
    name, url = topic(), function.queue()
    key = function.store(b"\n".join(numbers(MANY)))
    function.set(S3_EVENT_TOPIC=name, CONTINUE_QUEUE_URL=url)
    function.body(produce(name, function.store(b"")))  # connects
    function(created(function, key), SHORT_MS)
    turns = 0
    while (event := function.batch(url, 1))["Records"]:
        function.settle(url, event, function(event, SHORT_MS))
        turns += 1
    assert turns > 0
    assert numbers(MANY) == list(dict.fromkeys(values(eyes, name)))


@pytest.mark.usefixtures("slow")
def test_without_a_queue_the_position_is_in_the_error(
    function: Function, topic: Callable[..., str]
) -> None:
    """Without a queue to go on with, the error has the position."""
    name = topic()
    key = function.store(b"\n".join(numbers(MANY)))
    function.set(S3_EVENT_TOPIC=name)
    function.body(produce(name, function.store(b"")))
    with pytest.raises(DeadlineExceeded, match=r'CONTINUE_QUEUE_URL.*"resume": \{"record": \d+'):
        function(created(function, key), SHORT_MS)


# SQS calls


def send(function: Function, url: str, bodies: Sequence[str], groups: str = "") -> None:
    """Put messages into a queue."""
    for i, body in enumerate(bodies):
        fields = {"MessageGroupId": groups[i], "MessageDeduplicationId": str(i)} if groups else {}
        function.sqs.send_message(QueueUrl=url, MessageBody=body, **fields)


def test_a_queue_is_worked_off(function: Function, eyes: Eyes, topic: Callable[..., str]) -> None:
    """Messages become records; one that is none comes again and nothing else does."""
    name, url = topic(), function.queue()
    function.set(SQS_TOPIC=name, SQS_PARTIAL_RESPONSE="true")
    send(function, url, ['{"value": "a"}', "oops", '{"key": "k", "value": null}'])
    event = function.batch(url)
    function.settle(url, event, function(event))
    assert {b"a", None} == set(values(eyes, name))
    again: list[str] = []
    while not again:
        again = [record["body"] for record in function.batch(url)["Records"]]
    assert ["oops"] == again


def test_a_fifo_queue_keeps_its_order(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """The order of each group is Kafka's, and behind a failure nothing overtakes."""
    name, url = topic(3), function.queue(fifo=True)
    function.set(SQS_TOPIC=name, SQS_BODY="value", SQS_PARTIAL_RESPONSE="true")
    groups = "abcabcabca"
    send(function, url, [str(i) for i in range(10)], groups)
    event = function.batch(url)
    assert {"batchItemFailures": []} == function(event)
    found = [
        (message.key(), int(message.value() or b""))
        for partition in range(3)
        for message in eyes.records(name, partition)
    ]
    for group in "abc":
        expected = [i for i in range(10) if groups[i] == group]
        assert expected == [number for key, number in found if key == group.encode()]


def test_a_broker_that_refuses_holds_up_only_the_group(
    function: Function, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """A message that the cluster refuses holds up its group; the others are in the log."""
    name, url = topic(config={"max.message.bytes": "2000"}), function.queue(fifo=True)
    function.set(SQS_TOPIC=name, SQS_BODY="value", SQS_PARTIAL_RESPONSE="true")
    large = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000))
    send(function, url, ["0", large, "2", "3", "4"], "aabab")
    event = function.batch(url)
    answer = function(event)
    failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
    assert {large, "3"} == {r["body"] for r in event["Records"] if r["messageId"] in failed}
    assert {b"0", b"2", b"4"} == set(values(eyes, name))
    function.set(SQS_PARTIAL_RESPONSE="false")
    with pytest.raises(PartialFailure):
        function(event)


def test_a_topic_that_takes_no_such_record(function: Function, topic: Callable[..., str]) -> None:
    """What a compacted topic refuses is told for each message."""
    name, url = topic(config={"cleanup.policy": "compact"}), function.queue()
    function.set(SQS_TOPIC=name, SQS_PARTIAL_RESPONSE="true")
    send(function, url, ['{"key": "k", "value": "a"}', '{"value": "no key"}'])
    event = function.batch(url)
    (failed,) = function(event)["batchItemFailures"]
    (bad,) = (r for r in event["Records"] if r["messageId"] == failed["itemIdentifier"])
    assert '{"value": "no key"}' == bad["body"]
    event["Records"] = [bad]
    with pytest.raises(InvalidRequest):
        function(event)
