"""replay: what is sent again, what is left alone, and where it goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from msk_client.actions.replaying import run, units
from msk_client.errors import (
    DeadlineExceeded,
    InvalidRequest,
    MskClientError,
    NotAuthorized,
    OffsetOutOfRange,
    RecordTooLarge,
    StorageUnavailable,
    UnknownObject,
    UnknownTopic,
)
from tests.fake_kafka import MAX_VALUE_BYTES
from tests.fake_s3 import FakeObject, FakeS3
from tests.fake_sqs import FakeSqs
from tests.unit.invoking import Clock, KeptKafka, cluster, invoke_set, outgoing, refusal
from tests.unit.test_replay_letters import BATCH, RECORDS, on_failure

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from msk_client.deadline import Deadline
    from msk_client.ports import Event
    from msk_client.records import Outgoing, Record
    from msk_client.s3.keys import Place
    from msk_client.sqs.ports import Message

OBJECT = "s3://my-bucket/failed/316aa6d0-8154-4a1c-9af7-85d5f4a6bc81.json"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/failed"
SERVERS = {"KAFKA_ENDPOINT": BATCH["bootstrapServers"]}


def replay(
    source: object, kafka: KeptKafka, s3: FakeS3 | None = None, sqs: FakeSqs | None = None,
    /, **fields: object,
) -> dict[str, Any]:  # fmt: skip
    """Replay into topic `again`, or as the fields say; answers the body."""
    event = {"action": "replay", "source": source, "topic": "again"} | fields
    answer = invoke_set(event, kafka, s3=s3, sqs=sqs)
    assert answer["statusCode"] == (207 if answer["body"]["failed"] else 200)
    body: dict[str, Any] = answer["body"]
    return body


def failure(kind: type[MskClientError], *arguments: Any, **fields: object) -> str:  # noqa: ANN401 - those of replay
    """Answer the text of the error that a replay ends with."""
    with pytest.raises(kind) as caught:
        replay(*arguments, **fields)
    return str(caught.value)


def target(*more: str) -> KeptKafka:
    """Make a cluster with the target topic."""
    kafka = KeptKafka()
    for name in ("again", *more):
        kafka.add_topic(name)
    return kafka


def source_cluster() -> KeptKafka:
    """Make the cluster that the failed batch came from: offsets 0 to 50 of three partitions."""
    kafka = cluster("r" * 50, "", "r" * 10, topic="my-orders")
    kafka.endpoint = BATCH["bootstrapServers"]
    kafka.add_topic("again")
    return kafka


def records(kafka: KeptKafka, topic: str = "again") -> list[Record]:
    """What stands in a topic."""
    return [r for log in kafka.logs[topic] for r in log.records.values()]


def origins(kafka: KeptKafka, topic: str = "again") -> list[str]:
    """Where the records of a topic were replayed from."""
    return [(dict(r.headers)["x-replayed-from"] or b"").decode() for r in records(kafka, topic)]


def letter(offset: int, topic: str = "orders", **fields: object) -> str:
    """Write a dead letter of this function."""
    record = {"topic": topic, "partition": 0, "offset": offset, "value": str(offset)} | fields
    return json.dumps({"dead_letter": 1, "record": record})


def letters(*offsets: int) -> bytes:
    """Write an object of dead letters."""
    return "".join(f"{letter(offset)}\n" for offset in offsets).encode()


def ends(first: int, last: int) -> dict[str, int]:
    """How an answer tells a range."""
    return {"first_offset": first, "last_offset": last}


def timed(value: bytes | None) -> Outgoing:
    """Make a record to put into a log."""
    return outgoing(value, timestamp_ms=10**12)


def stored(**objects: bytes) -> FakeS3:
    """Make an S3 with objects below `dead/`."""
    s3 = FakeS3()
    for key, body in objects.items():
        s3.objects[f"dead/{key}"] = FakeObject(body, {})
    return s3


# What is sent


def test_a_failed_batch_of_s3() -> None:
    """Each record goes out with key, value, headers and timestamp, and where it came from."""
    kafka = target()
    body = replay(OBJECT, kafka, FakeS3.of_events())
    sent = records(kafka)
    assert [(r.key, r.value, r.timestamp_ms) for r in RECORDS] == [
        (r.key, r.value, r.timestamp_ms) for r in sent
    ]
    assert [r.headers for r in RECORDS] == [r.headers[:-1] for r in sent]
    assert ["my-orders/0/41", "my-orders/0/42", "my-orders/0/44", "my-orders/2/7"] == origins(kafka)
    assert {
        "source": OBJECT,
        "topic": "again",
        "dry_run": False,
        "found": 4,
        "left_out": 0,
        "replayed": 4,
        "failed": 0,
        "complete": True,
        "partitions": [
            {"topic": "my-orders", "partition": 0, "count": 3} | ends(41, 44),
            {"topic": "my-orders", "partition": 2, "count": 1} | ends(7, 7),
        ],
        "results": [],
    } == body


def test_all_letters_below_a_prefix() -> None:
    """A prefix stands for all objects below it."""
    kafka, s3 = target(), stored(a=letters(1, 2), b=letters(3), c=letters(4), d=b"")
    body = replay("s3://my-bucket/dead/", kafka, s3)
    assert (4, 4, True) == (body["found"], body["replayed"], body["complete"])
    assert ["orders/0/1", "orders/0/2", "orders/0/3", "orders/0/4"] == origins(kafka)


def test_a_queue_of_letters_is_emptied() -> None:
    """Messages of a queue are replayed, and deleted once their records are delivered."""
    kafka, sqs = target(), FakeSqs({QUEUE: [letter(i) for i in range(25)]})
    body = replay(QUEUE, kafka, None, sqs)
    assert (25, True) == (body["replayed"], body["complete"])
    assert 25 == len(sqs.deleted[QUEUE])
    assert [] == sqs.messages[QUEUE]


def test_what_is_only_told_of_is_read_again() -> None:
    """For a message without records, they are read from the topic by their offsets."""
    kafka, sqs = source_cluster(), FakeSqs({QUEUE: [json.dumps(on_failure())]})
    body = replay(QUEUE, kafka, None, sqs)
    expected = [*(f"my-orders/0/{i}" for i in range(41, 45)), "my-orders/2/7"]
    assert expected == origins(kafka)
    assert [b"41", b"42", b"43", b"44", b"7"] == [r.value for r in records(kafka)]
    assert (5, 1) == (body["replayed"], len(sqs.deleted[QUEUE]))


def test_what_retention_deleted_is_told() -> None:
    """Records that are gone meanwhile are told, the others are replayed."""
    kafka, sqs = source_cluster(), FakeSqs({QUEUE: [json.dumps(on_failure())]})
    kafka.logs["my-orders"][0].delete_before(43)
    body = replay(QUEUE, kafka, None, sqs)
    place = {"topic": "my-orders", "partition": 0}
    assert [place | {"from": 41, "to": 43}] == body["gone"]
    assert 3 == body["replayed"]
    kafka.logs["my-orders"][0].delete_before(50)
    sqs.messages[QUEUE] = [json.dumps(on_failure())]
    assert [place | {"from": 41, "to": 45}] == replay(QUEUE, kafka, None, sqs)["gone"]


def test_a_dead_letter_topic() -> None:
    """Records of a topic are replayed themselves; what Lambda wrote there is taken apart."""
    kafka = target("dead")
    (log,) = kafka.logs["dead"]
    for value in (b"plain", json.dumps(on_failure(BATCH)).encode(), None):
        log.append(timed(value))
    body = replay({"topic": "dead"}, kafka)
    assert ["dead/0/0", "my-orders/0/41"] == origins(kafka)[:2]
    assert ("dead", 6, True) == (body["source"], body["replayed"], body["complete"])
    assert None is records(kafka)[-1].value


def test_a_range_of_a_dead_letter_topic() -> None:
    """Of a topic a range is read, as consume reads it."""
    kafka = cluster("r" * 9, topic="dead")
    kafka.add_topic("again")
    source = {"topic": "dead", "from": {"offsets": {"0": 3}}, "until": {"offsets": {"0": 6}}}
    replay(source, kafka)
    assert ["dead/0/3", "dead/0/4", "dead/0/5"] == origins(kafka)


def test_each_to_its_own_topic() -> None:
    """Confirmed, and without a topic, records go back to where each came from."""
    kafka, s3 = target("a", "b"), FakeS3()
    body = "\n".join(letter(i, topic=name) for i, name in enumerate("abab"))
    s3.objects["x"] = FakeObject(body.encode(), {})
    answer = replay("s3://my-bucket/x", kafka, s3, topic="a", confirm=True)
    event = {"action": "replay", "source": "s3://my-bucket/x", "confirm": True}
    told = invoke_set(event, kafka, s3=s3)["body"]
    assert (4, 4, None) == (answer["replayed"], told["replayed"], told["topic"])
    assert ["b/0/1", "b/0/3"] == origins(kafka, "b")
    assert 6 == len(records(kafka, "a"))


def test_what_was_replayed_before_says_so() -> None:
    """A record that is replayed again keeps the mark of the first time."""
    kafka, s3 = target(), FakeS3()
    s3.objects["x"] = FakeObject(letter(1, headers=[["x-replayed-from", "a/0/1"]]).encode(), {})
    replay("s3://my-bucket/x", kafka, s3)
    assert [("x-replayed-from", b"a/0/1"), ("x-replayed-from", b"orders/0/1")] == (
        records(kafka)[0].headers
    )


# What is left out


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ({}, "41 42 44 7"),
        ({"partitions": [2]}, "7"),
        ({"partitions": []}, ""),
        ({"topics": ["my-orders"], "from_offset": 42}, "42 44"),
        ({"topics": ["orders"]}, ""),
        ({"from_offset": 7, "until_offset": 42}, "41 7"),
        ({"from_time": 1_700_000_000_042}, "42 44"),
        ({"until_time": "2023-11-14T22:13:20.041Z"}, "7"),
        ({"from_time": "-1h"}, ""),
        ({"until_time": "-1h", "from_offset": 44}, "44"),
    ],
)
def test_a_filter(only: dict[str, Any], expected: str) -> None:
    """Only records are sent that lie within all limits of where and when they stood."""
    kafka = target()
    body = replay(OBJECT, kafka, FakeS3.of_events(), only=only)
    assert expected.split() == [origin.rpartition("/")[2] for origin in origins(kafka)]
    assert (4, 4 - len(expected.split())) == (body["found"], body["left_out"])


def test_records_without_a_time_have_no_place_in_time() -> None:
    """A limit of time leaves out what has none."""
    kafka, s3 = target(), stored(a=letters(1))
    assert 1 == replay("s3://my-bucket/dead/a", kafka, s3, only={"from_time": "-1h"})["left_out"]
    assert 1 == replay("s3://my-bucket/dead/a", kafka, s3)["replayed"]


def test_a_dry_run_changes_nothing() -> None:
    """A dry run tells what would be sent, and sends and deletes nothing."""
    kafka, sqs = source_cluster(), FakeSqs({QUEUE: [json.dumps(on_failure()), letter(1)]})
    body = replay(QUEUE, kafka, None, sqs, dry_run=True)
    assert [] == records(kafka)
    assert ({}, 2) == (sqs.deleted, len(sqs.messages[QUEUE]))
    assert (6, 0, True) == (body["found"], body["replayed"], body["dry_run"])
    assert {"topic": "my-orders", "partition": 0, "count": 4} | ends(41, 44) == (
        body["partitions"][0]
    )
    assert "produce" not in kafka.calls


def test_what_is_left_out_stays_in_its_queue() -> None:
    """A message is deleted only when all that it holds was sent: what isn't wanted now is kept."""
    whole = json.dumps(on_failure())
    kafka, sqs = source_cluster(), FakeSqs({QUEUE: [letter(41), letter(7), whole]})
    body = replay(QUEUE, kafka, None, sqs, only={"from_offset": 41})
    assert (5, 2) == (body["replayed"], body["left_out"])
    assert ([letter(41)], [letter(7), whole]) == (sqs.deleted[QUEUE], sqs.messages[QUEUE])


# Loops


def test_back_to_where_it_came_from_needs_a_word() -> None:
    """Without confirmation nothing goes back into its own topic."""
    assert "confirm" in refusal({"action": "replay", "source": OBJECT})
    kafka = target("my-orders")
    told = failure(InvalidRequest, OBJECT, kafka, FakeS3.of_events(), topic="my-orders")
    assert "confirm" in told
    assert [] == records(kafka, "my-orders")
    replay(OBJECT, kafka, FakeS3.of_events(), topic="my-orders", confirm=True)
    assert 4 == len(records(kafka, "my-orders"))


def test_a_dry_run_needs_no_word() -> None:
    """A dry run sends nothing, so that it needs no confirmation; it tells whether sending does."""
    kafka, s3 = target("my-orders"), FakeS3.of_events()
    for fields, expected in (
        ({"topic": "my-orders"}, True),
        ({"topic": "my-orders", "confirm": True}, True),
        ({}, False),
    ):
        body = replay(OBJECT, kafka, s3, dry_run=True, **fields)
        assert (4, expected) == (body["found"], body["needs_confirm"])
    told = invoke_set({"action": "replay", "source": OBJECT, "dry_run": True}, kafka, s3=s3)["body"]
    assert (4, True, None) == (told["found"], told["needs_confirm"], told["topic"])
    assert "produce" not in kafka.calls
    assert "needs_confirm" not in replay(OBJECT, kafka, s3)


def test_nor_into_the_topic_that_is_read() -> None:
    """A dead-letter topic isn't replayed into itself, whatever is in it."""
    kafka = target("dead")
    kafka.logs["dead"][0].append(timed(json.dumps(on_failure(BATCH)).encode()))
    assert "confirm" in failure(InvalidRequest, {"topic": "dead"}, kafka, topic="dead")
    kafka.logs["dead"][0].append(timed(b"plain"))
    told = failure(InvalidRequest, {"topic": "dead"}, kafka, topic="dead")
    assert "confirm" in told
    assert "resume" not in told
    assert 2 == len(records(kafka, "dead"))


def test_nor_to_where_it_was_before() -> None:
    """A record that was replayed and given up once more doesn't go back to its first topic."""
    marked = letter(1, topic="retry", headers=[["x-replayed-from", "orders/0/1"]])
    kafka, s3 = target("orders"), stored(a=marked.encode())
    assert "confirm" in failure(InvalidRequest, "s3://my-bucket/dead/a", kafka, s3, topic="orders")
    replay("s3://my-bucket/dead/a", kafka, s3, topic="orders", confirm=True)
    assert 1 == len(records(kafka, "orders"))


# What fails


def test_a_record_that_is_refused() -> None:
    """What the cluster refuses is told with where it stood; its message stays in the queue."""
    large = letter(2, value="x" * (MAX_VALUE_BYTES + 1))
    kafka, sqs = target(), FakeSqs({QUEUE: [letter(1), large, letter(3)]})
    told = failure(RecordTooLarge, QUEUE, kafka, None, sqs)
    assert "offset 2 of partition 0 of topic 'orders'" in told
    assert ([letter(1), letter(3)], [large]) == (sqs.deleted[QUEUE], sqs.messages[QUEUE])


def test_failures_are_reported() -> None:
    """Asked to report, it goes on behind what fails, and lists it."""
    kafka = target()
    s3 = stored(a=letters(1), b=b"oops", c=letters(3))
    body = replay("s3://my-bucket/dead/", kafka, s3, on_failure="report")
    assert (2, 1, True) == (body["replayed"], body["failed"], body["complete"])
    (result,) = body["results"]
    assert (1, "InvalidRequest") == (result["index"], result["error"]["type"])
    assert "dead/b" in result["error"]["message"]


def test_a_failure_says_where_to_go_on() -> None:
    """What lies before the first failure is done; the error has the place to go on."""
    kafka = target()
    s3 = stored(a=letters(1), b=b"oops", c=letters(3))
    told = failure(InvalidRequest, "s3://my-bucket/dead/", kafka, s3)
    assert 'mended, go on with "resume": {"after": "dead/a"}' in told
    assert '"on_failure": "report"' in told
    assert ["orders/0/1"] == origins(kafka)
    body = replay("s3://my-bucket/dead/", kafka, s3, resume={"after": "dead/b"})
    assert 1 == body["replayed"]


def test_a_broken_letter_is_a_failure() -> None:
    """A record that was broken in its event can't be sent: it is told, and the others go on."""
    broken = {"topic": "orders", "partition": 0, "offset": 5, "value": "no base64!"}
    kafka = target()
    s3 = stored(a=json.dumps({"dead_letter": 1, "event_record": broken}).encode(), b=letters(6))
    body = replay("s3://my-bucket/dead/", kafka, s3, on_failure="report")
    assert (1, 1) == (body["replayed"], body["failed"])
    assert "offset 5" in body["results"][0]["error"]["message"]


def test_records_of_another_cluster_are_not_read_here() -> None:
    """The same offsets of another cluster's topic are other records: they aren't taken for them."""
    kafka, sqs = source_cluster(), FakeSqs({QUEUE: [json.dumps(on_failure())]})
    kafka.endpoint = "boot-other.c2.kafka-serverless.eu-west-1.amazonaws.com:9098"
    assert "another cluster" in failure(InvalidRequest, QUEUE, kafka, None, sqs)
    assert [] == records(kafka)


@pytest.mark.parametrize(
    ("info", "kind"),
    [
        ({"nowhere-0": ("1", "2")}, UnknownTopic),
        ({"my-orders-9": ("1", "2")}, InvalidRequest),
        ({"my-orders-0": ("49", "50")}, OffsetOutOfRange),
    ],
)
def test_what_can_not_be_read_again(
    info: dict[str, tuple[str, str]], kind: type[MskClientError]
) -> None:
    """A topic, partition or offset that isn't there is told; the message stays."""
    told = {
        name: {"firstRecordOffset": first, "lastRecordOffset": last}
        for name, (first, last) in info.items()
    }
    message = json.dumps(on_failure(recordsInfo=told))
    kafka, sqs = source_cluster(), FakeSqs({QUEUE: [message]})
    failure(kind, QUEUE, kafka, None, sqs)
    assert [message] == sqs.messages[QUEUE]


def test_storage_that_fails_in_the_middle() -> None:
    """What was read before is sent, and the error says where to go on."""
    kafka, s3 = target(), stored(a=letters(1), b=letters(2))
    problem = StorageUnavailable("S3 is down.")
    s3.fail = lambda call, at: problem if (call, at.key) == ("open", "dead/b") else None
    told = failure(StorageUnavailable, "s3://my-bucket/dead/", kafka, s3)
    assert '1 records were replayed, then this failed: S3 is down. Go on with "resume"' in told
    assert ["orders/0/1"] == origins(kafka)


def test_a_target_that_is_not_there() -> None:
    """The target isn't made, and that it isn't there is said before anything is read."""
    kafka, s3 = KeptKafka(), FakeS3.of_events()
    failure(UnknownTopic, OBJECT, kafka, s3)
    assert [] == s3.calls


def test_an_object_that_is_not_there() -> None:
    """A missing object is a failure, and so is a prefix with nothing below it: mostly a typo."""
    s3 = stored(a=letters(1))
    told = failure(UnknownObject, "s3://my-bucket/dead", target(), s3)
    assert '"s3://my-bucket/dead/"' in told
    assert "resume" not in failure(UnknownObject, "s3://my-bucket/nothing/", target(), s3)
    failure(UnknownObject, "s3://my-bucket/nothing/", target(), s3, dry_run=True)
    rest = replay("s3://my-bucket/dead/", target(), s3, resume={"after": "dead/a"})
    assert (0, True) == (rest["found"], rest["complete"])


def test_an_object_in_the_way_is_one_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among others, an object that is no letter, or is gone meanwhile, is reported and passed."""
    monkeypatch.setattr(units, "MAX_OBJECT_BYTES", 1_000)
    s3 = stored(a=letters(1), b=b"x" * 1_001, c=letters(3), d=letters(4))
    gone = UnknownObject("The object doesn't exist.")
    s3.fail = lambda call, at: gone if (call, at.key) == ("open", "dead/c") else None
    body = replay("s3://my-bucket/dead/", target(), s3, on_failure="report")
    assert (2, 2, True) == (body["replayed"], body["failed"], body["complete"])
    assert ["InvalidRequest", "UnknownObject"] == [r["error"]["type"] for r in body["results"]]


def test_an_object_that_can_be_no_batch() -> None:
    """An object far larger than a failed batch isn't read into memory."""
    s3 = stored(a=b"x" * (64 * 1024 * 1024 + 1))
    assert "bytes" in failure(InvalidRequest, "s3://my-bucket/dead/a", target(), s3)


# Going on


def test_batches_are_sent_while_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found doesn't pile up: it is sent some at a time, also of one large message."""
    monkeypatch.setattr(run, "BATCH", 5)
    kafka, sqs = source_cluster(), FakeSqs({})
    told = {"firstRecordOffset": "0", "lastRecordOffset": "49"}
    sqs.messages[QUEUE] = [json.dumps(on_failure(recordsInfo={"my-orders-0": told}))]
    assert 50 == replay(QUEUE, kafka, None, sqs)["replayed"]
    assert 5 == kafka.calls.count("produce")
    assert 1 == len(sqs.deleted[QUEUE])


def test_records_wait_for_others_only_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a queue's messages hold is sent, and they are deleted, before they come again."""
    monkeypatch.setattr(run, "KEPT_S", 0.0)
    kafka, sqs = target(), FakeSqs({QUEUE: [letter(i) for i in range(3)]})
    assert 3 == replay(QUEUE, kafka, None, sqs)["replayed"]
    assert (3, 3) == (kafka.calls.count("produce"), sqs.deletions)


def test_messages_are_deleted_together() -> None:
    """Messages whose records were sent together are deleted together."""
    sqs = FakeSqs({QUEUE: [letter(i) for i in range(25)]})
    replay(QUEUE, target(), None, sqs)
    assert (25, 1) == (len(sqs.deleted[QUEUE]), sqs.deletions)


def test_a_message_that_comes_again_meanwhile() -> None:
    """A message whose visibility timeout ends during a call is not replayed twice by it."""
    kafka, sqs = target(), FakeSqs({QUEUE: [letter(i) for i in range(25)]}, forgetful=True)
    told = replay(QUEUE, kafka, None, sqs, dry_run=True)
    assert (25, False) == (told["found"], told["complete"])
    assert 25 == replay(QUEUE, kafka, None, sqs)["replayed"]
    assert {f"orders/0/{i}" for i in range(25)} == set(origins(kafka))
    assert (25, 0) == (len(records(kafka)), len(sqs.messages[QUEUE]))


def test_messages_that_can_not_be_deleted() -> None:
    """Where SQS doesn't delete what was replayed, the call fails: it would be replayed again."""
    kafka, sqs = target(), FakeSqs({QUEUE: [letter(1)]})

    def delete(url: str, messages: Sequence[Message], deadline: Deadline) -> NoReturn:
        raise NotAuthorized(f"SQS refused sqs:DeleteMessage, {url} {messages} {deadline}.")

    sqs.delete = delete  # type: ignore[method-assign]
    told = failure(NotAuthorized, QUEUE, kafka, None, sqs)
    assert "1 records were replayed" in told
    assert "sqs:DeleteMessage" in told


def test_a_queue_that_never_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the time went into waiting for SQS, that is what the failure says."""
    clock, sqs = Clock(monkeypatch), FakeSqs({QUEUE: [letter(1)]})

    def receive(url: str, deadline: Deadline) -> NoReturn:
        clock.move(TOO_LATE_S)
        raise StorageUnavailable(f"SQS did not answer sqs:ReceiveMessage on {url} {deadline}.")

    sqs.receive = receive  # type: ignore[method-assign]
    told = failure(StorageUnavailable, QUEUE, target(), None, sqs)
    assert "The time ran out before one object, message or record was read" in told
    assert f"SQS did not answer sqs:ReceiveMessage on {QUEUE}" in told


TOO_LATE_S = 26.0
"""After this of 30 s nothing more is read, but something may still be sent."""


def test_time_that_runs_out_in_a_source_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """What S3 didn't give in time is left for the next call."""
    clock = Clock(monkeypatch)
    kafka, s3 = target(), stored(a=letters(1), b=letters(2))

    def too_late(call: str, at: Place) -> MskClientError | None:
        if (call, at.key) != ("open", "dead/b"):
            return None
        clock.move(TOO_LATE_S)
        return StorageUnavailable("The time ran out.")

    s3.fail = too_late
    body = replay("s3://my-bucket/dead/", kafka, s3)
    assert (1, False, {"after": "dead/a"}) == (body["replayed"], body["complete"], body["next"])


def test_time_that_runs_out_while_records_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message whose records couldn't all be read in time stays, and is no failure."""
    clock = Clock(monkeypatch)
    kafka = source_cluster()
    read = kafka.read

    def slow(
        topic: str,
        ranges: Mapping[int, tuple[int, int]],
        deadline: Deadline,
        *,
        read_committed: bool,
    ) -> Generator[Event]:
        if 2 in ranges:
            clock.move(TOO_LATE_S)
            return
        yield from read(topic, ranges, deadline, read_committed=read_committed)

    kafka.read = slow  # type: ignore[method-assign]
    whole = json.dumps(on_failure())
    sqs = FakeSqs({QUEUE: [letter(1), whole]})
    body = replay(QUEUE, kafka, None, sqs, on_failure="report")
    assert (5, 0, False) == (body["replayed"], body["failed"], body["complete"])
    assert ([letter(1)], [whole]) == (sqs.deleted[QUEUE], sqs.messages[QUEUE])
    sqs.messages[QUEUE] = [whole]
    told = failure(DeadlineExceeded, QUEUE, kafka, None, sqs)
    assert "(4 records of it were replayed, and will be once more)" in told


def test_one_object_is_complete_when_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the time is up then: there is nothing to go on with."""
    monkeypatch.setattr(run.Run, "_stopped", property(lambda _: True))
    body = replay("s3://my-bucket/dead/a", target(), stored(a=letters(1)))
    assert (1, True) == (body["replayed"], body["complete"])


def test_when_the_time_is_up_it_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    """What doesn't fit into one call is done by the next, by the `next` of the one before."""
    monkeypatch.setattr(run.Run, "_stopped", property(lambda self: self.found >= 2))
    kafka, s3 = target(), stored(a=letters(1), b=letters(2), c=letters(3))
    first = replay("s3://my-bucket/dead/", kafka, s3)
    assert (2, False, {"after": "dead/b"}) == (first["found"], first["complete"], first["next"])
    dead = cluster("rrr", "r", topic="dead")
    dead.add_topic("again")
    page = replay({"topic": "dead"}, dead)
    assert {"offsets": {"0": 2, "1": 0}} == page["next"]
    monkeypatch.undo()
    second = replay("s3://my-bucket/dead/", kafka, s3, resume=first["next"])
    assert (1, True) == (second["replayed"], second["complete"])
    assert "next" not in second
    rest = replay({"topic": "dead"}, dead, resume=page["next"])
    assert (2, True) == (rest["replayed"], rest["complete"])
    assert ["dead/0/0", "dead/0/1", "dead/0/2", "dead/1/0"] == origins(dead)


def test_without_time_nothing_is_found() -> None:
    """A call that finds nothing in its time fails instead of answering nothing."""
    event = {"action": "replay", "source": {"topic": "dead"}, "topic": "again"}
    kafka = cluster("r", topic="dead")
    kafka.add_topic("again")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run.Run, "_run", lambda _: None)
        with pytest.raises(DeadlineExceeded):
            invoke_set(event, kafka)


# What is refused


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"source": "orders"}, '{"topic": "my_topic"}'),
        ({"source": {"topic": "a", "from": "committed"}}, "'source.from'"),
        ({"source": {"topic": "a", "at": 1}}, "'source.at'"),
        ({"source": 1}, "'source'"),
        ({"topic": ".."}, "'topic'"),
        ({"only": {"partition": 1}}, "'only.partition'"),
        ({"only": {"from_time": 5}}, "'only.from_time'"),
        ({"only": {"from_offset": 9, "until_offset": 3}}, "'only.until_offset' take nothing"),
        ({"only": {"from_offset": 3, "until_offset": 3}}, "'only.until_offset' take nothing"),
        ({"only": {"from_time": "-1m", "until_time": "-1h"}}, "'only.until_time' take nothing"),
        ({"only": {"until_time": "yesterday"}}, "'only.until_time'"),
        ({"only": {"until_time": "-1x"}}, "'only.until_time'"),
        ({"resume": {"offsets": {"0": 1}}}, "'resume.offsets'"),
        ({"source": QUEUE, "resume": {"after": "x"}}, "'resume.after'"),
        ({"source": {"topic": "a"}, "resume": {"after": "x"}}, "'resume.after'"),
    ],
)
def test_a_wrong_request_is_refused(fields: dict[str, Any], told: str) -> None:
    """What can't be meant is named."""
    kafka = target()
    kafka.add_topic("a")
    event = {"action": "replay", "source": OBJECT, "topic": "again"} | fields
    with pytest.raises(InvalidRequest) as caught:
        invoke_set(event, kafka)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("source", "environ"),
    [
        (OBJECT, {"ALLOWED_TOPICS": "other"}),
        (OBJECT, {"ALLOWED_BUCKETS": "other"}),
        (OBJECT, {"ALLOWED_ACTIONS": "produce"}),
        ({"topic": "dead"}, {"ALLOWED_TOPICS": "again"}),
        (QUEUE, {"ALLOWED_TOPICS": "again"}),
    ],
)
def test_only_what_is_allowed(source: object, environ: dict[str, str]) -> None:
    """Allowlists hold for what is read and for what is written."""
    kafka = source_cluster()
    kafka.add_topic("dead")
    sqs = FakeSqs({QUEUE: [json.dumps(on_failure())]})
    event = {"action": "replay", "source": source, "topic": "again"}
    with pytest.raises(NotAuthorized):
        invoke_set(event, kafka, s3=FakeS3.of_events(), sqs=sqs, **environ)
