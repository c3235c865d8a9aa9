"""What a client tells about its connections."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException  # noqa: TID251 - what is heard

from msk_client.errors import AuthenticationFailed
from msk_client.kafka.connection import TRIES, Connection
from msk_client.kafka.iam import Token

FATAL = KafkaError(KafkaError._FATAL, "fenced", True)  # noqa: FBT003 - its only form
DOWN = KafkaError(KafkaError._ALL_BROKERS_DOWN)
LOGIN = KafkaError(KafkaError._AUTHENTICATION)
LOST = KafkaError(KafkaError._TRANSPORT)
BUSY = KafkaError(KafkaError.THROTTLING_QUOTA_EXCEEDED)


class Client:
    """A client that says something when it is polled."""

    def __init__(self, *says: KafkaError) -> None:
        self.says = list(says)

    def poll(self, _timeout_s: float) -> None:
        """See confluent_kafka: a fatal error is raised."""
        if self.says:
            raise KafkaException(self.says.pop())


def connection(client: Client | None = None, num_endpoints: int = 1) -> Connection[Any]:
    """Make a connection as it is after it was opened."""
    token = Token("token", "AKIDEXAMPLE", 0.0, 900.0)
    return Connection(cast("Any", client or Client()), token, 0.0, num_endpoints)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], False),
        ([BUSY], False),
        ([DOWN], True),
        ([LOGIN], True),
        ([LOST] * (TRIES - 1), False),
        ([LOST] * TRIES, True),
    ],
)
def test_when_a_client_has_given_up(said: list[KafkaError], *, expected: bool) -> None:
    """A client has given up when all is down, its login is refused, or its tries have failed."""
    subject = connection()
    for error in said:
        subject.hear(error)
    assert expected == subject.gave_up


def test_each_endpoint_is_tried() -> None:
    """A client with several bootstrap servers has hope until each of them has failed enough."""
    subject = connection(num_endpoints=2)
    for _ in range(2 * TRIES - 1):
        subject.hear(LOST)
    assert not subject.gave_up
    subject.hear(LOST)
    assert subject.gave_up


def test_a_token_that_cannot_be_renewed_ends_hope() -> None:
    """A client whose token can't be renewed has given up."""
    subject = connection()
    subject.renewal_failure = AuthenticationFailed("The credentials have ended.")
    assert subject.gave_up


def test_an_operation_begins_without_the_past() -> None:
    """What was said before an operation began doesn't count for it, but a fatal error does."""
    subject = connection()
    for error in (FATAL, DOWN, LOST):
        subject.hear(error)
    subject.begin()
    assert (False, False, []) == (subject.gave_up, subject.lost_a_connection, subject.said)
    assert FATAL is subject.fatal


def test_a_fatal_error_is_heard_from_a_poll() -> None:
    """A fatal error that a poll raises is kept like one that is called back, the first of them."""
    subject = connection(Client(KafkaError(KafkaError._FATAL, "second"), FATAL))
    subject.listen()
    subject.listen()
    assert FATAL is subject.fatal


@pytest.mark.parametrize(("error", "expected"), [(LOST, True), (DOWN, True), (BUSY, False)])
def test_a_lost_connection_is_known(error: KafkaError, *, expected: bool) -> None:
    """Whether an answer may have been lost is told from what was said."""
    subject = connection()
    subject.hear(error)
    assert expected == subject.lost_a_connection


def test_how_long_there_was_no_way_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time without a way in counts from its first sign, and an answer ends it."""
    now = iter([100.0, 103.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    subject = connection()
    assert 0.0 == subject.down_for_s()
    subject.hear(DOWN)
    subject.hear(DOWN)
    assert 3.0 == subject.down_for_s()
    subject.progress()
    assert 0.0 == subject.down_for_s()
