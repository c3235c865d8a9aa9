"""What was given up, in all its forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from msk_client.actions.replaying.letters import Gap, looks_like_one, read
from msk_client.batch import parse
from msk_client.errors import InvalidRequest, UnfitRecord
from msk_client.pipeline.letters import letter
from msk_client.records import Record
from tests.objects import OBJECTS

EVENTS = Path(__file__).parents[2] / "events" / "triggers"
BATCH: dict[str, Any] = json.loads((EVENTS / "kafka_batch.json").read_text())
RECORDS = [record for part in parse(BATCH).parts for record in part.records]

PLACE = {"topic": "orders", "partition": 0, "offset": 1}
ENDS = {"firstRecordOffset": "1", "lastRecordOffset": "2"}


def on_failure(payload: object = None, **info: object) -> dict[str, Any]:
    """Make what Lambda sends to an on-failure destination."""
    (text,) = (body for key, body in OBJECTS.items() if key.startswith("failed/"))
    found: dict[str, Any] = json.loads(text)
    found["payload"] = payload
    found["KafkaBatchInfo"] |= info
    return found


def fault(text: str | bytes) -> str:
    """Answer why something isn't one."""
    with pytest.raises(InvalidRequest) as caught:
        read(text, "the message")
    assert "the message" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("payload", [json.dumps(BATCH), BATCH])
def test_a_failed_batch_with_its_event(payload: object) -> None:
    """An object in S3 has the event as text, a record of a Kafka topic as an object."""
    found = read(json.dumps(on_failure(payload)), "x")
    assert (RECORDS, []) == (found.records, found.gaps)


def test_a_failed_batch_without_its_event() -> None:
    """A message of SQS tells which offsets are to be read again, and of which cluster."""
    found = read(json.dumps(on_failure()), "x")
    assert ([], [Gap("my-orders", 0, 41, 44), Gap("my-orders", 2, 7, 7)]) == (
        found.records, found.gaps,
    )  # fmt: skip
    assert found.cluster is not None
    assert BATCH["eventSourceArn"] == found.cluster.source_arn
    assert (BATCH["bootstrapServers"],) == found.cluster.bootstrap_servers


def test_what_sns_hands_on() -> None:
    """SNS wraps a message before a queue gets it."""
    wrapped = {"Type": "Notification", "MessageId": "1", "Message": json.dumps(on_failure())}
    assert read(json.dumps(on_failure()), "x") == read(json.dumps(wrapped), "x")


def test_our_own_letters() -> None:
    """Every record that this function gives up comes back with all it had."""
    batch = parse(BATCH)
    texts = [
        letter(batch, part, i, UnfitRecord("no")).text
        for part in batch.parts
        for i in range(len(part.records))
    ]
    expected = [
        Record(r.topic, r.partition, r.offset, r.timestamp_ms, None, r.key, r.value, r.headers)
        for r in RECORDS
    ]
    assert expected == read("\n".join(texts) + "\n", "x").records
    assert expected == [record for text in texts for record in read(text, "x").records]


def test_a_letter_of_the_beginning_of_time() -> None:
    """A timestamp of 0, which can't be sent, makes no letter unreadable."""
    record = {"topic": "t", "partition": 0, "offset": 1, "timestamp": 0, "value": "v"}
    (found,) = read(json.dumps({"dead_letter": 1, "record": record}), "x").records
    assert (None, b"v") == (found.timestamp_ms, found.value)


def test_a_broken_record_is_told() -> None:
    """A letter of a record that was broken in the event has its coordinates and no contents."""
    event = json.loads(json.dumps(BATCH))
    event["records"]["my-orders-2"][0]["value"] = "not base64!"
    batch = parse(event)
    ((part, i),) = [
        (part, i) for part in batch.parts for i, r in enumerate(part.records) if r.error
    ]
    (found,) = read(letter(batch, part, i, InvalidRequest("no")).text, "x").records
    assert ("my-orders", 2, 7, None) == (found.topic, found.partition, found.offset, found.value)
    assert "broken" in (found.error or "")


@pytest.mark.parametrize("key", [key for key in OBJECTS if key.startswith(("failed/", "dead/"))])
def test_the_event_files_objects(key: str) -> None:
    """The objects of the event files hold records."""
    assert read(OBJECTS[key], key).records


def test_an_empty_object_holds_nothing() -> None:
    """Nothing is nothing, and no fault."""
    assert [] == read(b"", "x").records == read("\n\n", "x").records


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("oops", "line 1"),
        (b"\xff", "UTF-8"),
        ("[1]", "no JSON object"),
        ("7", "no JSON object"),
        ("{}", "neither"),
        ('{"dead_letter": 1}', "neither record nor"),
        ('{"dead_letter": 1, "record": {"value": "a"}}', "no topic"),
        ('{"dead_letter": 1, "record": {"value": "a", "oops": 1}}', "oops"),
        ('{"dead_letter": 1, "event_record": {}}', "no topic"),
        (json.dumps(on_failure("{")), "payload"),
        (json.dumps(on_failure([1])), "payload"),
        (json.dumps(on_failure(recordsInfo=None)), "no offsets"),
        (json.dumps(on_failure(recordsInfo={"orders": {}})), "no offsets"),
        (json.dumps(on_failure(recordsInfo={"orders-x": {}})), "no offsets"),
        ('{"KafkaBatchInfo": 1}', "no offsets"),
        ('{"Type": "Notification", "Message": "oops"}', "line 1"),
        ('{"dead_letter": 1}\n{}', "line 1"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_letter_is_refused(text: str | bytes, told: str) -> None:
    """What holds nothing to replay is told why, and where it stands."""
    assert told in fault(text)


@pytest.mark.parametrize(("first", "last"), [("5", "4"), ("-1", "4"), ("x", "4"), (None, "4")])
def test_offsets_that_are_none(first: object, last: object) -> None:
    """A range that can't be is refused."""
    told = {"firstRecordOffset": first, "lastRecordOffset": last}
    assert "no offsets" in fault(json.dumps(on_failure(recordsInfo={"orders-0": told})))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (on_failure(eventSourceArn=5), "eventSourceArn"),
        (on_failure(BATCH | {"eventSource": None}), "no event of a mapping"),
        (on_failure({"records": {}}), "no event of a mapping"),
        (on_failure(BATCH | {"records": []}), "records is no object"),
        (on_failure(BATCH | {"records": {"x": [PLACE | {"topic": "\ud800"}]}}), "no topic's name"),
        (on_failure(recordsInfo={"\ud800-0": ENDS}), "no offsets"),
        ({"dead_letter": 1, "record": PLACE | {"topic": "a b", "value": "v"}}, "no topic"),
        ({"dead_letter": 1, "event_record": PLACE | {"topic": "\ud800"}}, "no topic"),
    ],
)
def test_what_somebody_else_has_put_there(found: object, told: str) -> None:
    """What only looks like a failed batch is told as such, and ends in no bug."""
    assert told in fault(json.dumps(found))


def test_what_looks_like_a_failed_batch() -> None:
    """In a topic, only what Lambda wrote is taken apart; anything else is a record itself."""
    assert looks_like_one(json.dumps(on_failure(BATCH)).encode())
    others = [None, b"", b"{}", b'["KafkaBatchInfo"]', b"\xff", b'{"a": {"KafkaBatchInfo": 1}}']
    assert not any(map(looks_like_one, others))
