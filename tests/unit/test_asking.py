"""The first question of an operation: patience, one retry, and what is said in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException  # noqa: TID251 - what a client says

from msk_client.deadline import Deadline
from msk_client.errors import AuthenticationFailed, BrokerUnreachable
from msk_client.kafka.clients import ADMIN, Clients
from msk_client.kafka.connection import Connection
from msk_client.kafka.iam import Token, TokenSource
from tests.unit.invoking import SETTINGS, Clock

if TYPE_CHECKING:
    from collections.abc import Callable

TRANSPORT = "_TRANSPORT"
DOWN = KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down")
REFUSED = KafkaError(KafkaError._TRANSPORT, "b:1: Connect failed: Connection refused")
LOGIN = KafkaError(KafkaError._AUTHENTICATION, "b:1: SASL authentication error: Access denied")


class Client:
    """A client that tells errors when it is polled after a question."""

    def __init__(self, says: list[KafkaError]) -> None:
        self.says = says
        self.asked = False
        self.hear: Callable[[KafkaError], None] | None = None

    def poll(self, _timeout_s: float) -> None:
        """See confluent_kafka."""
        while self.asked and self.says and self.hear is not None:
            self.hear(self.says.pop(0))


class Rehearsed(Clients):
    """Clients of which each new one says what comes next in the script."""

    def __init__(self, *script: list[KafkaError]) -> None:
        super().__init__(SETTINGS, TokenSource(SETTINGS))
        self.script = list(script)
        self.made = 0

    def _make(self, kind: Any) -> Connection[Any]:  # noqa: ANN401, ARG002 - as the original
        self.made += 1
        client = Client(self.script.pop(0))
        connection: Connection[Any] = Connection(
            cast("Any", client), Token("t", "AKIDEXAMPLE", 0.0, 900.0), self.clock()
        )
        client.hear = connection.hear
        return connection


@pytest.fixture(name="clock")
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the monotonic clock by hand."""
    return Clock(monkeypatch)


def question(clock: Clock, *codes: str) -> Callable[[Any, float], str]:
    """Make a question that fails with these codes, each after its timeout, and then succeeds."""
    failures = list(codes)

    def ask(client: Any, timeout_s: float) -> str:  # noqa: ANN401 - of any kind
        client.asked = True
        if failures:
            clock.move(timeout_s)
            raise KafkaException(KafkaError(getattr(KafkaError, failures.pop(0))))
        return "an answer"

    return ask


def test_an_answer_comes_back(clock: Clock) -> None:
    """A question that is answered needs one client, which is kept."""
    clients = Rehearsed([])
    assert "an answer" == clients.ask(ADMIN, question(clock), Deadline.after(30))
    assert "an answer" == clients.ask(ADMIN, question(clock), Deadline.after(30))
    assert 1 == clients.made


@pytest.mark.parametrize("code", ["_TRANSPORT", "_TIMED_OUT", "_ALL_BROKERS_DOWN", "_RESOLVE"])
def test_a_connection_may_take_its_time(clock: Clock, code: str) -> None:
    """While a client is still connecting the question is put again, to the same client."""
    clients = Rehearsed([])
    asked = question(clock, code, code, code)
    assert "an answer" == clients.ask(ADMIN, asked, Deadline.after(30))
    assert 1 == clients.made


@pytest.mark.parametrize("said", [[REFUSED, DOWN], [LOGIN]])
def test_a_new_client_is_tried_once(clock: Clock, said: list[KafkaError]) -> None:
    """After a failure of transport or login a new client gets one more chance."""
    clients = Rehearsed(list(said), [])
    asked = question(clock, TRANSPORT)
    assert "an answer" == clients.ask(ADMIN, asked, Deadline.after(30))
    assert 2 == clients.made


@pytest.mark.parametrize(
    ("said", "expected"),
    [([REFUSED, DOWN], BrokerUnreachable), ([LOGIN], AuthenticationFailed)],
)
def test_a_second_failure_is_final(
    clock: Clock, said: list[KafkaError], expected: type[Exception]
) -> None:
    """When the new client fails as well its reason is raised, and neither client is kept."""
    clients = Rehearsed(list(said), list(said), [])
    with pytest.raises(expected):
        clients.ask(ADMIN, question(clock, *[TRANSPORT] * 99), Deadline.after(30))
    assert (2, {}) == (clients.made, clients._kept)


def test_an_answer_that_says_no_is_not_asked_again(clock: Clock) -> None:
    """What the cluster answers, a refusal for one, is raised at once and the client kept."""
    clients = Rehearsed([])
    with pytest.raises(KafkaException) as caught:
        clients.ask(ADMIN, question(clock, "TOPIC_AUTHORIZATION_FAILED"), Deadline.after(30))
    assert KafkaError.TOPIC_AUTHORIZATION_FAILED == caught.value.args[0].code()
    assert (1, [ADMIN.name]) == (clients.made, list(clients._kept))


@pytest.mark.parametrize(("seconds", "at_most_s"), [(30, 8.0), (3, 3.0)])
def test_silence_ends_in_time(clock: Clock, seconds: float, at_most_s: float) -> None:
    """A cluster that never answers is given up by the connect timeout or the deadline."""
    clients = Rehearsed([], [])
    with pytest.raises(BrokerUnreachable, match="no answer within"):
        clients.ask(ADMIN, question(clock, *["_TIMED_OUT"] * 999), Deadline.after(seconds))
    assert at_most_s - 0.5 <= clock.now_s - 1_000 <= at_most_s + 0.1
