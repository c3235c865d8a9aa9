"""librdkafka's answers, read into our own types."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest
from confluent_kafka import (  # noqa: TID251 - what is read
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_LOG_APPEND_TIME,
    TIMESTAMP_NOT_AVAILABLE,
    KafkaError,
)

from msk_client.deadline import Deadline
from msk_client.errors import NotAuthorized
from msk_client.kafka.clients import ADMIN, NEWS_S, Clients
from msk_client.kafka.iam import TokenSource
from msk_client.kafka.message import record_of
from msk_client.kafka.metadata import find_topic, topic_of
from msk_client.ports import Topic
from msk_client.records import Record, to_json
from tests.unit.invoking import SETTINGS, Clock


class Message:
    """A message of librdkafka."""

    def __init__(self, timestamp: tuple[int, int], **fields: object) -> None:
        self._timestamp = timestamp
        self._fields = {"key": None, "value": None, "headers": None} | fields

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the library
        fields = {"topic": "orders", "partition": 2, "offset": 0, "timestamp": self._timestamp}
        return lambda: (fields | self._fields)[name]


@pytest.mark.parametrize(
    ("timestamp", "timestamp_ms", "timestamp_type"),
    [
        ((TIMESTAMP_CREATE_TIME, 5), 5, "create"),
        ((TIMESTAMP_LOG_APPEND_TIME, 6), 6, "log_append"),
        ((TIMESTAMP_CREATE_TIME, 0), 0, "create"),
        ((TIMESTAMP_NOT_AVAILABLE, -1), None, None),
    ],
)
def test_timestamps(
    timestamp: tuple[int, int], timestamp_ms: int | None, timestamp_type: str | None
) -> None:
    """A record's timestamp comes with its type, and none is none."""
    record = record_of(cast("Any", Message(timestamp)))
    assert (timestamp_ms, timestamp_type) == (record.timestamp_ms, record.timestamp_type)


@pytest.mark.parametrize("content", [None, b"", b"\xff"])
def test_contents(content: bytes | None) -> None:
    """Null, empty and binary keys, values and headers stay what they are."""
    headers = [("a", content), ("a", content)]
    message = Message((TIMESTAMP_CREATE_TIME, 5), key=content, value=content, headers=headers)
    expected = Record("orders", 2, 0, 5, "create", content, content, headers)
    assert expected == record_of(cast("Any", message))


def test_no_headers_are_an_empty_list() -> None:
    """A record without headers has an empty list of them."""
    assert [] == record_of(cast("Any", Message((TIMESTAMP_CREATE_TIME, 5)))).headers


def test_headers_that_cannot_be_read() -> None:
    """A record whose headers the library can't read comes without them, and says so."""

    class Unreadable(Message):
        def headers(self) -> NoReturn:
            raise SystemError("a name that isn't UTF-8")

    record = record_of(cast("Any", Unreadable((TIMESTAMP_CREATE_TIME, 5), value=b"v")))
    assert ([], b"v") == (record.headers, record.value)
    assert "headers" in to_json(record, "text")["error"]


def described(code: str | None = None, *replicas: int) -> Topic | None:
    """Read the metadata of a topic whose partitions have so many replicas."""
    error = None if code is None else KafkaError(getattr(KafkaError, code))
    partitions = {i: SimpleNamespace(replicas=[*range(n)]) for i, n in enumerate(replicas)}
    found = SimpleNamespace(topic="orders", error=error, partitions=partitions)
    return topic_of(cast("Any", found), SETTINGS)


def test_a_topic() -> None:
    """A topic has as many replicas as its partition with the most."""
    assert Topic("orders", 3, 3) == described(None, 3, 2, 3)


@pytest.mark.parametrize("code", ["LEADER_NOT_AVAILABLE", "REPLICA_NOT_AVAILABLE"])
def test_a_topic_without_a_leader_is_one(code: str) -> None:
    """A topic that lacks a leader or a replica for now is there."""
    assert Topic("orders", 1, 2) == described(code, 2)


def test_no_topic_is_none() -> None:
    """A topic that isn't there is none, and no error."""
    assert described("UNKNOWN_TOPIC_OR_PART") is None


def test_a_topic_that_may_not_be_looked_up() -> None:
    """A topic that the role may not describe is an error that names the permission."""
    with pytest.raises(NotAuthorized, match=r"kafka-cluster:DescribeTopic on .*/orders "):
        described("TOPIC_AUTHORIZATION_FAILED")


# A topic that was made a moment ago


class Rumours(Clients):
    """Clients whose brokers hear of a topic one after the other."""

    def __init__(self, num_ignorant: int) -> None:
        super().__init__(SETTINGS, TokenSource(SETTINGS))
        self.num_ignorant = num_ignorant

    def ask(self, *_: object) -> Any:  # noqa: ANN401 - as the original
        """See `Clients`."""
        self.num_ignorant -= 1
        code = KafkaError.UNKNOWN_TOPIC_OR_PART
        error = KafkaError(code) if self.num_ignorant >= 0 else None
        partitions = {0: SimpleNamespace(replicas=[1])}
        found = SimpleNamespace(topic="orders", error=error, partitions=partitions)
        return SimpleNamespace(topics={"orders": found})


def found_by(clients: Clients, seconds: float = 30) -> Topic | None:
    """Look the topic up."""
    return find_topic(clients, ADMIN, "orders", Deadline.after(seconds))


def test_a_topic_just_made_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that was made a moment ago is asked for until a broker has heard of it."""
    Clock(monkeypatch)
    clients = Rumours(3)
    clients.note_made("orders")
    assert Topic("orders", 1, 1) == found_by(clients)


def test_another_topic_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that nobody made lately is asked for once."""
    clock = Clock(monkeypatch)
    clients = Rumours(1)
    clients.note_made("events")
    assert found_by(clients) is None
    clients = Rumours(1)
    clients.note_made("orders")
    clock.move(NEWS_S)
    assert found_by(clients) is None


def test_topics_made_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that makes many topics remembers only those of the last seconds."""
    clock = Clock(monkeypatch)
    clients = Rumours(1)
    for name in ("orders", "events", "customers"):
        clients.note_made(name)
        clock.move(NEWS_S)
    clients.note_made("payments")
    assert ["payments"] == list(clients._made)


def test_waiting_for_news_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A topic that was made and deleted is given up after a while, or at the deadline."""
    clock = Clock(monkeypatch)
    for seconds, at_most_s in ((30, NEWS_S), (1, 1)):
        started_s = clock.now_s
        clients = Rumours(10_000)
        clients.note_made("orders")
        assert found_by(clients, seconds) is None
        assert at_most_s - 0.1 <= clock.now_s - started_s <= at_most_s + 0.1
