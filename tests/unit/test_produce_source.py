"""produce with `source`: what is sent of an object in S3, and where it goes on."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from msk_client.actions.sourcing import run
from msk_client.errors import (
    BrokerUnreachable,
    DeadlineExceeded,
    InvalidRequest,
    MskClientError,
    NotAuthorized,
    ObjectConflict,
    RecordTooLarge,
    StorageUnavailable,
    UnknownObject,
    UnknownTopic,
)
from tests.fake_kafka import MAX_VALUE_BYTES
from tests.fake_s3 import FakeObject, FakeS3
from tests.unit.invoking import KeptKafka, body, cluster, invoke, refusal

URI = "s3://my-bucket/in/orders.ndjson"


def stored(content: bytes, uri: str = URI, metadata: dict[str, str] | None = None) -> FakeS3:
    """Make an S3 that holds one object."""
    s3 = FakeS3()
    s3.objects[uri.removeprefix("s3://my-bucket/")] = FakeObject(
        content, {"Metadata": metadata or {}}
    )
    return s3


def event(**fields: object) -> dict[str, Any]:
    """Make a request."""
    return {"action": "produce", "topic": "orders", "source": URI} | fields


def numbers(count: int) -> bytes:
    """Lines of numbers."""
    return b"".join(b"%d\n" % i for i in range(count))


def values(kafka: KeptKafka, topic: str = "orders") -> list[bytes | None]:
    """What stands in a topic."""
    return [r.value for log in kafka.logs[topic] for r in log.records.values()]


def failure(kind: type[MskClientError], *arguments: Any, **named: Any) -> str:  # noqa: ANN401 - those of body
    """Answer the text of the error that a call ends with."""
    with pytest.raises(kind) as caught:
        body(*arguments, **named)
    return str(caught.value)


# What is sent


def test_an_object_is_sent() -> None:
    """Each line of the object is a record, and the answer says that all are delivered."""
    kafka = KeptKafka()
    answer = body(event(), kafka, s3=stored(numbers(10_000)))
    assert [b"%d" % i for i in range(10_000)] == values(kafka)
    assert {
        "topic": "orders",
        "topic_created": True,
        "num_partitions": 1,
        "source": URI,
        "source_format": "values",
        "produced": 10_000,
        "failed": 0,
        "complete": True,
        "results": [],
    } == answer


@pytest.mark.parametrize("key", ["a.ndjson.gz", "a", "a.ndjson", "A.GZ"])
def test_compression_is_seen(key: str) -> None:
    """Compressed content is told by its beginning, whatever it is called."""
    kafka = KeptKafka()
    uri = f"s3://my-bucket/{key}"
    content = gzip.compress(numbers(3)) + gzip.compress(b"more\n")
    body(event(source=uri), kafka, s3=stored(content, uri))
    assert [b"0", b"1", b"2", b"more"] == values(kafka)


def test_a_name_that_lies_is_refused() -> None:
    """An object that is named as compressed and isn't may be anything: nothing is sent."""
    kafka, uri = KeptKafka(), "s3://my-bucket/a.gz"
    assert "named .gz" in failure(
        InvalidRequest, event(source=uri), kafka, s3=stored(numbers(1), uri)
    )
    assert [] == values(kafka)


def test_damaged_content_says_where() -> None:
    """Content that ends early is sent up to there, and the error says where to go on."""
    kafka = KeptKafka()
    content = gzip.compress(numbers(400_000))[:-20]
    told = failure(InvalidRequest, event(), kafka, s3=stored(content))
    sent = len(values(kafka))
    assert "damaged" in told
    assert f'"record": {sent}' in told
    assert 0 < sent < 400_000


def test_csv_is_told_by_the_name() -> None:
    """Rows of CSV are objects, with a key where a column is named for it."""
    kafka, uri = KeptKafka(), "s3://my-bucket/a.csv"
    s3 = stored(b"id,name\n1,a\n2,b\n", uri)
    answer = body(event(source=uri, key_column="id"), kafka, s3=s3)
    assert ("csv", 2) == (answer["source_format"], answer["produced"])
    (log,) = kafka.logs["orders"]
    assert [(b"1", b'{"id":"1","name":"a"}'), (b"2", b'{"id":"2","name":"b"}')] == [
        (r.key, r.value) for r in log.records.values()
    ]


def test_what_was_drained_can_be_restored() -> None:
    """What this function wrote to S3 is read as what it is, into whichever topic."""
    kafka, s3 = cluster("rrr", "rr"), FakeS3()
    body({"action": "consume", "topic": "orders", "destination": "s3://my-bucket/x"}, kafka, s3=s3)
    kafka.add_topic("again", 2)
    for key in s3.objects:
        answer = body(event(topic="again", source=f"s3://my-bucket/{key}"), kafka, s3=s3)
        assert "records" == answer["source_format"]
    for before, after in zip(kafka.logs["orders"], kafka.logs["again"], strict=True):
        assert [(r.value, r.key, r.timestamp_ms, r.headers) for r in before.records.values()] == [
            (r.value, r.key, r.timestamp_ms, r.headers) for r in after.records.values()
        ]


def test_a_lake_goes_into_a_topic_with_fewer_partitions() -> None:
    """Records of a partition that the topic hasn't are refused, unless their keys may decide."""
    lines = [b'{"key":"k%d","value":"%d","partition":%d}' % (i, i, i % 3) for i in range(9)]
    kafka, s3 = KeptKafka(), stored(b"\n".join(lines))
    kafka.add_topic("orders", 2)
    request = event(source_format="records")
    told = failure(InvalidRequest, request, kafka, s3=s3)
    assert '"keep_partitions": false' in told
    assert [b"0", b"1"] == values(kafka)
    report = body(request | {"on_failure": "report"}, kafka, s3=s3)
    assert ([2, 5, 8], 6) == ([one["index"] for one in report["results"]], report["produced"])
    kafka.add_topic("again", 2)
    answer = body(request | {"keep_partitions": False, "topic": "again"}, kafka, s3=s3)
    assert (9, True) == (answer["produced"], answer["complete"])
    assert {b"%d" % i for i in range(9)} == set(values(kafka, "again"))
    kept = request | {"keep_partitions": True, "topic": "kept", "num_partitions": 3}
    body(kept, kafka, s3=s3)
    assert [3, 3, 3] == [len(log.records) for log in kafka.logs["kept"]]


RECORD = (
    b'{"topic":"a","partition":0,"offset":1,"timestamp":1700000000000,"key":null,"value":"v",'
    b'"headers":[]}'
)


def test_records_are_not_sent_as_values_unasked() -> None:
    """Lines that look like records aren't wrapped into values by mistake."""
    kafka, s3 = KeptKafka(), stored(RECORD + b"\n")
    assert "look like records" in failure(InvalidRequest, event(), kafka, s3=s3)
    assert 1 == body(event(source_format="records"), kafka, s3=s3)["produced"]
    assert 1 == body(event(source_format="values"), kafka, s3=s3)["produced"]
    assert [b"v", RECORD] == values(kafka)


@pytest.mark.parametrize(
    "line",
    [
        b'{"key":"0","value":{"id":0}}',
        b'{"headers":[],"value":null}',
        b'{"partition":0,"value":1,"timestamp":5}',
        b'{"value_base64":"AA=="}',
    ],
)
def test_nor_are_records_as_an_event_has_them(line: bytes) -> None:
    """Nor are lines that have a record's fields and no others."""
    kafka, s3 = KeptKafka(), stored(line + b"\n")
    assert '"source_format": "records"' in failure(InvalidRequest, event(), kafka, s3=s3)
    assert [] == values(kafka)
    assert 1 == body(event(source_format="values"), kafka, s3=s3)["produced"]
    assert 1 == body(event(source_format="records"), kafka, s3=s3)["produced"]


@pytest.mark.parametrize(
    "line",
    [
        b'{"key":"0","value":1,"unit":"C"}',
        b'{"timestamp":5,"value":1}',
        b'{"id":5,"value":1}',
        b'{"value":1}',
        b'{"key":"0"}',
        b'["key","value"]',
    ],
)
def test_other_objects_are_values(line: bytes) -> None:
    """Lines that have fields of their own, or none that tells a record, are values."""
    kafka = KeptKafka()
    body(event(), kafka, s3=stored(line))
    assert [line] == values(kafka)


ZIP = b"PK\x03\x04\x14\x00\x00\x00\x08\x00"
TAR = b"a.ndjson".ljust(257, b"\0") + b"ustar\x0000"
FOREIGN = [
    (ZIP, "zip"),
    (b"BZh91AY&SY\x8a", "bzip2"),
    (b"\xfd7zXZ\x00\x00\x04", "xz"),
    (b"\x04\x22\x4d\x18\x64", "lz4"),
    (b"7z\xbc\xaf\x27\x1c\x00", "7z"),
    (TAR, "tar"),
    (gzip.compress(TAR), "tar"),
    (b"PAR1\x15\x04\x15", "Parquet"),
    (b"Obj\x01\x04\x16avro.schema", "Avro"),
    (b"ORC\n\x1d\x00", "ORC"),
    ("id\n1\n".encode("utf-16"), "UTF-16"),
    (b'[\n  {\n    "id": 0\n  }\n]\n', "no value in JSON"),
    (b'{\r\n  "id": 0\r\n}\r\n', "no value in JSON"),
]


@pytest.mark.parametrize(("content", "told"), FOREIGN)
def test_what_is_surely_no_lines_is_refused(content: bytes, told: str) -> None:
    """Well-known formats, and JSON over several lines, aren't cut at bytes that are line feeds."""
    kafka, s3 = KeptKafka(), stored(content)
    assert told in failure(InvalidRequest, event(), kafka, s3=s3)
    failure(InvalidRequest, event(source_format="records"), kafka, s3=s3)
    assert [] == values(kafka)
    assert body(event(source_format="values"), kafka, s3=s3)["produced"]


@pytest.mark.parametrize("content", [ZIP, b"PAR1\x15\x04", b'{"id": 0}\n', b'{ "id":"a","b":1}\n'])
@pytest.mark.parametrize("name", ["a.csv", "a"])
def test_what_is_surely_no_csv_is_refused(content: bytes, name: str) -> None:
    """Nor is what has a name of CSV, or is said to be CSV, and isn't."""
    kafka, uri = KeptKafka(), f"s3://my-bucket/{name}"
    told = failure(
        InvalidRequest, event(source=uri, source_format="csv"), kafka, s3=stored(content, uri)
    )
    assert "can't be read as csv" in told
    assert [] == values(kafka)


@pytest.mark.parametrize(
    "line",
    [
        b"PARIS",
        b"PAR1,PAR2",
        b"ORCHESTRA",
        b"BZh9 is a name",
        b"PK",
        b"[",
        b"[1]",
        b"{}",
        b"7z",
        b"Obj",
    ],
)
def test_text_is_lines(line: bytes) -> None:
    """Text that begins like one of them is lines all the same."""
    kafka = KeptKafka()
    body(event(), kafka, s3=stored(line + b"\n"))
    assert [line] == values(kafka)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_asked_about(separator: str) -> None:
    """One column that looks like several is sent only where the caller says that it is CSV."""
    kafka, uri = KeptKafka(), "s3://my-bucket/a.csv"
    s3 = stored(f"id{separator}name\n1{separator}a\n".encode(), uri)
    assert "separate them by commas" in failure(InvalidRequest, event(source=uri), kafka, s3=s3)
    named = event(source=uri, source_format="csv")
    told = failure(InvalidRequest, named | {"key_column": "id"}, kafka, s3=s3)
    assert "separate them by commas" in told
    assert [] == values(kafka)
    assert 1 == body(named, kafka, s3=s3)["produced"]
    whole = named | {"key_column": f"id{separator}name"}
    assert 1 == body(whole, kafka, s3=s3)["produced"]


def test_content_without_records() -> None:
    """An empty object is sent completely, and an object that can't be read again is refused."""
    kafka = KeptKafka()
    answer = body(event(), kafka, s3=stored(b""))
    assert (0, True) == (answer["produced"], answer["complete"])
    metadata = {"schema-version": "1", "format": "bin.gz"}
    assert "'bin'" in failure(InvalidRequest, event(), kafka, s3=stored(b"", metadata=metadata))


def test_a_stamp_tells_repeats() -> None:
    """The stamp of a record is the same in every call over the same content."""
    kafka, s3 = KeptKafka(), stored(numbers(3))
    etag = s3.objects["in/orders.ndjson"].head.etag
    body(event(stamp=True), kafka, s3=s3)
    body(event(stamp=True, resume={"record": 1, "etag": etag}), kafka, s3=s3)
    stamps = [dict(r.headers)["x-source-record"] for r in kafka.logs["orders"][0].records.values()]
    plain = etag.strip('"')
    assert [f"{plain}:{n}".encode() for n in (0, 1, 2, 1, 2)] == stamps


# Going on


def test_when_the_time_is_up_it_says_where() -> None:
    """What doesn't fit into one call is sent by the next, by the position of the one before."""
    kafka, s3 = KeptKafka(), stored(numbers(30_000))
    positions: list[int] = []
    request = event()
    while True:
        kafka.over_after = 8_192
        answer = body(request, kafka, s3=s3)
        if answer["complete"]:
            break
        positions.append(answer["position"]["record"])
        request = event(resume=answer["position"])
    assert [8_192, 16_384, 24_576] == positions
    assert [b"%d" % i for i in range(30_000)] == values(kafka)


def test_the_position_is_the_first_unacknowledged() -> None:
    """What was sent and not acknowledged in time comes again."""
    kafka, s3 = KeptKafka(), stored(numbers(10_000))
    kafka.unacknowledged = (100, DeadlineExceeded("The time ran out."))
    answer = body(event(), kafka, s3=s3)
    head = s3.objects["in/orders.ndjson"].head
    assert {"record": 9_900, "etag": head.etag, "version_id": None} == answer["position"]
    assert (9_900, False) == (answer["produced"], answer["complete"])


def test_no_progress_is_a_failure() -> None:
    """A call that gets nowhere fails: going on from where it began would have no end."""
    kafka = KeptKafka()
    kafka.over_after = 0
    failure(DeadlineExceeded, event(), kafka, s3=stored(numbers(9)))
    kafka = KeptKafka()
    kafka.unacknowledged = (9, DeadlineExceeded("The time ran out."))
    failure(DeadlineExceeded, event(), kafka, s3=stored(numbers(9)))


def test_a_failure_says_where() -> None:
    """A cluster that fails in the middle is raised as what it is, with the position."""
    kafka = KeptKafka()
    kafka.unacknowledged = (4, BrokerUnreachable("No way."))
    told = failure(BrokerUnreachable, event(), kafka, s3=stored(numbers(9)))
    assert 'No way. Go on with "resume": {"record": 5, "etag": ' in told


def test_s3_that_fails_in_the_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    """What came of S3 before it failed is sent, and the error says where to go on."""
    from msk_client.s3 import source  # noqa: PLC0415 - imports botocore

    kafka, problem = KeptKafka(), StorageUnavailable("S3 is down.")

    def blocks(_: object) -> Any:  # noqa: ANN401 - a generator
        yield numbers(5)
        raise problem

    monkeypatch.setattr(source.Content, "blocks", blocks)
    told = failure(StorageUnavailable, event(), kafka, s3=stored(numbers(9)))
    assert '"record": 5' in told
    assert [b"%d" % i for i in range(5)] == values(kafka)


def test_a_position_behind_the_end_is_refused() -> None:
    """A position that the object doesn't have is no success."""
    s3 = stored(numbers(3))
    resume = {"record": 4, "etag": s3.objects["in/orders.ndjson"].head.etag}
    assert "no record 4" in failure(InvalidRequest, event(resume=resume), s3=s3)


def test_another_object_is_not_the_rest() -> None:
    """An object that was written anew isn't taken for the one that was begun."""
    resume = {"record": 1, "etag": '"another"'}
    kafka = KeptKafka()
    told = failure(ObjectConflict, event(resume=resume), kafka, s3=stored(numbers(9)))
    assert 'without "resume"' in told
    assert {} == kafka.logs


# Records that are refused


def test_a_refused_record_ends_it() -> None:
    """The first record that is refused ends the call; the error names it and how to go on."""
    content = numbers(5) + b"x" * (MAX_VALUE_BYTES + 1) + b"\n" + numbers(3)
    told = failure(RecordTooLarge, event(), KeptKafka(), s3=stored(content))
    assert f"Record 5 of {URI} was refused" in told
    assert '"record": 6' in told


def test_refused_records_are_reported() -> None:
    """Asked to report, it goes on behind what is refused or can't be read, and lists it."""
    lines = [RECORD, b"oops", b'{"value": "a", "partition": 9}', b"[]", RECORD]
    kafka, s3 = KeptKafka(), stored(b"\n".join(lines))
    request = event(source_format="records", on_failure="report")
    answer = invoke(request, kafka, s3=s3)
    told = answer["body"]
    assert (207, 2, 3, True) == (
        answer["statusCode"], told["produced"], told["failed"], told["complete"],
    )  # fmt: skip
    assert [(1, "rejected"), (2, "rejected"), (3, "rejected")] == [
        (one["index"], one["status"]) for one in told["results"]
    ]
    assert [b"v", b"v"] == values(kafka)
    assert "results" not in body(request | {"results": "none"}, kafka, s3=s3)


def test_a_record_that_can_not_be_read_ends_it() -> None:
    """What stands before a bad line is delivered; then it is left out, or mended and sent."""
    kafka, s3 = KeptKafka(), stored(RECORD + b"\noops\n" + RECORD)
    told = failure(InvalidRequest, event(source_format="records"), kafka, s3=s3)
    assert "Record 1 is not JSON" in told
    assert "go on with record 1 (and the object's new ETag" in told
    assert [b"v"] == values(kafka)
    behind = json.loads(told.split('"resume": ')[1].split(";")[0])
    rest = body(event(source_format="records", resume=behind), kafka, s3=s3)
    assert (1, True) == (rest["produced"], rest["complete"])
    mended = stored(RECORD + b'\n{"value": "mended"}\n' + RECORD)
    resume = {"record": 1, "etag": mended.objects["in/orders.ndjson"].head.etag}
    body(event(source_format="records", resume=resume), kafka, s3=mended)
    assert [b"v", b"v", b"mended", b"v"] == values(kafka)


def test_a_bad_record_behind_unacknowledged_ones_is_not_next() -> None:
    """The error or position is of the first unacknowledged record, and leaves out none."""
    s3 = stored(b"\n".join([RECORD] * 3 + [b"oops", RECORD]))
    kafka = KeptKafka()
    kafka.unacknowledged = (2, BrokerUnreachable("No way."))
    told = failure(BrokerUnreachable, event(source_format="records"), kafka, s3=s3)
    assert 'No way. Go on with "resume": {"record": 1' in told
    kafka.unacknowledged = (2, DeadlineExceeded("The time ran out."))
    answer = body(event(source_format="records"), kafka, s3=s3)
    assert (1, False, 1) == (answer["produced"], answer["complete"], answer["position"]["record"])


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"id,name\n", {"key_column": "no"}),
        (b"id,id\n", {}),
        (b"id\n\xff\n", {}),
        (gzip.compress(b"id\n1\n")[:-9], {}),
        (b"id\n1\n", {"resume": {"record": 5}}),
    ],
)
def test_nothing_leads_nowhere(content: bytes, fields: dict[str, Any]) -> None:
    """Where nothing was sent, and the same would fail again, no such way is told."""
    s3 = stored(content)
    etag = s3.objects["in/orders.ndjson"].head.etag
    fields = (
        fields | {"resume": fields["resume"] | {"etag": etag}} if "resume" in fields else fields
    )
    told = failure(InvalidRequest, event(source_format="csv", **fields), s3=s3)
    assert "o on with" not in told.replace("no record 5 to go on with", "")


def test_content_that_breaks_off_is_gone_on_with_once_it_is_mended() -> None:
    """What was sent of it needn't be sent again: its records have the same numbers."""
    kafka, s3 = KeptKafka(), stored(b"id\n1\n\xff\n")
    told = failure(InvalidRequest, event(source_format="csv"), kafka, s3=s3)
    assert 'Once that is mended, go on with "resume": {"record": 1' in told
    mended = stored(b"id\n1\n2\n")
    resume = {"record": 1, "etag": mended.objects["in/orders.ndjson"].head.etag}
    body(event(source_format="csv", resume=resume), kafka, s3=mended)
    assert [b'{"id":"1"}', b'{"id":"2"}'] == values(kafka)


def test_a_broken_csv_can_not_go_on() -> None:
    """Behind what is no CSV nothing can be read, whatever is asked for."""
    uri = "s3://my-bucket/a.csv"
    s3 = stored(b'a\n1\n"2"x\n3\n', uri)
    assert "Record 1" in failure(InvalidRequest, event(source=uri, on_failure="report"), s3=s3)


def test_too_many_failures_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are kept up to a limit; behind them another call goes on."""
    monkeypatch.setattr(run, "MAX_FAILURES", 3)
    request = event(source_format="records", on_failure="report")
    answer = body(request, s3=stored(b"oops\n" * 5))
    assert (3, False, 3) == (answer["failed"], answer["complete"], answer["position"]["record"])


def test_numbers_are_those_of_the_object() -> None:
    """With records left out before, positions and failures have the object's own numbers."""
    lines = [b"oops", RECORD, b"oops", RECORD, b'{"value": "a", "partition": 9}', RECORD, RECORD]
    kafka, s3 = KeptKafka(), stored(b"\n".join(lines))
    kafka.unacknowledged = (1, DeadlineExceeded("The time ran out."))
    request = event(source_format="records", on_failure="report")
    answer = body(request, kafka, s3=s3)
    assert (6, 3) == (answer["position"]["record"], answer["produced"])
    assert [0, 2, 4] == [one["index"] for one in answer["results"]]
    kafka.unacknowledged = (0, None)
    rest = body(request | {"resume": answer["position"]}, kafka, s3=s3)
    assert (1, 0, True) == (rest["produced"], rest["failed"], rest["complete"])


# What is refused


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"records": []}, "'records' and 'source'"),
        ({"source": "/data/x.csv"}, "'source' is '/data/x.csv': give s3://bucket/key,"),
        ({"source": "s3://my-bucket"}, "no object"),
        ({"source": "s3://my-bucket/folder/"}, "no object"),
        ({"source": "s3://NOT/key"}, "'source'"),
        ({"source_format": "xml"}, "'source_format'"),
        ({"source_format": "values", "key_column": "id"}, "'key_column'"),
        ({"resume": {"record": -1, "etag": "x"}}, "'resume.record'"),
        ({"resume": {"record": 1}}, "'resume.etag'"),
        ({"resume": {"record": 1, "etag": "x", "version": "1"}}, "'resume.version'"),
    ],
)
def test_a_wrong_request_is_refused(fields: dict[str, Any], told: str) -> None:
    """What doesn't go together, or names no object, is refused before anything is asked."""
    assert told in refusal(event(**fields))


@pytest.mark.parametrize("name", ["source_format", "key_column", "keep_partitions", "resume"])
def test_fields_of_a_source_need_one(name: str) -> None:
    """Fields about an object are refused without one."""
    fields: dict[str, Any] = {
        "source_format": "csv", "key_column": "id", "resume": {"record": 1, "etag": "x"},
        "keep_partitions": False,
    }  # fmt: skip
    told = refusal({"action": "produce", "topic": "orders", name: fields[name]})
    assert name in told
    assert "'source'" in told


def test_a_key_column_needs_rows() -> None:
    """Lines of values have no columns."""
    assert "read as values" in failure(
        InvalidRequest, event(key_column="id"), s3=stored(numbers(1))
    )


def test_only_allowed_buckets() -> None:
    """ALLOWED_BUCKETS holds for what is read, too."""
    s3 = stored(numbers(1))
    assert 1 == body(event(), s3=s3, ALLOWED_BUCKETS="my-*")["produced"]
    told = failure(NotAuthorized, event(), s3=s3, ALLOWED_BUCKETS="other")
    assert "ALLOWED_BUCKETS" in told


def test_a_missing_object_makes_no_topic() -> None:
    """Where the object isn't there, the topic isn't made for it."""
    kafka = KeptKafka()
    failure(UnknownObject, event(), kafka, s3=FakeS3())
    assert {} == kafka.logs


def test_a_topic_is_made_only_where_it_may() -> None:
    """An object is sent to a topic that isn't there as records are."""
    failure(UnknownTopic, event(create_if_missing=False), KeptKafka(), s3=stored(numbers(1)))
    failure(UnknownTopic, event(), KeptKafka(), s3=stored(numbers(1)), ALLOWED_ACTIONS="produce")
    kafka = KeptKafka()
    body(event(num_partitions=3), kafka, s3=stored(numbers(1)))
    assert 3 == len(kafka.logs["orders"])
