"""Batches of a mapping are read into records, whatever Lambda and the records' writers put in."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.batch import Batch, is_batch, parse
from msk_client.errors import InvalidRequest
from msk_client.records import Record, to_json

ARN = "arn:aws:kafka:eu-west-1:123456789012:cluster/demo/5c6f2a1e-7d3b-4e0a-9b52-0d1f6c8e4a37-2"


def b64(raw: bytes) -> str:
    """Encode as the event does."""
    return base64.b64encode(raw).decode()


def written(offset: Any = 0, topic: Any = "orders", partition: Any = 0, **fields: Any) -> Any:  # noqa: ANN401 - any JSON
    """Make a record as the event has it."""
    return {
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "timestamp": 1_700_000_000_000,
        "timestampType": "CREATE_TIME",
        "headers": [],
    } | fields


def event(records: dict[str, list[Any]], **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make an event of MSK's mapping."""
    return {
        "eventSource": "aws:kafka",
        "eventSourceArn": ARN,
        "bootstrapServers": "b-1.demo:9098, b-2.demo:9098",
        "records": records,
    } | fields


def one(**fields: Any) -> Record:  # noqa: ANN401 - any JSON
    """Read a batch of this one record."""
    batch = parse(event({"orders-0": [written(**fields)]}))
    return batch.parts[0].records[0]


# Which events


@pytest.mark.parametrize("source", ["aws:kafka", "SelfManagedKafka"])
def test_batches_of_both_kinds_of_cluster_are_known(source: str) -> None:
    """MSK's and self-managed clusters' batches are told by `eventSource`."""
    assert is_batch({"eventSource": source, "records": {}})


@pytest.mark.parametrize(
    "other", [None, [], {"action": "ping"}, {"Records": []}, {"eventSource": "aws:sqs"}]
)
def test_other_events_are_not_batches(other: object) -> None:
    """Anything else is left to others."""
    assert not is_batch(other)


def test_a_self_managed_cluster_has_no_arn() -> None:
    """A batch without ARN is read like one with."""
    given = event({"orders-0": [written()]}, eventSource="SelfManagedKafka")
    del given["eventSourceArn"]
    batch = parse(given)
    assert (None, 1) == (batch.source_arn, batch.count)


def test_the_cluster_is_told() -> None:
    """ARN and bootstrap servers are kept."""
    batch = parse(event({"orders-0": [written()]}))
    assert (ARN, ("b-1.demo:9098", "b-2.demo:9098")) == (batch.source_arn, batch.bootstrap_servers)


def test_a_batch_may_be_empty() -> None:
    """No records, and partitions without records, are no error."""
    assert [] == parse(event({})).parts == parse(event({"orders-0": []})).parts


# Records


def test_a_record_is_read_whole() -> None:
    """Every field reaches the record."""
    expected = Record(
        topic="orders",
        partition=0,
        offset=41,
        timestamp_ms=1_700_000_000_000,
        timestamp_type="create",
        key=b"k1",
        value=b'{"id":1}',
        headers=[("trace", b"abc")],
    )
    headers = [{"trace": [97, 98, 99]}]
    assert expected == one(offset=41, key=b64(b"k1"), value=b64(b'{"id":1}'), headers=headers)


@pytest.mark.parametrize("field", ["key", "value"])
def test_null_and_absent_are_null(field: str) -> None:
    """A tombstone's value is null or absent, and so is a key that isn't there."""
    assert None is getattr(one(), field) is getattr(one(**{field: None}), field)


@pytest.mark.parametrize("field", ["key", "value"])
def test_empty_is_not_null(field: str) -> None:
    """An empty value is no tombstone."""
    assert b"" == getattr(one(**{field: ""}), field)


@given(st.binary())
def test_binary_values_are_kept(raw: bytes) -> None:
    """Any bytes come through."""
    assert raw == one(value=b64(raw)).value


@given(st.binary())
def test_header_bytes_may_be_signed(raw: bytes) -> None:
    """Bytes as Java's signed numbers and as unsigned ones are the same bytes."""
    signed = [byte - 256 if byte > 127 else byte for byte in raw]
    read = one(headers=[{"signed": signed}, {"unsigned": list(raw)}]).headers
    assert [("signed", raw), ("unsigned", raw)] == read


def test_repeated_headers_keep_their_order() -> None:
    """Headers of the same name all stay, in order, null and empty ones too."""
    headers = [{"a": [1]}, {"b": [2]}, {"a": [3]}, {"a": None}, {"a": []}]
    expected = [("a", b"\1"), ("b", b"\2"), ("a", b"\3"), ("a", None), ("a", b"")]
    assert expected == one(headers=headers).headers


@pytest.mark.parametrize(
    ("name", "expected"),
    [("CREATE_TIME", "create"), ("LOG_APPEND_TIME", "log_append"), ("NO_TIMESTAMP_TYPE", None)],
)
def test_timestamp_types_have_our_names(name: str, expected: str | None) -> None:
    """Kafka's names become those of the record shape."""
    assert expected == one(timestampType=name).timestamp_type


@pytest.mark.parametrize("given", [None, -1])
def test_a_record_may_have_no_timestamp(given: int | None) -> None:
    """Kafka's -1 is no time."""
    assert None is one(timestamp=given).timestamp_ms


def test_schema_metadata_is_kept() -> None:
    """What a schema registry says of key and value stays with the record and its JSON form."""
    schema = {"dataFormat": "AVRO", "schemaId": "1234"}
    record = one(keySchemaMetadata=schema, valueSchemaMetadata={"dataFormat": "JSON"})
    shown = to_json(record, "text")
    assert (schema, {"dataFormat": "JSON"}) == (shown["key_schema"], shown["value_schema"])


def test_several_partitions_come_apart() -> None:
    """Each partition is a part of its own, under the event's name for it."""
    records = {
        "orders-1": [written(7, partition=1)],
        "orders-0": [written(3), written(5)],
        "other-0": [written(0, topic="other")],
    }
    batch = parse(event(records))
    told = [(p.key, p.topic, p.partition, [r.offset for r in p.records]) for p in batch.parts]
    expected = [
        ("orders-1", "orders", 1, [7]),
        ("orders-0", "orders", 0, [3, 5]),
        ("other-0", "other", 0, [0]),
    ]
    assert (expected, 4) == (told, batch.count)


@pytest.mark.parametrize("topic", ["a-b", "a-1", "-", "1-1-1"])
def test_a_topic_may_hold_hyphens(topic: str) -> None:
    """Topic and partition are read from the record, never cut out of the map's key."""
    batch = parse(event({f"{topic}-2": [written(topic=topic, partition=2)]}))
    part = batch.parts[0]
    assert (topic, 2, f"{topic}-2") == (part.topic, part.partition, part.key)


def test_new_fields_are_no_error() -> None:
    """What AWS adds to events one day doesn't stop a mapping."""
    assert 1 == parse(event({"orders-0": [written(leaderEpoch=3)]}, region="eu-west-1")).count


# Broken ones


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"value": "no base64!"}, "its value is not base64"),
        ({"value": "aGk"}, "its value is not base64"),
        ({"value": "aGé="}, "its value is not base64"),
        ({"value": 5}, "its value is not base64"),
        ({"value": "\ud800"}, "its value is not base64"),
        ({"key": {}}, "its key is not base64"),
        ({"key": "?", "value": "?"}, "its key is not base64 and its value is not base64"),
        ({"headers": [{"a": [256]}]}, "its headers are not lists of bytes by name"),
        ({"headers": [{"a": 5}]}, "its headers are not lists of bytes by name"),
        ({"headers": [{"a": "text"}]}, "its headers are not lists of bytes by name"),
        ({"headers": {"a": [1]}}, "its headers are not lists of bytes by name"),
        ({"timestamp": "now"}, "its timestamp is no number of milliseconds"),
        ({"timestamp": 2**63}, "its timestamp is no number of milliseconds"),
        ({"timestampType": 1}, "its timestamp's type is no text"),
        ({"valueSchemaMetadata": "AVRO"}, "its value's schema is no object"),
    ],
)
def test_a_broken_record_keeps_its_place(fields: dict[str, Any], fault: str) -> None:
    """What can't be read of one record is said there; the others are read."""
    raw = [written(1), written(2, **fields), written(3)]
    (part,) = parse(event({"orders-0": raw})).parts
    assert [None, fault, None] == [record.error for record in part.records]
    assert ([1, 2, 3], raw) == ([record.offset for record in part.records], part.raw)


@pytest.mark.parametrize(
    ("records", "place"),
    [
        (None, "records is no object"),
        ([], "records is no object"),
        ({"orders-0": {"topic": "orders"}}, "records['orders-0'] is no list"),
        ({"orders-0": [None]}, "records['orders-0'][0] is no object"),
        ({"orders-0": [written(), "x"]}, "records['orders-0'][1] is no object"),
        ({"orders-0": [written(offset="\ud800")]}, "records['orders-0'][0].offset is missing"),
        ({"orders-0": [written(offset="1")]}, "records['orders-0'][0].offset is missing or can't"),
        ({"orders-0": [written(partition=None)]}, "records['orders-0'][0].partition is missing"),
        ({"orders-0": [written(topic=3)]}, "records['orders-0'][0].topic is missing"),
        ({"orders-0": [written(offset=True)]}, "records['orders-0'][0].offset is missing"),
        (
            {"orders-0": [written(), written(1, partition=1)]},
            "records['orders-0'][1] is of another",
        ),
        ({"orders-0": [written(), written(1, topic="b")]}, "records['orders-0'][1] is of another"),
        ({"orders-0": [written(4), written(4)]}, "records['orders-0'][1].offset is not above"),
        ({"orders-0": [written(-1)]}, "records['orders-0'][0].offset is missing or can't"),
        ({"orders-0": [written(2**63)]}, "records['orders-0'][0].offset is missing or can't"),
        ({"orders-0": [written(partition=-1)]}, "records['orders-0'][0].partition is missing"),
        ({"orders-0": [written(partition=2**31)]}, "records['orders-0'][0].partition is missing"),
        ({"orders-0": None}, "records['orders-0'] is no list"),
        ({"orders-0": {}}, "records['orders-0'] is no list"),
        ({"orders-0": ""}, "records['orders-0'] is no list"),
    ],
)
def test_a_broken_event_is_refused(records: Any, place: str) -> None:  # noqa: ANN401 - any JSON
    """An event in which a record can't be told by its coordinates is refused, with the place."""
    with pytest.raises(InvalidRequest) as caught:
        parse(event(records))
    assert place in str(caught.value)


@pytest.mark.parametrize("name", ["bootstrapServers", "eventSourceArn"])
def test_a_broken_cluster_is_refused(name: str) -> None:
    """A cluster that isn't named by text is refused."""
    with pytest.raises(InvalidRequest, match=name):
        parse(event({}, **{name: 5}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(JSON, st.sampled_from(["key", "value", "headers", "timestamp", "timestampType"]))
def test_no_record_breaks_the_reader(anything: object, field: str) -> None:
    """Whatever stands in a record's field, it is read or marked, and nothing else is raised."""
    record = one(**{field: anything})
    json.dumps(to_json(record, "text"))


@given(JSON)
def test_no_event_breaks_the_reader(records: object) -> None:
    """Whatever stands for the records is read or refused."""
    try:
        assert isinstance(parse(event({}) | {"records": records}), Batch)
    except InvalidRequest as refused:
        assert "broken" in str(refused)  # noqa: PT017 - both ends are right
