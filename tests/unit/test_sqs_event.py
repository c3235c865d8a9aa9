"""Messages of SQS: what becomes records, what comes again, and in which order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from msk_client.actions.replaying.run import Run
from msk_client.errors import (
    BrokerUnreachable,
    DeadlineExceeded,
    InvalidRequest,
    InvalidSetting,
    MskClientError,
    NotAuthorized,
    PartialFailure,
    RecordTooLarge,
    StorageUnavailable,
    UnknownTopic,
)
from tests.fake_kafka import MAX_VALUE_BYTES
from tests.fake_s3 import FakeObject, FakeS3
from tests.fake_sqs import FakeSqs
from tests.unit.invoking import KeptKafka, cluster
from tests.unit.invoking import invoke_set as invoke

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.ports import Produced
    from msk_client.records import Outgoing

EVENTS = Path(__file__).parents[2] / "events" / "triggers"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:in"
CONTINUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/continue"
TOPIC = {"SQS_TOPIC": "orders"}
PARTLY = TOPIC | {"SQS_PARTIAL_RESPONSE": "true"}


def batch(*bodies: object, arn: str = QUEUE, groups: Sequence[str] = ()) -> dict[str, Any]:
    """Make an event; a body that is no text is written as JSON. Messages are called m0, m1, ..."""
    return {
        "Records": [
            {
                "messageId": f"m{i}",
                "body": one if isinstance(one, str) else json.dumps(one),
                "attributes": {"MessageGroupId": groups[i]} if groups else {},
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
            }
            for i, one in enumerate(bodies)
        ]
    }


def fifo(groups: str, *bodies: object) -> dict[str, Any]:
    """Make an event of a FIFO queue; each letter is a message's group."""
    return batch(*bodies, arn=f"{QUEUE}.fifo", groups=list(groups))


def again(answer: dict[str, Any]) -> list[str]:
    """Answer which messages come again."""
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def values(kafka: KeptKafka, topic: str = "orders") -> list[bytes | None]:
    """What stands in a topic."""
    return [r.value for log in kafka.logs[topic] for r in log.records.values()]


class WatchedKafka(KeptKafka):
    """Notes which records are sent together."""

    def __init__(self) -> None:
        super().__init__()
        self.add_topic("orders")
        self.sent: list[list[bytes | None]] = []

    def produce(self, topic: str, records: Sequence[Outgoing], deadline: Deadline) -> Produced:
        """See the port."""
        self.sent.append([record.value for record in records])
        return super().produce(topic, records, deadline)


LARGE = {"value": "x" * (MAX_VALUE_BYTES + 1)}
"""A record that the cluster refuses."""


# What becomes records


@pytest.mark.parametrize("name", ["sqs_batch", "sqs_batch_fifo"])
def test_an_event_file_works(name: str) -> None:
    """The messages of the event files become records."""
    kafka = cluster("")
    event = json.loads((EVENTS / f"{name}.json").read_text())
    assert {"batchItemFailures": []} == invoke(event, kafka, **TOPIC)
    assert len(event["Records"]) == len(values(kafka))


def test_records_have_all_they_can() -> None:
    """A body is a record as produce takes it."""
    kafka = cluster("")
    record = {"key": "k", "value": {"a": 1}, "headers": [["h", None]], "timestamp": 1}
    invoke(batch(record, {"value": None}, {"value_base64": "/w=="}), kafka, **TOPIC)
    first, *_ = kafka.logs["orders"][0].records.values()
    assert (b"k", [("h", None)], 1) == (first.key, first.headers, first.timestamp_ms)
    assert [b'{"a":1}', None, b"\xff"] == values(kafka)


def test_values_are_the_bodies() -> None:
    """A body is a value as it stands, whatever it holds."""
    kafka = cluster("")
    bodies = ["plain é", '{"value": 1}', " "]
    invoke(batch(*bodies), kafka, **TOPIC, SQS_BODY="value")
    assert [body.encode() for body in bodies] == values(kafka)
    assert {None} == {r.key for r in kafka.logs["orders"][0].records.values()}


def test_values_of_a_group_share_a_key() -> None:
    """A value of a FIFO queue has its group as key, which keeps the group in one partition."""
    kafka = cluster("")
    invoke(fifo("ab", "1", "2"), kafka, **TOPIC, SQS_BODY="value")
    assert [b"a", b"b"] == [r.key for r in kafka.logs["orders"][0].records.values()]


def test_a_batch_is_sent_at_once() -> None:
    """Messages of a standard queue go out together."""
    kafka = WatchedKafka()
    invoke(batch(*[{"value": str(i)} for i in range(10)]), kafka, **TOPIC)
    assert [[str(i).encode() for i in range(10)]] == kafka.sent


# What comes again


def test_what_fails_comes_again() -> None:
    """Of a batch those come again that are no record or were refused; the others are delivered."""
    kafka = cluster("")
    answer = invoke(batch({"value": "a"}, "oops", LARGE, {"value": "b"}), kafka, **PARTLY)
    assert ["m1", "m2"] == again(answer)
    assert [b"a", b"b"] == values(kafka)


def test_without_partial_response_all_come_again() -> None:
    """Where Lambda would ignore a list of failures, a failure is raised instead."""
    with pytest.raises(PartialFailure, match=r"1 of 2 messages .* Message m1: .* not JSON"):
        invoke(batch({"value": "a"}, "oops"), cluster(""), **TOPIC)


@pytest.mark.parametrize("environ", [TOPIC, PARTLY])
def test_when_all_fail_it_is_raised(environ: dict[str, str]) -> None:
    """Where nothing works it is an error with the common cause, which alarms see."""
    kafka = cluster("")
    with pytest.raises(InvalidRequest, match="2 of 2"):
        invoke(batch("oops", "[]"), kafka, **environ)
    with pytest.raises(PartialFailure, match="2 of 2"):
        invoke(batch("oops", LARGE), kafka, **environ)
    with pytest.raises(RecordTooLarge):
        invoke(batch(LARGE), kafka, **environ)


def test_a_cluster_that_is_away() -> None:
    """Where the cluster can't be reached, all messages come again with that cause."""
    kafka = KeptKafka()
    with pytest.raises(UnknownTopic):
        invoke(batch({"value": "a"}, {"value": "b"}), kafka, **PARTLY)
    assert {} == kafka.logs


def test_failures_are_logged_without_content(capsys: pytest.CaptureFixture[str]) -> None:
    """Each message that comes again is a line of the log, with its id and why."""
    invoke(batch({"value": "a"}, "secret oops"), cluster(""), **PARTLY)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [line for line in lines if line.get("message") == "message comes again"]
    assert ("m1", "InvalidRequest") == (line["message_id"], line["error"])
    assert "secret" not in json.dumps(line)
    (done,) = [line for line in lines if line.get("message") == "done"]
    assert ("sqs_event", 2, 1, 1) == (
        done["action"], done["MessagesReceived"], done["MessagesFailed"], done["RecordsProduced"],
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["record", "value"])
def test_a_body_without_a_utf8_form(kind: str) -> None:
    """A lone surrogate, which only a hand can write, is a message that fails."""
    event = batch("x")
    event["Records"][0]["body"] = '{"value": "\ud800"}'
    with pytest.raises(InvalidRequest, match="surrogate"):
        invoke(event, cluster(""), **TOPIC, SQS_BODY=kind)


def test_a_broken_event_is_told() -> None:
    """What isn't a mapping's batch says what it lacks."""
    event = batch("x")
    del event["Records"][0]["messageId"]
    with pytest.raises(InvalidRequest, match="messageId"):
        invoke(event, cluster(""), **TOPIC)


# Order


def test_a_group_keeps_its_order() -> None:
    """Messages of a group are sent one after another, those of several groups side by side."""
    kafka = WatchedKafka()
    invoke(fifo("aabab", *[{"value": str(i)} for i in range(5)]), kafka, **TOPIC)
    assert [[b"0", b"2"], [b"1", b"4"], [b"3"]] == kafka.sent


@pytest.mark.parametrize("bad", ["oops", LARGE])
def test_after_a_failure_the_group_waits(bad: object) -> None:
    """What follows a failure in its group isn't sent and comes again; other groups go on."""
    kafka = WatchedKafka()
    records = [{"value": "0"}, bad, {"value": "2"}, {"value": "3"}, {"value": "4"}]
    answer = invoke(fifo("aabab", *records), kafka, **PARTLY)
    assert {"m1", "m3"} == set(again(answer))
    assert [b"0", b"2", b"4"] == values(kafka)


def test_groups_of_a_standard_queue_have_no_order() -> None:
    """In a standard queue a group is for fairness: a failure holds up nobody."""
    kafka = WatchedKafka()
    event = batch("oops", {"value": "1"}, groups=["a", "a"])
    assert ["m0"] == again(invoke(event, kafka, **PARTLY))
    assert [b"1"] == values(kafka)


# Actions


ACTIONS = {"SQS_BODY": "action", "SQS_PARTIAL_RESPONSE": "true"}


def produce(*values: object, **fields: object) -> dict[str, Any]:
    """An action event."""
    records = [{"value": value} for value in values]
    return {"action": "produce", "topic": "orders", "records": records} | fields


def test_bodies_can_be_actions() -> None:
    """Each message is carried out by itself; counts add up, and what fails comes again."""
    kafka = KeptKafka()
    bodies: tuple[object, ...] = (
        produce("a", "b"),
        "oops",
        [],
        {"action": "nothing"},
        produce("c"),
    )
    assert ["m1", "m2", "m3"] == again(invoke(batch(*bodies), kafka, **ACTIONS))
    assert [b"a", b"b", b"c"] == values(kafka)


def test_a_report_of_failures_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody reads the report of a message: with a record that failed it comes again."""
    kafka = cluster("")
    mixed = produce("a", on_failure="report")
    mixed["records"].append({"value": "b", "partition": 9})
    assert ["m1"] == again(invoke(batch(produce("x"), mixed), kafka, **ACTIONS))
    done = [json.loads(line) for line in capsys.readouterr().out.splitlines()][-2]
    assert (2, 1) == (done["RecordsProduced"], done["RecordsFailed"])


def test_actions_keep_to_what_is_allowed() -> None:
    """ALLOWED_ACTIONS and ALLOWED_TOPICS hold for messages too."""
    with pytest.raises(NotAuthorized):
        invoke(batch(produce("a")), cluster(""), ALLOWED_ACTIONS="consume", **ACTIONS)
    for environ in ({"ALLOWED_ACTIONS": "consume"}, {"ALLOWED_TOPICS": "other"}):
        with pytest.raises(NotAuthorized):
            invoke(batch({"value": "a"}), cluster(""), **environ, **TOPIC)


def test_a_replay_in_part_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads where a replay stopped: its message comes again, and the error has the place."""
    monkeypatch.setattr(Run, "_stopped", property(lambda _: True))
    kafka, s3 = cluster(""), FakeS3()
    for key in ("dead/a", "dead/b"):
        letter = {"dead_letter": 1, "record": {"topic": "t", "partition": 0, "offset": 1}}
        letter["record"]["value"] = key  # type: ignore[index] # it is one
        s3.objects[key] = FakeObject(json.dumps(letter).encode(), {})
    event = {"action": "replay", "source": "s3://my-bucket/dead/", "topic": "orders"}
    with pytest.raises(PartialFailure, match=r'"resume": \{"after": "dead/a"\}'):
        invoke(batch(event), kafka, s3=s3, **ACTIONS)


# Going on with an object

SOURCE = {"action": "produce", "topic": "orders", "source": "s3://my-bucket/in/orders.ndjson"}


def test_an_object_goes_on_by_itself() -> None:
    """A continuation is carried out whatever SQS_BODY says, and sends the next one."""
    kafka, s3, sqs = cluster(""), FakeS3.of_events(), FakeSqs()
    etag = s3.objects["in/orders.ndjson"].head.etag
    kafka.unacknowledged = (1, DeadlineExceeded("The time ran out."))
    event = batch(SOURCE | {"resume": {"record": 1, "etag": etag}}, arn=f"{QUEUE[:-2]}continue")
    invoke(event, kafka, s3=s3, sqs=sqs, CONTINUE_QUEUE_URL=CONTINUE, SQS_BODY="value")
    (body,) = sqs.messages[CONTINUE]
    expected = SOURCE | {"resume": {"record": 2, "etag": etag, "version_id": None}}
    assert expected == json.loads(body)


def test_a_queue_of_data_carries_no_actions() -> None:
    """Only messages of the queue that is set are events: those of others are data."""
    kafka = cluster("")
    environ = TOPIC | {"CONTINUE_QUEUE_URL": CONTINUE, "SQS_BODY": "value"}
    invoke(batch(SOURCE), kafka, **environ)
    assert [json.dumps(SOURCE).encode()] == values(kafka)


def test_without_a_queue_the_message_comes_again() -> None:
    """Where nothing can go on, the time that ran out is a failure with the position."""
    kafka = cluster("")
    kafka.unacknowledged = (1, DeadlineExceeded("The time ran out."))
    with pytest.raises(DeadlineExceeded, match=r'CONTINUE_QUEUE_URL.*"resume": \{"record": 2'):
        invoke(batch(SOURCE), kafka, s3=FakeS3.of_events(), **ACTIONS)


@pytest.mark.parametrize("failure", [StorageUnavailable("SQS is down."), NotAuthorized("No.")])
def test_a_queue_that_can_not_be_reached(failure: MskClientError) -> None:
    """Where the continuation can't be sent, that is the failure, with the position."""
    kafka, sqs = cluster(""), FakeSqs(fail=lambda _: failure)
    kafka.unacknowledged = (1, DeadlineExceeded("The time ran out."))
    with pytest.raises(type(failure), match='"resume"'):
        invoke(
            batch(SOURCE), kafka, s3=FakeS3.of_events(), sqs=sqs, CONTINUE_QUEUE_URL=CONTINUE,
            **ACTIONS,
        )  # fmt: skip


# Settings


def test_a_topic_is_needed() -> None:
    """Without SQS_TOPIC a record has nowhere to go."""
    with pytest.raises(InvalidSetting, match="SQS_TOPIC"):
        invoke(batch({"value": "a"}), cluster(""))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SQS_TOPIC", "a b"),
        ("SQS_BODY", "text"),
        ("SQS_PARTIAL_RESPONSE", "yes"),
        ("CONTINUE_QUEUE_URL", "continue"),
    ],
)
def test_a_bad_setting_is_named(name: str, text: str) -> None:
    """A setting that can't be meant is refused by name."""
    with pytest.raises(InvalidSetting, match=name):
        invoke(batch({"value": "a"}), cluster(""), **(TOPIC | {name: text}))


def test_a_broker_that_fails_for_one_wave() -> None:
    """Each wave of a FIFO batch is sent by itself: what went before stays delivered."""
    kafka = WatchedKafka()
    whole = kafka.produce

    def produce(topic: str, records: Sequence[Outgoing], deadline: Deadline) -> Produced:
        if len(kafka.sent) == 1:
            raise BrokerUnreachable("No way.")
        return whole(topic, records, deadline)

    kafka.produce = produce  # type: ignore[method-assign]
    event = fifo("aaa", *[{"value": str(i)} for i in range(3)])
    assert ["m1", "m2"] == again(invoke(event, kafka, **PARTLY))
    assert [b"0"] == values(kafka)
