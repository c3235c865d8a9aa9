"""Drains of topics with records that have no place in the format: each is a dead letter, once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from msk_client.actions.draining import chain, outbox
from msk_client.errors import (
    InvalidRequest,
    InvalidSetting,
    MskClientError,
    NotAuthorized,
    ObjectConflict,
    StorageUnavailable,
    UnfitRecord,
)
from tests.fake_s3 import FakeObject, FakeS3
from tests.unit.invoking import KeptKafka, body, invoke, invoke_set, outgoing

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.s3.keys import Place

DEAD = "s3://my-bucket/dead"
RAW = {"uri": "s3://my-bucket/lake", "format": "raw", "dead_letter": DEAD}
EXPORT: dict[str, Any] = {"action": "consume", "topic": "orders", "destination": RAW}
DRAIN = EXPORT | {"group": "lake"}
CSV = DRAIN | {
    "destination": RAW | {"format": "csv", "columns": ["offset", "value.id"]},
}
DAY_MS = 86_400_000


def topic(*drawings: str, poison: bytes = b"a\nb") -> KeptKafka:
    """Make a topic: `r` is a record whose value is its offset, `x` one that doesn't fit."""
    kafka = KeptKafka()
    for log, drawing in zip(kafka.add_topic("orders", len(drawings)), drawings, strict=True):
        for offset, sign in enumerate(drawing):
            if sign == ".":
                log.gap()
            else:
                value = b"%d" % offset if sign == "r" else poison
                log.append(outgoing(value, timestamp_ms=10**12 + offset, key=b"k%d" % offset))
    return kafka


def letters(s3: FakeS3) -> dict[tuple[int, int], dict[str, Any]]:
    """Answer what the dead letters say, by partition and offset."""
    found = {}
    for key, one in s3.objects.items():
        if key.startswith("dead/"):
            text = json.loads(one.body)
            shown = text["record"]
            place = f"dead/orders/partition={shown['partition']}/{shown['offset']:020}.ndjson"
            assert (key, one.body[-1:], one.body.count(b"\n")) == (place, b"\n", 1)
            found[shown["partition"], shown["offset"]] = text
    return found


def objects(s3: FakeS3) -> dict[str, bytes]:
    """Answer the objects' contents, by what follows the topic in their keys."""
    return {
        key.removeprefix("lake/orders/partition=").replace("0" * 19, ""): one.body
        for key, one in sorted(s3.objects.items())
        if key.startswith("lake/")
    }


def keys_put(s3: FakeS3) -> list[str]:
    """Answer the keys of what was put, in order."""
    return [call.removeprefix("put ") for call in s3.calls if call.startswith("put ")]


@pytest.mark.parametrize(
    ("drawing", "lines", "dead"),
    [
        ("xrr", b"1\n2\n", [0]),
        ("rxr", b"0\n2\n", [1]),
        ("rrx", b"0\n1\n", [2]),
        ("xrxxrx", b"1\n4\n", [0, 2, 3, 5]),
        ("xxx", b"", [0, 1, 2]),
        ("..x..r", b"5\n", [2]),
        ("r..x..", b"0\n", [3]),
    ],
)
@pytest.mark.parametrize("event", [DRAIN, EXPORT])
def test_poison_anywhere_holds_nothing_up(
    event: dict[str, Any], drawing: str, lines: bytes, dead: list[int]
) -> None:
    """First, in the middle, last or alone: it is a letter, the others one object, all is done."""
    kafka, s3 = topic(drawing), FakeS3()
    answer = body(event, kafka, s3=s3)
    assert objects(s3) == {"0/0.raw": lines}
    assert sorted(letters(s3)) == [(0, offset) for offset in dead]
    assert (answer["dead_letter_count"], answer["dead_letters"]) == (len(dead), {"0": len(dead)})
    assert (answer["drained"], answer["next"]["0"]) == (True, len(drawing))
    assert answer["count"] == drawing.count("r")
    if event is DRAIN:
        assert kafka.bookmarks["lake", "orders"] == {0: len(drawing)}
        again = body(event, kafka, s3=s3)
        assert (again["objects"], again["dead_letter_count"], again["dead_letters"]) == ([], 0, {})


def test_each_partition_has_its_own() -> None:
    """Poison of several partitions: counted by partition, those without aren't named."""
    kafka, s3 = topic("rx", "r", "xrx"), FakeS3()
    answer = body(DRAIN, kafka, s3=s3)
    assert answer["dead_letters"] == {"0": 1, "2": 2}
    assert answer["dead_letter_count"] == 3
    assert sorted(letters(s3)) == [(0, 1), (2, 0), (2, 2)]
    assert kafka.bookmarks["lake", "orders"] == {0: 2, 1: 1, 2: 3}


def test_a_letter_holds_all_of_the_record() -> None:
    """It says what the record is, why it has no place, and which cluster it comes from."""
    kafka, s3 = topic("rx"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    (one,) = letters(s3).values()
    assert one.pop("reason").startswith("The value at offset 1 of partition 0 of topic 'orders'")
    assert one == {
        "dead_letter": 1, "error": "UnfitRecord", "event_source_arn": None,
        "bootstrap_servers": kafka.endpoint,
        "record": {
            "topic": "orders", "partition": 0, "offset": 1, "timestamp": 10**12 + 1,
            "timestamp_type": "create", "key": "k1", "value": "a\nb", "headers": [],
        },
    }  # fmt: skip
    headers = s3.objects["dead/orders/partition=0/00000000000000000001.ndjson"].headers
    assert headers == {
        "ContentType": "application/x-ndjson",
        "Metadata": {"format": "dead-letters", "schema-version": "1", "topic": "orders"},
    }


@pytest.mark.parametrize("poison", [b"no JSON", b"\xff", b'{"id": "\\ud800"}', b"[" * 20_000])
def test_a_column_of_json_without_json(poison: bytes) -> None:
    """A value that has no place in a CSV's column is a letter; the row before and after stay."""
    kafka, s3 = topic("x", poison=poison), FakeS3()
    log = kafka.logs["orders"][0]
    log.append(outgoing(b'{"id": 7}'))
    log.append(outgoing(None))
    body(CSV, kafka, s3=s3)
    assert objects(s3) == {"0/0.csv": b"offset,value.id\n1,7\n2,\n"}
    assert sorted(letters(s3)) == [(0, 0)]


def test_letters_go_before_their_object() -> None:
    """What an object passes over is kept before it is written."""
    kafka, s3 = topic("rxrx"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    *before, last = keys_put(s3)
    assert sorted(before) == [
        "dead/orders/partition=0/00000000000000000001.ndjson",
        "dead/orders/partition=0/00000000000000000003.ndjson",
    ]
    assert last == "lake/orders/partition=0/00000000000000000000.raw"


def failing(
    where: str, problem: BaseException, times: int = 1_000
) -> Callable[[str, Place], MskClientError | None]:
    """Let calls of which `where` is part fail."""
    left = [problem] * times

    def fail(call: str, at: Place) -> MskClientError | None:
        if where in f"{call} {at}" and left:
            raise left.pop()
        return None

    return fail


class Killed(BaseException):
    """The run was killed."""


@pytest.mark.parametrize(
    "where",
    [
        "put s3://my-bucket/dead/orders/partition=0/00000000000000000001",
        "put s3://my-bucket/dead/orders/partition=0/00000000000000000003",
        "put s3://my-bucket/lake",
    ],
)
def test_a_run_that_is_killed_is_made_good(where: str) -> None:
    """Killed at a letter, or between letters and object, the next run ends with the same."""
    kafka, s3 = topic("rxrxr"), FakeS3()
    s3.fail = failing(where, Killed(), 1)
    with pytest.raises(Killed):
        invoke(DRAIN, kafka, s3=s3)
    assert objects(s3) == {}
    assert kafka.bookmarks["lake", "orders"] == {0: 0}
    first = letters(s3)
    answer = body(DRAIN, kafka, s3=s3)
    assert first.items() <= letters(s3).items()
    assert sorted(letters(s3)) == [(0, 1), (0, 3)]
    assert objects(s3) == {"0/0.raw": b"0\n2\n4\n"}
    assert answer["dead_letter_count"] == 2


@pytest.mark.parametrize("at", range(9))
def test_runs_that_overlap_write_each_once(at: int) -> None:
    """During any of a run's calls another does all of its work: one letter, one place for each."""
    kafka, s3 = topic("rxrxxr"), FakeS3()
    left = at

    def interfere(_: str, __: object) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            body(EXPORT, kafka, s3=s3)

    s3.fail = interfere
    answer = body(DRAIN | {"destination": RAW | {"object_bytes": 3}}, kafka, s3=s3)
    assert answer["drained"]
    assert b"".join(objects(s3).values()) == b"0\n2\n5\n"
    assert sorted(letters(s3)) == [(0, 1), (0, 3), (0, 4)]


def test_an_object_that_reaches_farther_is_adopted() -> None:
    """Poison at the end of what one run read is in the middle of what another stored."""
    kafka, s3 = topic("xrxxrx"), FakeS3()
    until = EXPORT | {"until": {"offsets": {"0": 4}}, "from": {"offsets": {"0": 0}}}
    body(until, kafka, s3=s3)
    assert objects(s3) == {"0/0.raw": b"1\n"}
    small = DRAIN | {"destination": RAW | {"object_bytes": 1}}
    answer = body(small, kafka, s3=s3)
    assert objects(s3) == {"0/0.raw": b"1\n", "0/4.raw": b"4\n", "0/5.raw": b""}
    assert (answer["count"], answer["adopted_count"], answer["drained"]) == (1, 1, True)
    assert kafka.bookmarks["lake", "orders"] == {0: 6}


def test_poison_alone_moves_the_bookmark() -> None:
    """A range in which nothing fits is an object without records, with which the chain goes on."""
    kafka, s3 = topic("xx"), FakeS3()
    answer = body(DRAIN, kafka, s3=s3)
    assert objects(s3) == {"0/0.raw": b""}
    (one,) = answer["objects"]
    told = {name: one[name] for name in ("start", "last", "next", "count", "adopted")}
    assert told == {"start": 0, "last": 1, "next": 2, "count": 0, "adopted": False}
    del kafka.bookmarks["lake", "orders"]
    kafka.logs["orders"][0].append(outgoing(b"2"))
    answer = body(DRAIN, kafka, s3=s3)
    assert [(o["start"], o["next"], o["adopted"]) for o in answer["objects"]] == [
        (0, 2, True), (2, 3, False),
    ]  # fmt: skip
    assert objects(s3) == {"0/0.raw": b"", "0/2.raw": b"2\n"}


def test_a_long_stretch_of_poison_is_got_over_bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """An object ends after so many letters: a run that is killed later has got that far."""
    monkeypatch.setattr(chain, "LETTERS_AN_OBJECT", 3)
    kafka, s3 = topic("x" * 7 + "r"), FakeS3()
    s3.fail = failing("put s3://my-bucket/dead/orders/partition=0/00000000000000000006", Killed())
    with pytest.raises(Killed):
        invoke(DRAIN, kafka, s3=s3)
    s3.fail = lambda *_: None
    assert list(objects(s3)) == ["0/0.raw", "0/3.raw"]
    s3.calls.clear()
    body(DRAIN | {"destination": RAW}, kafka, s3=s3)
    assert objects(s3) == {"0/0.raw": b"", "0/3.raw": b"", "0/6.raw": b"7\n"}
    assert len(letters(s3)) == 7


def test_no_more_letters_wait_than_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading waits for the first letter where many are on their way."""
    monkeypatch.setattr(outbox, "AT_ONCE", 2)
    kafka, s3 = topic("x" * 50), FakeS3()
    waiting: list[int] = []
    send = outbox.Outbox.send

    def watched(self: outbox.Outbox, *arguments: Any) -> MskClientError | None:  # noqa: ANN401
        problem = send(self, *arguments)
        waiting.append(self.memory_bytes)
        return problem

    monkeypatch.setattr(outbox.Outbox, "send", watched)
    body(DRAIN, kafka, s3=s3)
    assert len(waiting) == 50
    assert max(waiting) <= 2 * len(b"k10a\nb")
    assert len(letters(s3)) == 50


@pytest.mark.parametrize("kind", [NotAuthorized, StorageUnavailable])
def test_a_letter_that_can_not_be_kept_ends_its_partition(kind: type[MskClientError]) -> None:
    """What is before the record is stored, nothing behind it is; other partitions go on."""
    kafka, s3 = topic("rrxrxr", "rxr"), FakeS3()
    at = "my-bucket/dead/orders/partition=0/00000000000000000002"
    s3.fail = failing(at, kind("S3 refused s3:PutObject on it."))
    with pytest.raises(kind) as caught:
        invoke(DRAIN, kafka, s3=s3)
    told = str(caught.value)
    assert told.startswith(
        "The record at offset 2 of partition 0 of topic 'orders' is a dead letter that can't be"
        f" kept as s3://{at}.ndjson: S3 refused s3:PutObject on it. It is one because: The value"
    )
    assert told.endswith("Stored all the same: partition 0 up to 2, 1 up to 3. The next run goes"
                         " on there.")  # fmt: skip
    assert objects(s3) == {"0/0.raw": b"0\n1\n", "1/0.raw": b"0\n2\n"}
    assert kafka.bookmarks["lake", "orders"] == {0: 2, 1: 3}
    s3.fail = lambda *_: None
    assert body(DRAIN, kafka, s3=s3)["drained"]
    assert objects(s3)["0/2.raw"] == b"3\n5\n"
    assert sorted(letters(s3)) == [(0, 2), (0, 4), (1, 1)]


def test_a_letter_that_can_not_be_kept_is_not_passed_by_adoption() -> None:
    """An object of another run that reaches behind the record isn't gone on behind."""
    kafka, s3 = topic("rrxrr", "r"), FakeS3()
    elsewhere = EXPORT | {"destination": RAW | {"dead_letter": "s3://my-bucket/other"}}
    body(elsewhere, kafka, s3=s3)
    s3.fail = failing("/dead/", NotAuthorized("no."))
    with pytest.raises(NotAuthorized, match="offset 2 of partition 0"):
        invoke(DRAIN, kafka, s3=s3)
    assert kafka.bookmarks["lake", "orders"] == {0: 0, 1: 1}
    s3.fail = lambda *_: None
    assert body(DRAIN, kafka, s3=s3)["adopted_count"] == 4
    assert sorted(letters(s3)) == [(0, 2)]


def test_a_first_letter_that_can_not_be_kept_stores_nothing() -> None:
    """Where the very first record is such, there is no object, and the bookmark stays."""
    kafka, s3 = topic("xrr"), FakeS3()
    s3.fail = failing("/dead/", NotAuthorized("no."))
    with pytest.raises(NotAuthorized):
        invoke(DRAIN, kafka, s3=s3)
    assert objects(s3) == {}
    assert kafka.bookmarks["lake", "orders"] == {0: 0}


def test_a_partition_whose_letters_fail_is_read_no_further() -> None:
    """It is found out while reading, not only at the end of an object."""
    kafka, s3 = topic("x" * 500, "r"), FakeS3()
    s3.fail = failing("/dead/", NotAuthorized("no."))
    with pytest.raises(NotAuthorized):
        invoke(DRAIN, kafka, s3=s3)
    assert len(keys_put(s3)) < 100
    assert kafka.bookmarks["lake", "orders"] == {0: 0, 1: 1}


@pytest.mark.parametrize(
    "there",
    [
        b"theirs",
        b"[" * 50_000,
        b'"text"',
        b'{"dead_letter": 1}',
        b'{"dead_letter": 1, "record": {"topic": "orders", "partition": 0, "offset": 1}}',
        b"\xff",
    ],
)
def test_something_else_in_a_letters_place_is_a_conflict(there: bytes) -> None:
    """Another record's letter, or no letter at all, is not taken for it, nor written over."""
    kafka, s3 = topic("rx"), FakeS3()
    key = "dead/orders/partition=0/00000000000000000001.ndjson"
    s3.objects[key] = FakeObject(there, {})
    with pytest.raises(ObjectConflict, match=f"{key}: something else is there already"):
        invoke(DRAIN, kafka, s3=s3)
    assert s3.objects[key].body == there
    assert kafka.bookmarks["lake", "orders"] == {0: 1}


def test_a_topic_made_anew_is_a_conflict() -> None:
    """The letter of an earlier topic's record is not taken for this one's."""
    kafka, s3 = topic("x"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    kafka.add_topic("orders")[0].append(outgoing(b"c\nd"))
    del kafka.bookmarks["lake", "orders"]
    with pytest.raises(ObjectConflict, match="an earlier topic of this name"):
        invoke(DRAIN | {"destination": RAW | {"uri": "s3://my-bucket/new"}}, kafka, s3=s3)


def test_a_letter_with_another_reason_is_the_same() -> None:
    """Who drains the same record into another format finds its letter, which stays."""
    kafka, s3 = topic("x"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    before = letters(s3)
    answer = body(CSV | {"group": "other"}, kafka, s3=s3)
    assert answer["dead_letter_count"] == 1
    assert letters(s3) == before


def test_a_letter_that_vanishes_is_written_again() -> None:
    """Deleted between the attempt to write it and the look at it, it is written."""
    kafka, s3 = topic("x"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    del kafka.bookmarks["lake", "orders"]

    def vanish(call: str, at: Place) -> None:
        if call == "open" and at.key.startswith("dead/"):
            s3.objects.pop(at.key, None)

    s3.fail = vanish
    body(DRAIN, kafka, s3=s3)
    assert sorted(letters(s3)) == [(0, 0)]


def test_a_bug_is_not_swallowed() -> None:
    """What is none of our classes comes up as it is."""
    kafka, s3 = topic("rx"), FakeS3()
    s3.fail = failing("/dead/", ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        invoke(DRAIN, kafka, s3=s3)


def test_replay_sends_what_was_given_up() -> None:
    """Letters below the prefix are read by replay, whole."""
    kafka, s3 = topic("rxx", "x", poison=b"\xff\n"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    kafka.add_topic("again")
    replay = {"action": "replay", "source": f"{DEAD}/", "topic": "again"}
    answer = body(replay, kafka, s3=s3)
    assert answer["complete"]
    sent = [
        (record.key, record.value, record.timestamp_ms, record.headers)
        for record in kafka.logs["again"][0].records.values()
    ]
    assert sent == [
        (b"k%d" % o, b"\xff\n", 10**12 + o, [("x-replayed-from", b"orders/%d/%d" % (p, o))])
        for p, o in ((0, 1), (0, 2), (1, 0))
    ]


def test_the_key_is_that_of_the_first_record_fit_or_not() -> None:
    """With the date in the key, a run that came less far makes the same key."""
    kafka, s3 = topic(""), FakeS3()
    log = kafka.logs["orders"][0]
    log.append(outgoing(b"a\nb", timestamp_ms=DAY_MS))
    log.append(outgoing(b"c", timestamp_ms=2 * DAY_MS))
    pattern = "{prefix}{date}/{topic}/{p}/{start}.raw"
    event = DRAIN | {"destination": RAW | {"pattern": pattern}}
    part = event | {"until": {"offsets": {"0": 1}}, "from": {"offsets": {"0": 0}}}
    del part["group"]
    body(part, kafka, s3=s3)
    answer = body(event, kafka, s3=s3)
    assert [(one["key"], one["adopted"]) for one in answer["objects"]] == [
        ("lake/1970-01-02/orders/0/0.raw", True), ("lake/1970-01-03/orders/0/1.raw", False),
    ]  # fmt: skip


# Settings and requests


SET = {"OUTPUT_BUCKET": "my-bucket", "OUTPUT_PREFIX": "lake", "OUTPUT_FORMAT": "raw"}


@pytest.mark.parametrize("destination", [True, "s3://my-bucket/lake", {"format": "raw"}])
def test_the_setting_is_the_default(destination: object) -> None:
    """OUTPUT_DEAD_LETTER holds for every destination that names no other."""
    kafka, s3 = topic("rx"), FakeS3()
    event = DRAIN | {"destination": destination}
    told = invoke_set(event, kafka, s3=s3, **(SET | {"OUTPUT_DEAD_LETTER": DEAD}))
    assert told["body"]["dead_letter_count"] == 1
    assert sorted(letters(s3)) == [(0, 1)]


def test_a_request_goes_over_the_setting() -> None:
    """What the event says holds."""
    kafka, s3 = topic("rx"), FakeS3()
    invoke_set(DRAIN, kafka, s3=s3, OUTPUT_DEAD_LETTER="s3://my-bucket/other")
    assert sorted(letters(s3)) == [(0, 1)]


def test_the_key_that_encrypts_objects_encrypts_letters() -> None:
    """They hold the same records."""
    kafka, s3 = topic("rx"), FakeS3()
    body(DRAIN | {"destination": RAW | {"kms_key_id": "alias/lake"}}, kafka, s3=s3)
    assert {one.headers["SSEKMSKeyId"] for one in s3.objects.values()} == {"alias/lake"}


@pytest.mark.parametrize(
    ("setting", "kind", "message"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/dead", InvalidSetting,
         "OUTPUT_DEAD_LETTER is 'https://sqs.eu-west-1.amazonaws.com/123456789012/dead': give"),
        ("s3://my-bucket/lake/", InvalidSetting,
         "OUTPUT_DEAD_LETTER is 's3://my-bucket/lake/', where the objects themselves go"),
        ("s3://secret/dead", NotAuthorized, "ALLOWED_BUCKETS does not allow bucket 'secret'"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_told(setting: str, kind: type[MskClientError], message: str) -> None:
    """It is refused before Kafka is asked."""
    kafka = topic("r")
    event = DRAIN | {"destination": {"uri": "s3://my-bucket/lake"}}
    environ = {"OUTPUT_DEAD_LETTER": setting, "ALLOWED_BUCKETS": "my-*"}
    with pytest.raises(kind) as caught:
        invoke_set(event, kafka, **environ)
    assert message in str(caught.value)
    assert kafka.calls == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("dead", "Field 'destination.dead_letter' is 'dead': give s3://bucket/prefix"),
        ("s3://my-bucket/lake", "Field 'destination.dead_letter' is 's3://my-bucket/lake', where"),
        ("", "destination.dead_letter"),
    ],
)
def test_a_wrong_request_is_told(given: str, message: str) -> None:
    """It is refused before Kafka is asked."""
    kafka = topic("r")
    with pytest.raises(InvalidRequest) as caught:
        invoke(DRAIN | {"destination": RAW | {"dead_letter": given}}, kafka)
    assert message in str(caught.value)
    assert kafka.calls == []


@pytest.mark.parametrize("group", ["lake", None], ids=["drain", "export"])
def test_without_dead_letters_the_failure_says_how_to_have_them(group: str | None) -> None:
    """All is as before, and the message names field and setting; an export has no next run."""
    kafka, s3 = topic("rxr"), FakeS3()
    event = DRAIN | {"destination": {"uri": "s3://my-bucket/lake", "format": "raw"}, "group": group}
    told = "'dead_letter', s3://bucket/prefix, or set OUTPUT_DEAD_"
    with pytest.raises(UnfitRecord, match=told) as caught:
        invoke(event, kafka, s3=s3)
    assert ("The next run goes on there." in str(caught.value)) == bool(group)
    assert kafka.bookmarks.get(("lake", "orders")) == ({0: 1} if group else None)
    kafka = topic("r")
    assert "dead_letters" not in body(event, kafka)


def test_metrics_count_the_letters(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where the run fails, and also those of a run that was killed and told nobody."""
    kafka, s3 = topic("rxrx", "r"), FakeS3()
    s3.fail = failing("put s3://my-bucket/lake/orders/partition=0", Killed(), 1)
    with pytest.raises(Killed):
        invoke(DRAIN, kafka, s3=s3)
    s3.fail = failing("put s3://my-bucket/lake/orders/partition=1", NotAuthorized("no."))
    capsys.readouterr()
    with pytest.raises(NotAuthorized):
        invoke(DRAIN, kafka, s3=s3)
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    assert [one["RecordsDeadLettered"] for one in lines if "level" in one] == [2]
