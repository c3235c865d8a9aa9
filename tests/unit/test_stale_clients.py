"""Which clients a thawed environment uses again: judged by wall clock."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from msk_client.kafka import MskKafka
from msk_client.kafka.clients import ADMIN, PRODUCER, Clients
from msk_client.kafka.connection import Connection
from msk_client.kafka.iam import Token, TokenSource
from msk_client.kafka.properties import IDLE_LIMIT_S
from tests.unit.invoking import SETTINGS

START_S = 1_700_000_000.0


class Clock:
    """A wall clock that is set by hand."""

    now_s = START_S

    def __call__(self) -> float:
        """See `time.time`."""
        return self.now_s


@pytest.fixture(name="clock")
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the wall clock by hand, and let the monotonic one stand still as in a freeze."""
    monkeypatch.setattr(time, "monotonic", lambda: 1_000.0)
    return Clock()


def kept(clock: Clock, life_s: float = 900) -> Clients:
    """Make clients that keep one, connected and used now with a new token."""
    clients = Clients(SETTINGS, TokenSource(SETTINGS), clock)
    token = Token("token", "AKIDEXAMPLE", clock(), clock() + life_s)
    clients._kept[ADMIN.name] = Connection(cast("Any", object()), token, clock())
    return clients


def survives(clients: Clients) -> bool:
    """Tell whether the client is still kept as an invocation begins."""
    clients.drop_stale()
    return ADMIN.name in clients._kept


@pytest.mark.parametrize(
    ("idle_s", "expected"),
    [(0, True), (IDLE_LIMIT_S, True), (IDLE_LIMIT_S + 0.1, False), (3_600, False), (1e9, False)],
)
def test_idle_connections_are_dropped(clock: Clock, idle_s: float, *, expected: bool) -> None:
    """A client that slept too long is dropped, although the monotonic clock stood still."""
    clients = kept(clock, life_s=1e10)
    clock.now_s += idle_s
    assert expected == survives(clients)


@pytest.mark.parametrize(("age_s", "expected"), [(719, True), (721, False), (901, False)])
def test_old_tokens_are_dropped(clock: Clock, age_s: float, *, expected: bool) -> None:
    """A client whose token is past 80 % of its life, when it is renewed, is dropped."""
    clients = kept(clock)
    clock.now_s += age_s
    clients.get(ADMIN)
    assert expected == survives(clients)


def test_a_short_lived_token(clock: Clock) -> None:
    """The share of a token's life counts, whatever its length."""
    clients = kept(clock, life_s=10)
    clock.now_s += 7.9
    assert survives(clients)
    clock.now_s += 0.2
    assert not survives(clients)


@pytest.mark.parametrize("step_s", [0.1, 3_600, 1e9])
def test_a_clock_that_goes_backwards(clock: Clock, step_s: float) -> None:
    """A client that was used in the future is dropped: nobody knows how long it slept."""
    clients = kept(clock)
    clock.now_s -= step_s
    assert not survives(clients)


def test_use_keeps_a_client(clock: Clock) -> None:
    """A client that is used again and again is kept: idle time counts from its last use."""
    clients = kept(clock)
    connection = clients.get(ADMIN)
    for _ in range(5):
        clock.now_s += IDLE_LIMIT_S
        assert survives(clients)
        assert connection is clients.get(ADMIN)


def test_each_client_is_judged_alone(clock: Clock) -> None:
    """A client that is stale doesn't take a fresh one with it."""
    clients = kept(clock)
    clock.now_s += 60
    token = Token("token", "AKIDEXAMPLE", clock(), clock() + 900)
    clients._kept[PRODUCER.name] = Connection(cast("Any", object()), token, clock())
    clients.drop_stale()
    assert [PRODUCER.name] == list(clients._kept)


def test_a_dropped_client_is_forgotten(clock: Clock) -> None:
    """A client that is dropped is let go of, and dropping it twice does no harm."""
    clients = kept(clock)
    connection = clients.get(ADMIN)
    clients.drop(ADMIN)
    clients.drop(ADMIN)
    assert not survives(clients)
    assert not hasattr(connection, "client")


def test_an_invocation_begins_by_dropping(clock: Clock) -> None:
    """The cluster drops stale clients as each invocation begins."""
    kafka = MskKafka(SETTINGS)
    kafka.clients = kept(clock)
    clock.now_s += 3_600
    kafka.begin_invocation()
    assert {} == kafka.clients._kept
