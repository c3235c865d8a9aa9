"""How long a send is worth waiting for, and why it came to nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException  # noqa: TID251 - what a client says

from msk_client import errors
from msk_client.kafka.clients import Clients
from msk_client.kafka.connection import Connection
from msk_client.kafka.iam import Token, TokenSource
from msk_client.kafka.patience import Patience
from tests.unit.invoking import SETTINGS, Clock

DOWN = KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down")
FENCED = KafkaError(KafkaError.CLUSTER_AUTHORIZATION_FAILED, "fatal", True)  # noqa: FBT003 - its only form


class Producer:
    """A producer whose cluster may answer; partitions are drawn as leader, in sync, replicas."""

    def __init__(self, *partitions: tuple[int, int, int], answers: bool = True) -> None:
        self.partitions = partitions
        self.answers = answers

    def list_topics(self, topic: str, timeout: float) -> object:
        """See confluent_kafka."""
        if not self.answers:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT, f"none in {timeout} s"))
        found = {
            i: SimpleNamespace(id=i, leader=leader, isrs=[*range(n)], replicas=[*range(of)])
            for i, (leader, n, of) in enumerate(self.partitions)
        }
        return SimpleNamespace(topics={topic: SimpleNamespace(partitions=found)})


def patience(producer: Producer) -> Patience:
    """Make what watches a send over a connection of this producer."""
    token = Token("t", "AKIDEXAMPLE", 0.0, 900.0)
    connection: Connection[Any] = Connection(cast("Any", producer), token, 0.0)
    return Patience(Clients(SETTINGS, TokenSource(SETTINGS)), connection, "orders")


@pytest.fixture(name="clock")
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the monotonic clock by hand."""
    return Clock(monkeypatch)


# How long


@pytest.mark.parametrize(("seconds", "expected"), [(7.9, False), (8.1, True)])
def test_brokers_may_be_down_for_a_while(clock: Clock, seconds: float, *, expected: bool) -> None:
    """A send is given up when there was no way in for longer than the connect timeout."""
    subject = patience(Producer(answers=False))
    assert not subject.is_over()
    subject.connection.hear(DOWN)
    clock.move(seconds)
    assert expected == subject.is_over()


def test_a_cluster_that_answers_is_worth_waiting_for(clock: Clock) -> None:
    """A send isn't given up while the cluster answers: it elects a leader or catches up."""
    subject = patience(Producer())
    subject.connection.hear(DOWN)
    clock.move(60)
    assert not subject.is_over()
    clock.move(7)
    assert not subject.is_over()


def test_a_fatal_error_ends_patience() -> None:
    """A send is given up at once when the client has reported a fatal error."""
    subject = patience(Producer())
    subject.connection.hear(FENCED)
    assert subject.is_over()


def test_a_token_that_cannot_be_renewed_ends_patience() -> None:
    """A send is given up at once when no new token could be made."""
    subject = patience(Producer())
    subject.connection.renewal_failure = errors.AuthenticationFailed("They have ended.")
    assert subject.is_over()


# Why


def test_a_fatal_error_is_the_cause() -> None:
    """The cause of a fatal error is that error, with the permission that lacks."""
    subject = patience(Producer((1, 1, 3)))
    subject.connection.hear(FENCED)
    problem = subject.cause()
    assert errors.NotAuthorized is type(problem)
    assert "kafka-cluster:WriteDataIdempotently" in str(problem)


def test_no_way_in_is_the_cause(clock: Clock) -> None:
    """Where no broker could be reached that is the cause, with the time that was waited."""
    subject = patience(Producer((1, 1, 3)))
    subject.connection.hear(DOWN)
    clock.move(8.4)
    problem = subject.cause()
    assert errors.BrokerUnreachable is type(problem)
    assert "within 8.4 s" in str(problem)


def test_replicas_that_lack_are_the_cause() -> None:
    """Where replicas or leaders lack, that is the cause, by partition, of the first three."""
    partitions = [(1, 3, 3), (1, 1, 3), (-1, 0, 3), (2, 2, 3), (2, 1, 3)]
    problem = patience(Producer(*partitions)).cause()
    assert errors.ThrottledOrBusy is type(problem)
    told = "partition 1 has 1 of 3, partition 2 has 0 of 3 and no leader, partition 3 has 2 of 3. "
    assert told in str(problem)


@pytest.mark.parametrize("producer", [Producer((1, 3, 3)), Producer(answers=False)])
def test_time_is_the_cause_of_last_resort(clock: Clock, producer: Producer) -> None:
    """Where nothing else is known the time ran out, and the message tells how much there was."""
    subject = patience(producer)
    clock.move(2.5)
    problem = subject.cause()
    assert errors.DeadlineExceeded is type(problem)
    assert "2.5 s after sending to topic 'orders'" in str(problem)
