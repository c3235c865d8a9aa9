"""produce: what is sent, and where to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msk_client.errors import InvalidRequest, NotAuthorized, TopicExists, UnknownTopic
from tests.unit.invoking import KeptKafka, body, invoke, outgoing


def event(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a produce event."""
    return {"action": "produce", "topic": "orders", **fields}


def with_topic(num_partitions: int = 1) -> KeptKafka:
    """Make a cluster that has the topic."""
    kafka = KeptKafka()
    kafka.add_topic("orders", num_partitions)
    return kafka


def values(kafka: KeptKafka, partition: int = 0) -> list[bytes | None]:
    """Answer the values that stand in a partition."""
    return [record.value for record in kafka.logs["orders"][partition].records.values()]


# The answer


def test_the_answer() -> None:
    """The answer tells topic, counts and the place of each record, in the request's order."""
    records = [{"value": "a", "timestamp": 5, "id": "x"}, {"value": "b", "partition": 1, "id": 2}]
    answer = body(event(records=records), with_topic(2))
    timestamp = answer["results"][1].pop("timestamp")
    assert 10**12 < timestamp
    assert answer == {
        "topic": "orders",
        "topic_created": False,
        "num_partitions": 2,
        "sample": False,
        "produced": 2,
        "failed": 0,
        "results": [
            {"id": "x", "partition": 0, "offset": 0, "timestamp": 5, "status": "delivered"},
            {"id": 2, "partition": 1, "offset": 0, "status": "delivered"},
        ],
    }


def test_no_records_are_none() -> None:
    """An empty list produces nothing, and that works."""
    kafka = with_topic()
    answer = invoke(event(records=[]), kafka)
    assert (200, 0, []) == (
        answer["statusCode"],
        answer["body"]["produced"],
        answer["body"]["results"],
    )
    assert [] == values(kafka)


def test_an_id_is_repeated_only_where_it_is_given() -> None:
    """A caller's id, 0 and the empty text too, is repeated in its record's result."""
    records = [{"value": "", "id": 0}, {"value": ""}, {"value": "", "id": ""}]
    results = body(event(records=records), with_topic())["results"]
    assert [0, None, ""] == [result.get("id") for result in results]
    assert "id" not in results[1]


def test_bad_records_send_nothing() -> None:
    """One record that can't be encoded refuses them all before anything is asked or sent."""
    kafka = with_topic()
    with pytest.raises(InvalidRequest, match=r"^records\[1\]\.value_base64 is not base64"):
        invoke(event(records=[{"value": "a"}, {"value_base64": "?"}]), kafka)
    assert [] == kafka.calls


# Samples


def test_a_new_topic_gets_the_sample() -> None:
    """Without records two samples go to a topic that this call makes."""
    kafka = KeptKafka()
    answer = body(event(), kafka)
    assert (True, True, 2) == (answer["topic_created"], answer["sample"], answer["produced"])
    assert 1 == answer["num_partitions"]
    users = [json.loads(value)["user"] for value in values(kafka) if value is not None]
    assert ["Alice", "Bob"] == users


def test_an_empty_topic_gets_the_sample() -> None:
    """Without records two samples go to a topic that is there and empty."""
    answer = body(event(), with_topic(3))
    assert (False, True, 2) == (answer["topic_created"], answer["sample"], answer["produced"])


def test_a_topic_with_records_gets_no_sample_unasked() -> None:
    """Without records nothing goes to a topic that holds some, and the message says what to do."""
    kafka = with_topic(2)
    kafka.logs["orders"][1].append(outgoing())
    with pytest.raises(InvalidRequest, match=r'no sample is sent.*"records": "sample"'):
        invoke(event(), kafka)
    assert [] == values(kafka)


def test_a_topic_that_was_emptied_is_empty() -> None:
    """A topic whose records are all deleted is empty, whatever its offsets."""
    kafka = with_topic()
    kafka.logs["orders"][0].append(outgoing())
    kafka.logs["orders"][0].delete_before(1)
    assert body(event(), kafka)["sample"]


def test_a_sample_can_be_asked_for() -> None:
    """`"records": "sample"` sends the sample whatever the topic holds."""
    kafka = with_topic()
    kafka.logs["orders"][0].append(outgoing())
    answer = body(event(records="sample"), kafka)
    assert (True, 2, 3) == (answer["sample"], answer["produced"], len(values(kafka)))


# The topic


def test_a_missing_topic_is_made() -> None:
    """A missing topic is made with the partitions asked for."""
    kafka = KeptKafka()
    answer = body(event(records=[{"value": ""}], num_partitions=4), kafka)
    assert (True, 4) == (answer["topic_created"], answer["num_partitions"])
    assert 4 == len(kafka.logs["orders"])


def test_partitions_of_a_topic_that_is_there_stay() -> None:
    """`num_partitions` says nothing to a topic that is there."""
    answer = body(event(records=[], num_partitions=4), with_topic(2))
    assert (False, 2) == (answer["topic_created"], answer["num_partitions"])


def test_a_missing_topic_may_stay_missing() -> None:
    """Without `create_if_missing` a missing topic is an error, and isn't made."""
    kafka = KeptKafka()
    with pytest.raises(UnknownTopic, match="orders"):
        invoke(event(records=[], create_if_missing=False), kafka)
    assert {} == kafka.logs


def test_a_topic_is_made_only_where_that_is_allowed() -> None:
    """Where ALLOWED_ACTIONS forbids create_topic, produce doesn't make topics, and says why."""
    kafka = KeptKafka()
    with pytest.raises(UnknownTopic, match=r"ALLOWED_ACTIONS does not allow create_topic"):
        invoke(event(records=[]), kafka, ALLOWED_ACTIONS="produce")
    assert {} == kafka.logs
    assert body(event(records=[]), kafka, ALLOWED_ACTIONS="produce,create-topic")["topic_created"]


def test_a_topic_made_by_someone_else_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that someone else makes at the same moment is used, and not called ours."""
    kafka = KeptKafka()

    def create_topic(*_: object, **__: object) -> None:
        kafka.add_topic("orders")
        raise TopicExists("Topic 'orders' exists.")

    monkeypatch.setattr(kafka, "create_topic", create_topic)
    answer = body(event(records=[{"value": ""}]), kafka)
    assert (False, 1) == (answer["topic_created"], answer["produced"])


def test_a_forbidden_topic() -> None:
    """A topic that ALLOWED_TOPICS forbids is refused before anything is asked."""
    kafka = with_topic()
    with pytest.raises(NotAuthorized, match=r"ALLOWED_TOPICS does not allow topic 'orders'"):
        invoke(event(records=[]), kafka, ALLOWED_TOPICS="order,events-*")
    assert [] == kafka.calls


# The stamp


def test_a_stamp_tells_the_request_and_the_place() -> None:
    """With `stamp` each record gets a last header of the request's id and its own index."""
    kafka = with_topic()
    records = [{"value": "", "headers": {"a": "b"}}, {"value": ""}]
    body(event(records=records, stamp=True), kafka)
    headers = [record.headers for record in kafka.logs["orders"][0].records.values()]
    first = ("x-request-id", b"request-1:0")
    assert [[("a", b"b"), first], [("x-request-id", b"request-1:1")]] == headers


def test_samples_can_be_stamped_again_and_again() -> None:
    """The stamp of one call's sample doesn't stay for the next call's."""
    kafka = with_topic()
    for _ in range(2):
        body(event(records="sample", stamp=True), kafka)
    assert [1] * 4 == [len(r.headers) for r in kafka.logs["orders"][0].records.values()]
