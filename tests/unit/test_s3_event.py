"""New objects in S3: which of them are sent, where, and how a large one goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from msk_client.errors import (
    DeadlineExceeded,
    InvalidRequest,
    InvalidSetting,
    MskClientError,
    NotAuthorized,
    ObjectConflict,
    UnknownObject,
    UnknownTopic,
)
from msk_client.triggers import s3_event
from tests.fake_s3 import FakeObject, FakeS3
from tests.fake_sqs import FakeSqs
from tests.unit.invoking import KeptKafka, cluster
from tests.unit.invoking import invoke_set as invoke

EVENTS = Path(__file__).parents[2] / "events" / "triggers"
FILES = ("s3_object_created", "s3_object_created_eventbridge")
CONTINUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/continue"
KEY = "in/orders.ndjson"


def file(name: str = FILES[0]) -> dict[str, Any]:
    """Read an event file."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def created(key: str, s3: FakeS3, body: bytes = b"a\nb\n", **metadata: str) -> dict[str, Any]:
    """Write an object, and make S3's message about it."""
    s3.objects[key] = FakeObject(body, {"Metadata": metadata})
    event = file()
    etag = s3.objects[key].head.etag.strip('"')
    event["Records"][0]["s3"]["object"] |= {"key": key, "eTag": etag, "size": len(body)}
    return event


def values(kafka: KeptKafka, topic: str = "orders") -> list[bytes | None]:
    """What stands in a topic."""
    return [r.value for log in kafka.logs[topic] for r in log.records.values()]


@pytest.mark.parametrize("name", FILES)
def test_an_event_file_works(name: str) -> None:
    """Told by S3 or by EventBridge, the object's records go into the topic that is set."""
    kafka, s3 = KeptKafka(), FakeS3.of_events()
    answer = invoke(file(name), kafka, s3=s3, S3_EVENT_TOPIC="orders")
    (told,) = answer["body"]["objects"]
    assert (f"s3://my-bucket/{KEY}", 3, True) == (
        told["source"], told["produced"], told["complete"],
    )  # fmt: skip
    assert 3 == len(values(kafka))


@pytest.mark.parametrize(
    ("encoded", "key"),
    [("a+b.ndjson", "a b.ndjson"), ("%C3%A9/1%2B1.ndjson", "é/1+1.ndjson"), ("100%25", "100%")],
)
def test_keys_are_decoded(encoded: str, key: str) -> None:
    """S3 encodes keys in its messages; EventBridge doesn't."""
    kafka, s3 = KeptKafka(), FakeS3()
    event = created(key, s3)
    event["Records"][0]["s3"]["object"]["key"] = encoded
    invoke(event, kafka, s3=s3, S3_EVENT_TOPIC="orders")
    told = file(FILES[1])
    told["detail"]["object"] = {"key": key}
    invoke(told, kafka, s3=s3, S3_EVENT_TOPIC="orders")
    assert [b"a", b"b", b"a", b"b"] == values(kafka)


def test_the_longest_prefix_decides() -> None:
    """Rules send keys to topics by their beginnings, and say how to read them."""
    rules = {
        "in/": "others",
        "in/orders/": "orders",
        "in/csv/": {"topic": "rows", "key_column": "id", "source_format": "csv"},
    }
    kafka, s3 = KeptKafka(), FakeS3()
    for key in ("in/x", "in/orders/x", "in/csv/x"):
        event = created(key, s3, b"id\n1\n")
        invoke(event, kafka, s3=s3, S3_EVENT_TOPIC=json.dumps(rules))
    assert [b"id", b"1"] == values(kafka, "others") == values(kafka, "orders")
    (row,) = kafka.logs["rows"][0].records.values()
    assert (b"1", b'{"id":"1"}') == (row.key, row.value)
    with pytest.raises(InvalidSetting, match="no rule"):
        invoke(created("out/x", s3), kafka, s3=s3, S3_EVENT_TOPIC=json.dumps(rules))


@pytest.mark.parametrize(
    "text",
    [
        *("{", "{}", "[]", "a b", '{"in/": 1}', '{"in/": "a b"}', '{"in/": {"key_column": "id"}}'),
        '{"a": {"topic": "t", "x": 1}}',
    ],
)
def test_a_bad_setting_is_named(text: str) -> None:
    """Rules that are none are refused, whichever event comes."""
    with pytest.raises(InvalidSetting, match="S3_EVENT_TOPIC"):
        invoke(file(), s3=FakeS3.of_events(), S3_EVENT_TOPIC=text)


@pytest.mark.parametrize(
    ("field", "told"),
    [("key_colum", "did you mean 'key_column'"), ("x", "known: create_if_missing, ")],
)
def test_a_typo_in_a_rule_is_named(field: str, told: str) -> None:
    """A rule's field that is none is named, with the one that was probably meant."""
    text = json.dumps({"in/": {"topic": "orders", field: "id"}})
    with pytest.raises(InvalidSetting, match=f"for 'in/' an unknown field '{field}': {told}"):
        invoke(file(), s3=FakeS3.of_events(), S3_EVENT_TOPIC=text)


def test_a_topic_is_needed() -> None:
    """Without S3_EVENT_TOPIC an object has nowhere to go."""
    with pytest.raises(InvalidSetting, match="S3_EVENT_TOPIC is not set"):
        invoke(file(), s3=FakeS3.of_events())


def test_a_rule_says_how_a_topic_is_made() -> None:
    """A topic that isn't there is made as a produce makes it, or not at all."""
    kafka, s3 = KeptKafka(), FakeS3()
    rules = {"a": {"topic": "orders", "num_partitions": 3},
             "b": {"topic": "others", "create_if_missing": False}}  # fmt: skip
    invoke(created("a", s3), kafka, s3=s3, S3_EVENT_TOPIC=json.dumps(rules))
    assert 3 == len(kafka.logs["orders"])
    with pytest.raises(UnknownTopic):
        invoke(created("b", s3), kafka, s3=s3, S3_EVENT_TOPIC=json.dumps(rules))


def test_s3_tries_whether_its_messages_arrive() -> None:
    """The message that S3 sends when notifications are set up is about no object."""
    event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "my-bucket"}
    assert {"statusCode": 200, "body": {"objects": []}} == invoke(event)


def test_a_folder_with_content_is_a_failure() -> None:
    """Only what consoles make for a folder is passed over: anything that has content is told."""
    s3 = FakeS3()
    event = created("folder/", s3)
    with pytest.raises(InvalidRequest, match="no object"):
        invoke(event, s3=s3, S3_EVENT_TOPIC="orders")


def counts(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the last invocation's line of the log says."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found: dict[str, Any] = [line for line in lines if line.get("message") == "done"][-1]
    return found


def test_several_objects_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Records of all objects of a message are counted."""
    s3 = FakeS3()
    event = created("a", s3)
    event["Records"] += created("b", s3, b"c\n")["Records"]
    invoke(event, s3=s3, S3_EVENT_TOPIC="orders")
    assert 3 == counts(capsys)["RecordsProduced"]


def test_several_objects_at_once() -> None:
    """Each object of a message is sent; folders, which consoles make, are none."""
    kafka, s3 = KeptKafka(), FakeS3()
    event = created("a", s3)
    event["Records"] += created("b", s3)["Records"] + created("folder/", s3, b"")["Records"]
    answer = invoke(event, kafka, s3=s3, S3_EVENT_TOPIC="orders")
    assert ["s3://my-bucket/a", "s3://my-bucket/b"] == [
        one["source"] for one in answer["body"]["objects"]
    ]


# What is refused


@pytest.mark.parametrize("name", ["ObjectRemoved:Delete", "ObjectRestore:Completed", ""])
def test_other_news_is_refused(name: str) -> None:
    """S3 tells of much else: who lets it call the function is told so."""
    event = file()
    event["Records"][0]["eventName"] = name
    with pytest.raises(InvalidRequest, match="ObjectCreated"):
        invoke(event, s3=FakeS3.of_events(), S3_EVENT_TOPIC="orders")
    told = file(FILES[1]) | {"detail-type": "Object Deleted"}
    with pytest.raises(InvalidRequest, match="Object Created"):
        invoke(told, s3=FakeS3.of_events(), S3_EVENT_TOPIC="orders")


def test_a_loop_is_refused() -> None:
    """What this function wrote out of a topic doesn't go back into it by itself."""
    kafka, s3 = cluster("rr"), FakeS3()
    drain = {"action": "consume", "topic": "orders", "destination": "s3://my-bucket/lake"}
    invoke(drain, kafka, s3=s3)
    (key,) = s3.objects
    body, metadata = s3.objects[key].body, s3.objects[key].headers["Metadata"]
    with pytest.raises(InvalidRequest, match="no end"):
        invoke(created(key, s3, body, **metadata), kafka, s3=s3, S3_EVENT_TOPIC="orders")
    invoke(created(key, s3, body, **metadata), kafka, s3=s3, S3_EVENT_TOPIC="copy")
    assert values(kafka) == values(kafka, "copy") == [b"0", b"1"]


def test_dead_letters_are_no_records() -> None:
    """What a mapping gave up isn't sent as if it were data, only to be given up again."""
    s3 = FakeS3()
    broken = {"topic": "orders", "partition": 0, "offset": 1, "value": "no base64!"}
    batch = {"eventSource": "aws:kafka", "records": {"orders-0": [broken]}}
    settings = {"ESM_SINK": "log", "ESM_DEAD_LETTER": "s3://my-bucket/dead"}
    invoke(batch, s3=s3, **settings)
    ((key, letters),) = s3.objects.items()
    for topic, told in (("orders", "no end"), ("others", "replay")):
        event = created(key, s3, letters.body, **letters.headers["Metadata"])
        with pytest.raises(InvalidRequest, match=told):
            invoke(event, s3=s3, S3_EVENT_TOPIC=topic)


@pytest.mark.parametrize(
    ("environ", "failure"),
    [
        ({"ALLOWED_BUCKETS": "other"}, NotAuthorized),
        ({"ALLOWED_TOPICS": "other"}, NotAuthorized),
        ({"ALLOWED_ACTIONS": "consume"}, NotAuthorized),
    ],
)
def test_only_what_is_allowed(environ: dict[str, str], failure: type[MskClientError]) -> None:
    """Allowlists hold for objects too."""
    with pytest.raises(failure):
        invoke(file(), s3=FakeS3.of_events(), S3_EVENT_TOPIC="orders", **environ)


def test_an_object_that_is_gone() -> None:
    """An object deleted before it was read is a failure."""
    with pytest.raises(UnknownObject):
        invoke(file(), s3=FakeS3(), S3_EVENT_TOPIC="orders")


@pytest.mark.parametrize(
    "event",
    [
        {"Records": []},
        {"Records": [{"eventSource": "aws:sns"}]},
        {"source": "aws.s3"},
        {},
        [],
        None,
    ],
)
def test_other_events_are_not_taken(event: object) -> None:
    """Only S3's own messages are."""
    assert not s3_event.recognises(event)


def test_a_broken_event_is_told() -> None:
    """What isn't S3's message says what it lacks, and where to see one."""
    event = file()
    del event["Records"][0]["s3"]["object"]["key"]
    with pytest.raises(InvalidRequest, match=r"`key`.*events/triggers/s3_object_created.json"):
        invoke(event, s3=FakeS3.of_events(), S3_EVENT_TOPIC="orders")


# Once more


def test_an_object_written_anew_is_left_to_its_own_message() -> None:
    """A message about content that isn't there any more sends nothing: another one is coming."""
    kafka, s3 = KeptKafka(), FakeS3()
    event = created("a", s3)
    newer = created("a", s3, b"new\n")
    (told,) = invoke(event, kafka, s3=s3, S3_EVENT_TOPIC="orders")["body"]["objects"]
    assert {"source": "s3://my-bucket/a", "written_anew": True} == told
    invoke(newer, kafka, s3=s3, S3_EVENT_TOPIC="orders")
    assert [b"new"] == values(kafka)


def test_an_object_written_anew_while_it_is_read() -> None:
    """Where half of an object may have been sent, nobody says that all is well."""
    s3 = FakeS3()
    event = created("a", s3)
    conflict = ObjectConflict("It was written anew.")
    s3.fail = lambda call, _: conflict if call == "open" else None
    with pytest.raises(ObjectConflict):
        invoke(event, s3=s3, S3_EVENT_TOPIC="orders")


def continued(kafka: KeptKafka, s3: FakeS3, sqs: FakeSqs, **settings: str) -> int:
    """Carry out continuations until there are none; answers how many there were."""
    turns = 0
    while sqs.messages[CONTINUE]:
        message = {
            "messageId": "m", "body": sqs.messages[CONTINUE].pop(0), "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:continue",
        }  # fmt: skip
        invoke({"Records": [message]}, kafka, s3=s3, sqs=sqs, **settings)
        turns += 1
    return turns


def test_records_left_out_do_not_hold_up_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    """Asked to go on behind bad records, continuations do so too, and send each part once."""
    kafka, s3, sqs = cluster(""), FakeS3(), FakeSqs()
    lines = [b"oops" if i % 3_000 == 0 else b'{"value":"%d"}' % i for i in range(10_000)]
    rule = {"": {"topic": "orders", "source_format": "records", "on_failure": "report"}}
    settings = {"S3_EVENT_TOPIC": json.dumps(rule), "CONTINUE_QUEUE_URL": CONTINUE}
    kafka.over_after = 2_000
    invoke(created("a", s3, b"\n".join(lines)), kafka, s3=s3, sqs=sqs, **settings)
    assert 1 < continued(kafka, s3, sqs, **settings)
    assert [b"%d" % i for i in range(10_000) if i % 3_000] == values(kafka)
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    bad = [line["index"] for line in logged if line.get("message") == "record left out"]
    assert [0, 3_000, 6_000, 9_000] == bad


def test_objects_behind_a_large_one_are_left_to_the_queue() -> None:
    """Where one object takes all the time, those behind it go on by themselves, too."""
    kafka, s3, sqs = cluster(""), FakeS3(), FakeSqs()
    event = created("a", s3, b"".join(b"a%d\n" % i for i in range(5_000)))
    event["Records"] += created("b", s3, b"b\n")["Records"]
    kafka.over_after = 4_096
    settings = {"S3_EVENT_TOPIC": "orders", "CONTINUE_QUEUE_URL": CONTINUE}
    told = invoke(event, kafka, s3=s3, sqs=sqs, **settings)["body"]["objects"]
    assert [False, False] == [one["complete"] for one in told]
    assert 2 == continued(kafka, s3, sqs, **settings)
    assert [*(b"a%d" % i for i in range(5_000)), b"b"] == values(kafka)


def test_a_large_object_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    """What doesn't fit into the time is sent by the message to the queue that is set."""
    kafka, s3, sqs = cluster(""), FakeS3(), FakeSqs()
    event = created("a", s3, b"".join(b"%d\n" % i for i in range(10_000)))
    kafka.over_after = 4_096
    settings = {"S3_EVENT_TOPIC": "orders", "CONTINUE_QUEUE_URL": CONTINUE}
    invoke(event, kafka, s3=s3, sqs=sqs, **settings)
    assert 2 == continued(kafka, s3, sqs, **settings)
    assert [b"%d" % i for i in range(10_000)] == values(kafka)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [1, 1, None] == [one.get("Continued") for one in lines if one.get("message") == "done"]


def test_without_a_queue_the_position_is_told() -> None:
    """Where nothing goes on by itself, the failure has the event that does."""
    kafka, s3 = KeptKafka(), FakeS3()
    event = created("a", s3)
    kafka.unacknowledged = (1, DeadlineExceeded("The time ran out."))
    with pytest.raises(DeadlineExceeded, match=r'"resume": \{"record": 1') as caught:
        invoke(event, kafka, s3=s3, S3_EVENT_TOPIC="orders")
    kafka.unacknowledged = (0, None)
    rest = json.loads(str(caught.value).partition("send this event: ")[2])
    assert invoke(rest, kafka, s3=s3)["body"]["complete"]


def test_a_failure_has_the_event_that_was_carried_out() -> None:
    """A message of S3 takes no position: the failure has what does, with all that a rule says."""
    kafka, s3 = KeptKafka(), FakeS3()
    event = created("a", s3)
    rules = json.dumps({"": {"topic": "orders", "source_format": "records", "stamp": True}})
    with pytest.raises(InvalidRequest, match="To send it, mend") as caught:
        invoke(event, kafka, s3=s3, S3_EVENT_TOPIC=rules)
    carried_out = json.loads(str(caught.value).rpartition("'resume' goes: ")[2])
    assert ("produce", "s3://my-bucket/a", "orders", True) == tuple(
        carried_out[name] for name in ("action", "source", "topic", "stamp")
    )
    answer = invoke(carried_out | {"source_format": "values"}, kafka, s3=s3)["body"]
    assert answer["complete"]


def test_a_fifo_queue_can_go_on() -> None:
    """A FIFO queue gets the object as its group."""
    kafka, s3, sqs = KeptKafka(), FakeS3(), FakeSqs()
    event = created("a", s3)
    kafka.unacknowledged = (1, DeadlineExceeded("The time ran out."))
    url = f"{CONTINUE}.fifo"
    invoke(event, kafka, s3=s3, sqs=sqs, S3_EVENT_TOPIC="orders", CONTINUE_QUEUE_URL=url)
    assert 1 == len(sqs.messages[url])


def test_records_left_out_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """Asked to go on behind bad records, it logs each, with its number and without content."""
    rule = {"": {"topic": "orders", "source_format": "records", "on_failure": "report"}}
    s3 = FakeS3()
    event = created("a", s3, b'secret\n{"value": "a"}\n')
    invoke(event, KeptKafka(), s3=s3, S3_EVENT_TOPIC=json.dumps(rule))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (line,) = [line for line in lines if line.get("message") == "record left out"]
    assert (0, "rejected", "s3://my-bucket/a") == (line["index"], line["status"], line["source"])
    assert "secret" not in json.dumps(line)
