"""The time that is left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.deadline import Deadline
from msk_client.errors import DeadlineExceeded
from tests.unit.invoking import Context, KeptKafka, invoke

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(name="clock")
def monotonic_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Stop the monotonic clock at 1,000 s; the fixture moves it on."""
    now = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


@pytest.mark.parametrize(
    ("remaining_ms", "left_s"),
    [(3_000, 2.5), (10_000, 9.5), (10_001, 9.50095), (30_000, 28.5), (900_000, 855.0)],
)
@pytest.mark.usefixtures("clock")
def test_a_reserve_is_kept(remaining_ms: int, left_s: float) -> None:
    """Of Lambda's remaining time 500 ms or 5 %, whichever is more, are kept for the answer."""
    assert left_s == pytest.approx(Deadline.of(Context(remaining_ms)).left_s)


@pytest.mark.parametrize("remaining_ms", [-10, 0, 499, 500])
@pytest.mark.usefixtures("clock")
def test_nothing_is_left_of_too_little(remaining_ms: int) -> None:
    """Where no more than the reserve remains, nothing is left and the deadline has passed."""
    deadline = Deadline.of(Context(remaining_ms))
    assert (0.0, True) == (deadline.left_s, deadline.passed)


def test_time_passes(clock: Callable[[float], None]) -> None:
    """What is left shrinks with the monotonic clock and is never negative."""
    deadline = Deadline.after(2)
    left = []
    for _ in range(3):
        left.append((deadline.left_s, deadline.passed))
        clock(1.5)
    assert [(2.0, False), (0.5, False), (0.0, True)] == left


@pytest.mark.usefixtures("clock")
def test_the_wall_clock_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall clock that is set within an invocation neither ends nor prolongs it."""
    deadline = Deadline.after(2)
    monkeypatch.setattr(time, "time", lambda: 9e9)
    assert 2.0 == deadline.left_s


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("seconds", "left_s"), [(1, 1.0), (5, 3.0)])
def test_within_takes_the_earlier_one(seconds: float, left_s: float) -> None:
    """A wait of its own within a deadline ends at whichever comes first."""
    assert left_s == Deadline.after(3).within(seconds).left_s


@pytest.mark.usefixtures("clock")
def test_earlier_leaves_time_for_more() -> None:
    """A deadline can be taken some time before another."""
    assert 2.0 == Deadline.after(3).earlier(1).left_s


@given(st.integers(0, 900_000))
def test_the_reserve_never_exceeds_the_rest(remaining_ms: int) -> None:
    """Whatever Lambda leaves, the deadline is within it, and by 500 ms at least."""
    left_s = Deadline.of(Context(remaining_ms)).left_s
    assert 0 <= left_s <= max(0.0, remaining_ms / 1000 - 0.5)


def test_too_little_time_is_said_before_anything_is_done() -> None:
    """An invocation with less time than the reserve fails at once, and asks Kafka nothing."""
    kafka = KeptKafka()
    with pytest.raises(DeadlineExceeded, match="longer timeout"):
        invoke({"action": "ping"}, kafka, remaining_ms=400)
    assert (0, []) == (kafka.invocations, kafka.calls)
