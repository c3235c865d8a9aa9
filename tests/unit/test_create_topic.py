"""create_topic: makes a topic and describes it."""

from __future__ import annotations

from typing import Any

import pytest

from msk_client.errors import NotAuthorized, TopicExists
from msk_client.ports import NewTopic, Topic
from tests.unit.invoking import KeptKafka, body, invoke


def event(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a create_topic event."""
    return {"action": "create-topic", "topic": "orders", **fields}


class Recorder(KeptKafka):
    """A cluster that keeps what it was asked to make."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[NewTopic, bool]] = []

    def create_topic(self, topic: NewTopic, deadline: Any, *, validate_only: bool) -> None:  # noqa: ANN401 - as the port
        """See the port."""
        self.asked.append((topic, validate_only))
        super().create_topic(topic, deadline, validate_only=validate_only)

    def topic(self, name: str, deadline: Any) -> Topic | None:  # noqa: ANN401 - as the port
        """See the port; this cluster has three replicas of everything."""
        found = super().topic(name, deadline)
        return found and Topic(found.name, found.num_partitions, 3)


def test_the_topic_is_described_as_the_cluster_has_it() -> None:
    """The answer is what the cluster says afterwards, not what was asked for."""
    expected = {"topic": "orders", "num_partitions": 1, "replication_factor": 3, "created": True}
    assert expected == body(event(), Recorder())


def test_what_is_left_out_is_left_to_the_broker() -> None:
    """Without fields a topic has one partition, and the broker's replication and config."""
    kafka = Recorder()
    body(event(), kafka)
    assert [(NewTopic("orders", 1, None, {}), False)] == kafka.asked


def test_config_values_are_sent_as_text() -> None:
    """Numbers and booleans of the config are sent as the texts that Kafka knows."""
    kafka = Recorder()
    config = {"retention.ms": 86_400_000, "preallocate": True, "a": False, "b": 0.5, "c": "lz4"}
    body(event(config=config, num_partitions=6, replication_factor=2), kafka)
    expected = {
        "retention.ms": "86400000",
        "preallocate": "true",
        "a": "false",
        "b": "0.5",
        "c": "lz4",
    }
    assert [(NewTopic("orders", 6, 2, expected), False)] == kafka.asked


def test_a_topic_that_exists() -> None:
    """A topic that is there already is an error."""
    kafka = Recorder()
    kafka.add_topic("orders", 2)
    with pytest.raises(TopicExists):
        invoke(event(), kafka)


def test_a_topic_that_may_exist() -> None:
    """With `if_not_exists` a topic that is there is described as it is, and wasn't created."""
    kafka = Recorder()
    kafka.add_topic("orders", 2)
    answer = body(event(if_not_exists=True, num_partitions=6), kafka)
    expected = {"topic": "orders", "num_partitions": 2, "replication_factor": 3, "created": False}
    assert expected == answer


def test_validating_makes_nothing() -> None:
    """With `validate_only` the cluster is asked whether it would, and nothing is made."""
    kafka = Recorder()
    answer = body(event(validate_only=True, num_partitions=6), kafka)
    expected = {"topic": "orders", "num_partitions": 6, "created": False, "validate_only": True}
    assert expected == answer
    assert ([True], {}) == ([validate for _, validate in kafka.asked], kafka.logs)


def test_validating_a_topic_that_exists() -> None:
    """Validating a topic that is there is the error that creating it would be."""
    kafka = Recorder()
    kafka.add_topic("orders")
    with pytest.raises(TopicExists):
        invoke(event(validate_only=True), kafka)


def test_a_topic_deleted_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that someone deletes at once was created all the same, as it was asked for."""
    kafka = KeptKafka()
    monkeypatch.setattr(kafka, "topic", lambda *_: None)
    expected = {"topic": "orders", "num_partitions": 6, "created": True}
    assert expected == body(event(num_partitions=6), kafka)


def test_a_forbidden_topic() -> None:
    """A topic that ALLOWED_TOPICS forbids is refused before anything is asked."""
    kafka = Recorder()
    with pytest.raises(NotAuthorized, match="ALLOWED_TOPICS"):
        invoke(event(), kafka, ALLOWED_TOPICS="events")
    assert [] == kafka.calls
