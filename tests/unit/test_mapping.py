"""A mapping's batches through the handler: sinks, settings, answers, logs."""

from __future__ import annotations

import gzip
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from msk_client import settings_mapping
from msk_client.errors import (
    InvalidRequest,
    InvalidSetting,
    NotAuthorized,
    ObjectConflict,
    RecordTooLarge,
    StorageUnavailable,
    ThrottledOrBusy,
    UnfitRecord,
    UnknownTopic,
)
from msk_client.ports import Outcome, Produced
from tests.fake_s3 import FakeS3
from tests.fake_sqs import FakeSqs
from tests.unit.batches import ARN, BROKEN, SERVERS, batch_event
from tests.unit.invoking import KeptKafka, invoke, settings_of
from tests.unit.written import lines, log_of, metrics_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msk_client.deadline import Deadline
    from msk_client.records import Outgoing

TRIGGERS = Path(__file__).parents[2] / "events" / "triggers"
EXAMPLE = json.loads((TRIGGERS / "kafka_batch.json").read_bytes())
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters"
S3: Any = {"ESM_SINK": "s3", "OUTPUT_BUCKET": "my-bucket", "OUTPUT_PREFIX": "lake"}
PRODUCE: Any = {"ESM_SINK": "produce", "ESM_TARGET_TOPIC": "copies"}
PARTIAL: Any = {"ESM_PARTIAL_RESPONSE": "true"}
DEAD: Any = {"ESM_DEAD_LETTER": "s3://my-bucket/dead"}
CLUSTER_ARN = EXAMPLE["eventSourceArn"]


def target() -> KeptKafka:
    """A cluster with the topic that is produced to."""
    kafka = KeptKafka()
    kafka.add_topic("copies", 3)
    kafka.add_topic("orders", 3)
    return kafka


def read_lines(s3: FakeS3, key: str) -> list[Any]:
    """Read a compressed object's lines."""
    return [json.loads(line) for line in gzip.decompress(s3.objects[key].body).splitlines()]


def key_of(partition: int, start: int, topic: str = "orders") -> str:
    """Name an object."""
    return f"lake/{topic}/partition={partition}/{start:020}.ndjson.gz"


# Settings


def test_a_sink_has_to_be_set() -> None:
    """Without ESM_SINK a batch fails with an error that names it and what it can be."""
    with pytest.raises(InvalidSetting, match=r"ESM_SINK is not set.*s3 .*produce .*log "):
        invoke(batch_event({0: [b"v"]}))


@pytest.mark.parametrize("settings", [S3, {"ESM_SINK": "log"}], ids=["s3", "log"])
def test_no_cluster_is_needed(settings: Any) -> None:  # noqa: ANN401 - variables
    """A function that only takes batches in needs no KAFKA_ENDPOINT and asks no cluster."""
    kafka = KeptKafka()
    invoke(batch_event({0: [b"v"]}), kafka, KAFKA_ENDPOINT="", **settings)
    assert ([], 0) == (kafka.calls, kafka.invocations)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ESM_SINK", "s4"),
        ("ESM_PARTIAL_RESPONSE", "yes"),
        ("ESM_DECODE", "avro"),
        ("ESM_TARGET_TOPIC", "a/b"),
        ("ESM_DEAD_LETTER", "dead-letters"),
        ("ESM_DEAD_LETTER", "https://sqs.eu-west-1.amazonaws.com/dead"),
        ("ESM_DEAD_LETTER", "arn:aws:sqs:eu-west-1:123456789012:dead"),
    ],
)
def test_bad_settings_are_named(name: str, text: str) -> None:
    """A wrong value is refused with the variable's name and what it can be."""
    with pytest.raises(InvalidSetting, match=f"^{name} is {text!r}: give "):
        settings_of({name: text})


@pytest.mark.parametrize("name", settings_mapping.NAMES)
def test_settings_are_documented(name: str) -> None:
    """Each setting stands in the page on the pipeline, with what it is without."""
    page = (Path(__file__).parents[2] / "docs" / "pipeline.md").read_text()
    assert f"\n| `{name}` | " in page


def test_a_bad_dead_letter_bucket_is_named() -> None:
    """A bucket that can't be one is refused before anything is written."""
    s3 = FakeS3()
    with pytest.raises(InvalidSetting, match="ESM_DEAD_LETTER names the bucket 'X'"):
        invoke(batch_event({0: [b"v"]}), s3=s3, **S3, ESM_DEAD_LETTER="s3://X/dead")
    assert [] == s3.calls


def test_a_dead_letter_bucket_has_to_be_allowed() -> None:
    """ALLOWED_BUCKETS holds for dead letters too."""
    s3 = FakeS3()
    settings = DEAD | {"ESM_DEAD_LETTER": "s3://other-bucket/dead", "ALLOWED_BUCKETS": "my-*"}
    with pytest.raises(NotAuthorized, match="ALLOWED_BUCKETS does not allow bucket 'other-bucket'"):
        invoke(batch_event({0: [b"v"]}), s3=s3, **S3, **settings)
    assert [] == s3.calls


# log


def test_the_log_has_coordinates_and_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    """Each record is a line with its place and sizes, and none of its content."""
    answer = invoke(EXAMPLE, ESM_SINK="log")
    written = lines(capsys)
    shown = [line for line in written if line.get("message") == "record"]
    fields = ("topic", "partition", "offset", "key_size_bytes", "value_size_bytes", "num_headers")
    assert [
        ("my-orders", 0, 41, 2, 21, 3),
        ("my-orders", 0, 42, 2, None, 0),
        ("my-orders", 0, 44, None, 3, 0),
        ("my-orders", 2, 7, 2, 10, 0),
    ] == [tuple(line.get(name) for name in fields) for line in shown]
    assert "plain text" not in json.dumps(written)
    assert "tea" not in json.dumps(written)
    assert (200, 4) == (answer["statusCode"], answer["body"]["RecordsStored"])


@pytest.fixture
def debugging() -> Iterator[None]:
    """Log at DEBUG, as POWERTOOLS_LOG_LEVEL does."""
    invoke(batch_event({}), ESM_SINK="log")  # which sets the level
    log = logging.getLogger("msk_client.records")
    before = log.level
    log.setLevel(logging.DEBUG)
    yield
    log.setLevel(before)


@pytest.mark.usefixtures("debugging")
def test_the_log_has_values_at_debug(capsys: pytest.CaptureFixture[str]) -> None:
    """Content is logged only where somebody asked for DEBUG."""
    invoke(EXAMPLE, ESM_SINK="log")
    shown = [line for line in lines(capsys) if line.get("message") == "record"]
    assert shown[0]["record"]["value"] == '{"id":1,"item":"tea"}'


# s3


def test_each_partition_is_an_object() -> None:
    """An object is named by the batch's first offset in its partition, and has every field."""
    s3 = FakeS3()
    answer = invoke(EXAMPLE, s3=s3, **S3)
    assert {key_of(0, 41, "my-orders"), key_of(2, 7, "my-orders")} == set(s3.objects)
    first, tombstone, binary = read_lines(s3, key_of(0, 41, "my-orders"))
    assert [["trace", "abc"], ["blob", {"base64": "AAH/"}], ["trace", "d"]] == first["headers"]
    assert ('{"id":1,"item":"tea"}', "create", 1_700_000_000_041) == (
        first["value"],
        first["timestamp_type"],
        first["timestamp"],
    )
    assert (42, None, "AP8Q") == (tombstone["offset"], tombstone["value"], binary["value_base64"])
    metadata = s3.objects[key_of(0, 41, "my-orders")].headers["Metadata"]
    assert ("41", "45", "44", "3") == (
        metadata["start-offset"],
        metadata["next-offset"],
        metadata["last-offset"],
        metadata["count"],
    )
    assert {"RecordsStored": 4, "ObjectsWritten": 2, "ObjectsAdopted": 0}.items() <= (
        answer["body"].items()
    )


def test_schema_metadata_reaches_the_object() -> None:
    """What a schema registry said stays with the record."""
    s3 = FakeS3()
    event = json.loads((TRIGGERS / "kafka_batch_self_managed.json").read_bytes())
    invoke(event, s3=s3, **S3)
    (line,) = read_lines(s3, key_of(0, 15, "clicks"))
    assert {"dataFormat": "AVRO", "schemaId": "34"} == line["value_schema"]


def test_a_batch_that_comes_again_writes_nothing_twice() -> None:
    """The same batch finds its objects there."""
    s3 = FakeS3()
    event = batch_event({0: [b"a", b"b"], 1: [b"c"]})
    invoke(event, s3=s3, **S3)
    before = dict(s3.objects)
    answer = invoke(event, s3=s3, **S3)
    assert before == s3.objects
    assert (0, 2) == (answer["body"]["ObjectsWritten"], answer["body"]["ObjectsAdopted"])


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_a_batch_that_is_cut_anew_is_written_where_it_isnt_covered(length: int) -> None:
    """A longer batch goes on behind the object that is there, a shorter one finds itself in it."""
    s3 = FakeS3()
    values = [b"a", b"b", b"c", b"d"]
    invoke(batch_event({0: values[:2]}), s3=s3, **S3)
    invoke(batch_event({0: values[:length]}), s3=s3, **S3)
    expected = {key_of(0, 0)} | ({key_of(0, 2)} if length > 2 else set())
    assert expected == set(s3.objects)
    offsets = [line["offset"] for key in sorted(s3.objects) for line in read_lines(s3, key)]
    assert list(range(max(length, 2))) == offsets


def test_other_content_for_the_same_offsets_fails_loudly() -> None:
    """Nothing is written over."""
    s3 = FakeS3()
    invoke(batch_event({0: [b"a"]}), s3=s3, **S3)
    with pytest.raises(ObjectConflict, match="holds other content"):
        invoke(batch_event({0: [b"other"]}), s3=s3, **S3)


def test_a_partition_that_is_denied_doesnt_hold_up_the_others() -> None:
    """In partial mode only the partitions that failed come again, from their first offset."""
    s3 = FakeS3()
    s3.fail = lambda _, at: NotAuthorized("denied") if "partition=1" in at.key else None
    event = batch_event({0: [b"a"], 1: [b"b", b"c"], 2: [b"d"]}, first_offset=5)
    answer = invoke(event, s3=s3, **S3, **PARTIAL)
    assert {"batchItemFailures": [{"itemIdentifier": {"partition": "orders-1", "offset": 5}}]} == (
        answer
    )
    assert {key_of(0, 5), key_of(2, 5)} == set(s3.objects)


def test_a_failure_is_raised_where_lambda_would_ignore_an_answer() -> None:
    """Without partial responses the batch as a whole comes again, and the error says why."""
    s3 = FakeS3()
    s3.fail = lambda _, at: StorageUnavailable("503") if "partition=1" in at.key else None
    with pytest.raises(StorageUnavailable, match=r"orders-1 from offset 0.*whole batch again"):
        invoke(batch_event({0: [b"a"], 1: [b"b"]}), s3=s3, **S3)


def test_values_have_to_be_what_was_asked_for() -> None:
    """ESM_DECODE=json shows values parsed; one that isn't JSON fails the batch."""
    s3 = FakeS3()
    invoke(batch_event({0: [b'{"a": 1}', None]}), s3=s3, **S3, ESM_DECODE="json")
    assert [{"a": 1}, None] == [line["value"] for line in read_lines(s3, key_of(0, 0))]
    with pytest.raises(
        UnfitRecord, match="offset 7 of partition 0 of topic 'orders' can't be read"
    ):
        invoke(batch_event({0: [b"x"]}, first_offset=7), s3=s3, **S3, ESM_DECODE="json")


def test_a_record_that_fits_no_format_becomes_a_dead_letter() -> None:
    """A value with a line feed has no place in lines of values."""
    s3 = FakeS3()
    event = batch_event({0: [b"a", b"b\nb", b"c"]})
    answer = invoke(event, s3=s3, **S3, **DEAD, OUTPUT_FORMAT="raw")
    assert b"a\nc\n" == s3.objects["lake/orders/partition=0/00000000000000000000.raw"].body
    assert (2, 1) == (answer["body"]["RecordsStored"], answer["body"]["RecordsDeadLettered"])
    (letter,) = [json.loads(o.body) for k, o in s3.objects.items() if k.startswith("dead/")]
    assert ("UnfitRecord", 1, "b\nb") == (
        letter["error"],
        letter["record"]["offset"],
        letter["record"]["value"],
    )


def test_without_dead_letters_an_unfit_record_ends_the_object() -> None:
    """In partial mode what stands before it is stored, and the partition goes on there."""
    s3 = FakeS3()
    event = batch_event({0: [b"a", b"b\nb", b"c"]})
    answer = invoke(event, s3=s3, **S3, **PARTIAL, OUTPUT_FORMAT="raw")
    assert [{"itemIdentifier": {"partition": "orders-0", "offset": 1}}] == (
        answer["batchItemFailures"]
    )
    assert [b"a\n"] == [one.body for one in s3.objects.values()]


# Poison in every position

LENGTH = 3
EVERYWHERE = [(p, o) for p in range(3) for o in range(LENGTH)]
POISONED = [
    *({one} for one in EVERYWHERE),
    *({(p, o) for p in range(3)} for o in range(LENGTH)),
    *({(p, o) for o in range(LENGTH)} for p in range(3)),
    set(EVERYWHERE),
]
"""One anywhere; the first, middle or last of every partition; all of one; all of all."""

KINDS: dict[str, tuple[object, Any]] = {
    "broken": (BROKEN, {}),
    "not what was asked for": (b"{", {"ESM_DECODE": "json"}),
    "no place in the format": (b"1\n2", {"OUTPUT_FORMAT": "raw"}),
}


def poisoned(at: set[tuple[int, int]], kind: str) -> tuple[dict[str, Any], Any]:
    """Make a batch of three partitions, and the settings under which these records are poison."""
    poison, settings = KINDS[kind]
    parts = {p: [poison if (p, o) in at else b"%d" % o for o in range(LENGTH)] for p in range(3)}
    return batch_event(parts, first_offset=40), settings


def values_in(s3: FakeS3) -> dict[int, list[int]]:
    """Answer the values that stand in the lake, which are their positions, by partition."""
    found: dict[int, list[int]] = {}
    for key in sorted(key for key in s3.objects if key.startswith("lake/")):
        if key.endswith(".gz"):
            values = [line["value"] for line in read_lines(s3, key)]
        else:
            values = bytes(s3.objects[key].body).splitlines()
        partition = int(key.partition("partition=")[2].partition("/")[0])
        found.setdefault(partition, []).extend(map(int, values))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", [{}, PARTIAL], ids=["whole", "partial"])
@pytest.mark.parametrize("at", POISONED, ids=str)
def test_poison_anywhere_is_kept_aside(at: set[tuple[int, int]], mode: Any, kind: str) -> None:  # noqa: ANN401
    """Wherever poison stands, it is a dead letter, and the others are stored in their order."""
    event, settings = poisoned(at, kind)
    s3 = FakeS3()
    answer = invoke(event, s3=s3, **S3, **DEAD, **mode, **settings)
    assert [] == answer.get("batchItemFailures", [])
    good = {p: [o for o in range(LENGTH) if (p, o) not in at] for p in range(3)}
    assert {p: offsets for p, offsets in good.items() if offsets} == values_in(s3)
    letters = [
        json.loads(line)
        for key, one in s3.objects.items()
        if key.startswith("dead/")
        for line in bytes(one.body).splitlines()
    ]
    records = [letter.get("record") or letter["event_record"] for letter in letters]
    assert sorted(at) == sorted((one["partition"], one["offset"] - 40) for one in records)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", POISONED, ids=str)
def test_poison_anywhere_ends_its_partition(at: set[tuple[int, int]], kind: str) -> None:
    """Without dead letters each partition is stored up to its first poison, and goes on there."""
    event, settings = poisoned(at, kind)
    s3 = FakeS3()
    answer = invoke(event, s3=s3, **S3, **PARTIAL, **settings)
    ends = {p: min((o for q, o in at if p == q), default=LENGTH) for p in range(3)}
    items = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
    assert [
        {"partition": f"orders-{p}", "offset": 40 + end} for p, end in ends.items() if end < LENGTH
    ] == items
    assert {p: list(range(end)) for p, end in ends.items() if end} == values_in(s3)


@pytest.mark.parametrize("kind", ["broken", "not what was asked for"])
@pytest.mark.parametrize("at", POISONED, ids=str)
def test_poison_anywhere_fails_the_whole_batch(at: set[tuple[int, int]], kind: str) -> None:
    """Without dead letters and partial responses it is raised, and nothing is written."""
    event, settings = poisoned(at, kind)
    s3 = FakeS3()
    with pytest.raises(UnfitRecord, match=r"brings the whole batch again.*Set ESM_DEAD_LETTER"):
        invoke(event, s3=s3, **S3, **settings)
    assert {} == s3.objects


# Dead letters


def test_dead_letters_in_s3() -> None:
    """One object for each partition, with a line a record: reason, source, and the record."""
    s3 = FakeS3()
    event = batch_event({0: [b"a", BROKEN, BROKEN], 1: [BROKEN]}, first_offset=7)
    answer = invoke(event, s3=s3, **S3, **DEAD)
    assert {"RecordsStored": 1, "RecordsDeadLettered": 3, "RecordsFailed": 0}.items() <= (
        answer["body"].items()
    )
    dead = {key: one for key, one in s3.objects.items() if key.startswith("dead/")}
    first, other = sorted(dead)
    assert first.startswith("dead/orders/partition=0/00000000000000000008-")
    assert other.startswith("dead/orders/partition=1/00000000000000000007-")
    letters = [json.loads(line) for line in dead[first].body.splitlines()]
    assert letters[0] == {
        "dead_letter": 1,
        "error": "UnfitRecord",
        "reason": "The record at offset 8 of partition 0 of topic 'orders' can't be read: its value"
        " is not base64.",
        "event_source_arn": ARN,
        "bootstrap_servers": SERVERS,
        "event_record": event["records"]["orders-0"][1],
    }
    assert [8, 9] == [letter["event_record"]["offset"] for letter in letters]


def test_the_same_dead_letters_are_written_once() -> None:
    """A batch that comes again finds its letters there; other ones go beside them."""
    s3 = FakeS3()
    for values in ([b"a", BROKEN], [b"a", BROKEN], [b"a", BROKEN, BROKEN]):
        invoke(batch_event({0: values}), s3=s3, **S3, **DEAD)
    assert 2 == sum(key.startswith("dead/") for key in s3.objects)


def test_dead_letters_in_a_queue() -> None:
    """One message for each record, in ASCII, because SQS refuses some characters."""
    sqs = FakeSqs()
    event = batch_event({0: ["é\uffff".encode(), b"ok\xff"]})
    invoke(event, sqs=sqs, **S3, ESM_DEAD_LETTER=QUEUE, ESM_DECODE="json")
    bodies = sqs.messages[QUEUE]
    assert all(body.isascii() for body in bodies)
    assert ["é\uffff", None] == [json.loads(body)["record"].get("value") for body in bodies]


def test_dead_letters_in_a_fifo_queue() -> None:
    """The letters of a partition are a group, in their order."""
    sqs = FakeSqs()
    event = batch_event({0: [BROKEN, BROKEN], 1: [BROKEN]})
    invoke(event, sqs=sqs, **S3, ESM_DEAD_LETTER=f"{QUEUE}.fifo")
    kept = [json.loads(body)["event_record"] for body in sqs.messages[f"{QUEUE}.fifo"]]
    assert [(0, 0), (0, 1), (1, 0)] == [(one["partition"], one["offset"]) for one in kept]


def test_a_queue_that_isnt_there_fails_the_poison_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the queue as a whole can't be used, the other partitions go on."""
    sqs = FakeSqs()

    def refuse(*_: object) -> NoReturn:
        raise StorageUnavailable("SQS could not serve.")

    monkeypatch.setattr(sqs, "send", refuse)
    event = batch_event({0: [b"a", BROKEN], 1: [b"b"]})
    answer = invoke(event, sqs=sqs, **S3, **PARTIAL, ESM_DEAD_LETTER=QUEUE)
    item = {"itemIdentifier": {"partition": "orders-0", "offset": 1}}
    assert {"batchItemFailures": [item]} == answer


def test_a_dead_letter_that_a_queue_doesnt_take_fails() -> None:
    """What can't be kept comes again, and the error says what to do."""
    sqs = FakeSqs(fail=lambda _: RecordTooLarge("A message of 2000000 bytes is too large."))
    with pytest.raises(RecordTooLarge, match="can't be kept as a dead letter by ESM_DEAD_LETTER"):
        invoke(batch_event({0: [BROKEN]}), sqs=sqs, **S3, ESM_DEAD_LETTER=QUEUE)


# produce


def test_records_are_produced_as_they_are() -> None:
    """Key, value, headers and time stay; tombstones, binary values and repeated headers too."""
    kafka = target()
    answer = invoke(EXAMPLE, kafka, **PRODUCE)
    sent = [record for log in kafka.logs["copies"] for record in log.records.values()]
    assert [  # the first of each partition goes before the others
        (b"k1", b'{"id":1,"item":"tea"}', 1_700_000_000_041),
        (b"k2", b"plain text", 1_700_000_000_007),
        (b"k1", None, 1_700_000_000_042),
        (None, b"\x00\xff\x10", 1_700_000_000_044),
    ] == [(record.key, record.value, record.timestamp_ms) for record in sent]
    assert [("trace", b"abc"), ("blob", b"\x00\x01\xff"), ("trace", b"d")] == sent[0].headers
    assert 4 == answer["body"]["RecordsStored"]


ANSWERS = {
    b"rejected": Outcome("rejected", error=RecordTooLarge("too large")),
    b"not_delivered": Outcome("not_delivered", error=ThrottledOrBusy("busy")),
    b"unknown": Outcome("unknown", error=ThrottledOrBusy("lost")),
    b"denied": Outcome("rejected", error=NotAuthorized("may not")),
}


class Answering(KeptKafka):
    """A cluster that answers to a record what its value says, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.add_topic("copies", 3)
        self.sent: list[bytes | None] = []

    def produce(self, topic: str, records: Sequence[Outgoing], deadline: Deadline) -> Produced:
        """See the port."""
        answer = super().produce(topic, records, deadline)
        self.sent += [record.value for record in records]
        told = [
            ANSWERS.get(record.value or b"", one)
            for record, one in zip(records, answer.outcomes, strict=True)
        ]
        return Produced(answer.num_partitions, told)


@pytest.mark.parametrize("settings", [DEAD, {}], ids=["letters", "none"])
@pytest.mark.parametrize("status", [b"not_delivered", b"unknown", b"denied"])
def test_what_isnt_surely_produced_comes_again(status: bytes, settings: Any) -> None:  # noqa: ANN401
    """A record that may not be in the log comes again, and its partition with it; others don't."""
    event = batch_event({0: [b"a", status, b"c"], 1: [b"d"]})
    answer = invoke(event, Answering(), **PRODUCE, **PARTIAL, **settings)
    assert [{"itemIdentifier": {"partition": "orders-0", "offset": 1}}] == (
        answer["batchItemFailures"]
    )


@pytest.mark.parametrize("status", [b"not_delivered", b"rejected"])
def test_nothing_is_sent_behind_a_record_that_fails_again(status: bytes) -> None:
    """A batch that begins with what failed before sends nothing more of that partition."""
    kafka = Answering()
    event = batch_event({0: [status, b"b", b"c"], 1: [b"d", b"e"]}, first_offset=5)
    answer = invoke(event, kafka, **PRODUCE, **PARTIAL)
    assert [{"itemIdentifier": {"partition": "orders-0", "offset": 5}}] == (
        answer["batchItemFailures"]
    )
    assert [status, b"d", b"e"] == kafka.sent


@pytest.mark.parametrize("at", range(3))
def test_what_the_target_refuses_is_a_dead_letter(at: int) -> None:
    """A record that the topic never takes, such as one too large, is kept; the others are sent."""
    kafka, s3 = Answering(), FakeS3()
    values = [b"a", b"b", b"c"]
    values[at] = b"rejected"
    answer = invoke(batch_event({0: values}), kafka, s3=s3, **PRODUCE, **PARTIAL, **DEAD)
    assert {"batchItemFailures": []} == answer
    (letter,) = [json.loads(one.body) for one in s3.objects.values()]
    assert (at, "RecordTooLarge") == (letter["record"]["offset"], letter["error"])
    assert values == kafka.sent


def test_what_the_target_refuses_fails_without_dead_letters() -> None:
    """Without dead letters it is raised as what it is."""
    with pytest.raises(RecordTooLarge, match="orders-0 from offset 1"):
        invoke(batch_event({0: [b"a", b"rejected"]}), Answering(), **PRODUCE)


@pytest.mark.parametrize("name", ["a\0b", "\0"])
def test_what_the_client_would_change_isnt_sent(name: str) -> None:
    """Kafka's client would cut a header's name at a NUL: such a record is a dead letter."""
    kafka, s3 = Answering(), FakeS3()
    event = batch_event({0: [b"a", b"b", b"c"]})
    event["records"]["orders-0"][1]["headers"] = [{name: [1]}]
    answer = invoke(event, kafka, s3=s3, **PRODUCE, **DEAD)
    assert ([b"a", b"c"], 1) == (kafka.sent, answer["body"]["RecordsDeadLettered"])
    (letter,) = [json.loads(one.body) for one in s3.objects.values()]
    assert ("UnfitRecord", [[name, "\1"]]) == (letter["error"], letter["record"]["headers"])


def test_without_dead_letters_nothing_is_sent_behind_what_cant_be() -> None:
    """A record that the client can't send ends its partition."""
    kafka = Answering()
    event = batch_event({0: [b"a", b"b", b"c"]})
    event["records"]["orders-0"][1]["headers"] = [{"a\0b": [1]}]
    answer = invoke(event, kafka, **PRODUCE, **PARTIAL)
    assert [{"itemIdentifier": {"partition": "orders-0", "offset": 1}}] == (
        answer["batchItemFailures"]
    )
    assert [b"a"] == kafka.sent


def test_a_dead_letter_that_cant_be_kept_holds_back_what_is_behind() -> None:
    """Else each try would send the records behind it once more."""
    kafka, s3 = Answering(), FakeS3()
    s3.fail = lambda *_: NotAuthorized("denied")
    event = batch_event({0: [b"a", BROKEN, b"c"], 1: [b"d"]})
    answer = invoke(event, kafka, s3=s3, **PRODUCE, **PARTIAL, **DEAD)
    assert [{"itemIdentifier": {"partition": "orders-0", "offset": 1}}] == (
        answer["batchItemFailures"]
    )
    assert [b"a", b"d"] == kafka.sent
    with pytest.raises(NotAuthorized):
        invoke(event, kafka, s3=s3, **PRODUCE, **DEAD)
    assert [b"a", b"d"] == kafka.sent


def test_a_target_has_to_be_set() -> None:
    """ESM_SINK=produce without a topic names what is missing."""
    with pytest.raises(InvalidSetting, match="ESM_TARGET_TOPIC is not set"):
        invoke(batch_event({0: [b"a"]}), ESM_SINK="produce")


def test_a_target_has_to_be_allowed() -> None:
    """ALLOWED_TOPICS holds for the target too."""
    with pytest.raises(NotAuthorized, match="ALLOWED_TOPICS does not allow topic 'copies'"):
        invoke(batch_event({0: [b"a"]}), target(), **PRODUCE, ALLOWED_TOPICS="orders")


def test_a_target_has_to_exist() -> None:
    """A topic that isn't there fails the batch as a whole, with its setting, and is not made."""
    kafka = KeptKafka()
    with pytest.raises(UnknownTopic, match=r"^ESM_TARGET_TOPIC is 'copies'.* create it"):
        invoke(batch_event({0: [b"a"]}), kafka, **PRODUCE, **PARTIAL)
    assert "copies" not in kafka.logs


SERVERLESS = "boot-x.c2.kafka-serverless.eu-west-1.amazonaws.com"
PROVISIONED = "demo.a1b2c3.c2.kafka.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("endpoint", "servers", "same"),
    [
        (f"{SERVERLESS}:9098", f"{SERVERLESS}:9098", True),
        (f"{SERVERLESS}:9098", f"{SERVERLESS.upper()}:9098", True),
        (f"{SERVERLESS}:9098", f"boot-y{SERVERLESS[6:]}:9098", False),
        (f"b-1.{PROVISIONED}:9098", f"b-2.{PROVISIONED}:9096,b-3.{PROVISIONED}:9096", True),
        (f"b-1-public.{PROVISIONED}:9198", f"b-2.{PROVISIONED}:9098", True),
        (f"b-1.{PROVISIONED}:9098", f"b-1.other{PROVISIONED[4:]}:9098", False),
        (f"b-1.{PROVISIONED}:9098", f"b-3.iam.{PROVISIONED}:14003", True),
        (f"b-1.scram.{PROVISIONED}:14001", f"b-3.{PROVISIONED}:9096", True),
        (f"b-1.iam.{PROVISIONED}:14001", f"b-1.iam.other{PROVISIONED[4:]}:14001", False),
        (f"b-1.iam.{PROVISIONED[5:]}:9098", f"b-1.iam.iam.{PROVISIONED[5:]}:14001", True),
        ("localhost:9092", "localhost:9092", True),
        ("localhost:9092", "localhost:9096", True),
        ("own-1:9092", "own-2:9092", False),
        ("localhost:9092, other:9092", "other:9092", True),
        ("localhost:9092", "", True),
    ],
)
def test_a_loop_is_told_by_the_brokers(endpoint: str, servers: str, same: bool) -> None:  # noqa: FBT001 - a column
    """The own source topic on the same cluster is refused as target; on another it isn't."""
    kafka = target()
    kafka.endpoint = endpoint
    event = batch_event({0: [b"a"]}, bootstrapServers=servers)
    settings = PRODUCE | {"ESM_TARGET_TOPIC": "orders", "KAFKA_ENDPOINT": endpoint}
    if not same:
        assert 1 == invoke(event, kafka, **settings)["body"]["RecordsStored"]
        return
    with pytest.raises(InvalidSetting, match="the topic that this batch comes from"):
        invoke(event, kafka, **settings)
    assert "produce" not in kafka.calls


@pytest.mark.parametrize(("arn", "same"), [(CLUSTER_ARN, True), (ARN, False)])
def test_a_loop_is_told_by_the_arn(arn: str, same: bool) -> None:  # noqa: FBT001 - a column
    """Two clusters' ARNs decide, whatever the brokers are called."""
    kafka = target()
    event = batch_event({0: [b"a"]}, eventSourceArn=arn, bootstrapServers=KeptKafka.endpoint)
    settings = PRODUCE | {"ESM_TARGET_TOPIC": "orders", "MSK_CLUSTER_ARN": CLUSTER_ARN}
    if same:
        with pytest.raises(InvalidSetting, match="every record would come back for ever"):
            invoke(event, kafka, **settings)
    else:
        assert 1 == invoke(event, kafka, **settings)["body"]["RecordsStored"]


# Answers


@pytest.mark.parametrize("event", [{"records": {}}, {"records": {"orders-0": []}}])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [(PARTIAL, {"batchItemFailures": []}), ({}, {"statusCode": 200})],
    ids=["partial", "whole"],
)
def test_an_empty_batch_is_a_success(
    event: dict[str, Any],
    settings: Any,  # noqa: ANN401 - variables
    expected: dict[str, Any],
) -> None:
    """Nothing to do is done."""
    answer = invoke({"eventSource": "aws:kafka"} | event, **S3, **settings)
    assert expected.items() <= answer.items()


@pytest.mark.parametrize("topic", ["my-topic-1", "1-0", "-"])
def test_a_partial_answer_names_partitions_as_the_event_does(topic: str) -> None:
    """A topic's hyphens don't matter: the event's own key is repeated."""
    event = batch_event({12: [BROKEN]}, first_offset=3, topic=topic)
    answer = invoke(event, **S3, **PARTIAL)
    item = {"itemIdentifier": {"partition": f"{topic}-12", "offset": 3}}
    assert [item] == answer["batchItemFailures"]


def test_a_broken_event_is_raised_in_either_mode() -> None:
    """An event that can't be read at all has nothing to be named in an answer."""
    with pytest.raises(InvalidRequest, match="The mapping's event is broken"):
        invoke({"eventSource": "aws:kafka", "records": 5}, **S3, **PARTIAL)


def test_nothing_is_counted_as_stored_that_isnt(capsys: pytest.CaptureFixture[str]) -> None:
    """A batch of which nothing was written, because all of it comes again, stores no record."""
    with pytest.raises(UnfitRecord):
        invoke(batch_event({0: [b"a", BROKEN], 1: [b"b"]}), **S3)
    metrics = metrics_of(
        next(line for line in lines(capsys) if "_aws" in line and "RecordsFailed" in line)
    )
    counts = {name: metrics[name][1] for name in ("RecordsStored", "RecordsFailed")}
    assert {"RecordsStored": 0, "RecordsFailed": 3} == counts


def test_a_batch_is_logged_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """The log line names the trigger, the topic, and what became of the records."""
    event = batch_event({0: [b"a", BROKEN, b"b"]})
    invoke(event, **S3, **PARTIAL)
    written = lines(capsys)
    (told,) = [line for line in written if line.get("message") == "partition comes again"]
    assert ("orders-0", 1) == (told["partition"], told["offset"])
    done = log_of([line for line in written if line is not told])
    expected = {"action": "kafka_batch", "topic": "orders", "RecordsReceived": 3}
    assert (expected | {"RecordsStored": 1, "RecordsFailed": 2}).items() <= done.items()
    metrics = metrics_of(next(line for line in written if "_aws" in line))
    assert ("Count", 2) == metrics["RecordsFailed"]


def test_ten_thousand_records() -> None:
    """The largest batch that Lambda makes is one invocation's work."""
    s3 = FakeS3()
    event = batch_event({p: [b"x" * 200] * 2_500 for p in range(4)})
    answer = invoke(event, s3=s3, **S3)
    assert (10_000, 4) == (answer["body"]["RecordsStored"], len(s3.objects))
    assert 10_000 == sum(len(read_lines(s3, key)) for key in s3.objects)


def test_ten_thousand_records_may_all_be_poison() -> None:
    """A writer that has changed its format spoils whole batches: all of one is kept."""
    s3 = FakeS3()
    event = batch_event({p: [b"no JSON"] * 2_500 for p in range(4)})
    answer = invoke(event, s3=s3, **S3, **DEAD, ESM_DECODE="json")
    assert (0, 10_000) == (answer["body"]["RecordsStored"], answer["body"]["RecordsDeadLettered"])
    assert 10_000 == sum(one.body.count(b"\n") for one in s3.objects.values())
