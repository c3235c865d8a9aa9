"""Times as places, and waiting for a record."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.integration.answers import consume, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

pytestmark = pytest.mark.protocol

HOUR_MS = 3_600_000
NOON_MS = 1_700_000_000_000
LONG_MS = 30_000
"""A wait that no test may sit through."""


@pytest.fixture(name="unordered")
def a_topic_whose_times_go_back(topic: Callable[..., str], eyes: Eyes) -> str:
    """Records at 3, 1, 4 and 2 seconds after a certain time."""
    name = topic()
    times_ms = [NOON_MS + s * 1000 for s in (3, 1, 4, 2)]
    eyes.produce(name, [b"3", b"1", b"4", b"2"], timestamps_ms=times_ms)
    return name


@pytest.mark.parametrize(
    ("after_ms", "expected"),
    [
        (1000, ["3", "1", "4", "2"]),
        (2000, ["3", "1", "4", "2"]),
        (3000, ["3", "1", "4", "2"]),
        (3001, ["4", "2"]),
        (4000, ["4", "2"]),
        (4001, []),
    ],
)
def test_a_time_is_a_place_and_not_a_filter(
    call: CallFunction, unordered: str, after_ms: int, expected: list[str]
) -> None:
    """A read from a time starts at the first offset that is not older, and has all behind it."""
    body = call(consume(unordered, from_={"timestamp": NOON_MS + after_ms}))
    assert values_of(body) == expected
    assert (body["next"], "skipped" in body) == ({"0": 4}, False)


@pytest.mark.parametrize(
    ("after_ms", "expected"), [(1000, []), (3001, ["3", "1"]), (4001, ["3", "1", "4", "2"])]
)
def test_until_a_time_is_the_same_place(
    call: CallFunction, unordered: str, after_ms: int, expected: list[str]
) -> None:
    """A read until a time ends before the first offset that is not older, else at the end."""
    body = call(consume(unordered, until={"timestamp": NOON_MS + after_ms}))
    assert values_of(body) == expected


def test_a_window_of_two_times(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """ISO times with a zone, without one (UTC) and milliseconds mean the same."""
    name = topic()
    eyes.produce(name, [b"%d" % i for i in range(10)], timestamps_ms=_seconds_after_noon(10))
    start, end = (datetime.fromtimestamp(NOON_MS / 1000 + s, UTC) for s in (2, 5))
    for since, until in (
        (start.isoformat(), end.isoformat()),
        (start.replace(tzinfo=None).isoformat(), end.isoformat().replace("+00:00", "Z")),
        (NOON_MS + 2000, NOON_MS + 5000),
    ):
        body = call(consume(name, from_={"timestamp": since}, until={"timestamp": until}))
        assert values_of(body) == ["2", "3", "4"]
        assert (body["next"], body["lag"]) == ({"0": 5}, {"0": 5})


def _seconds_after_noon(count: int) -> list[int]:
    return [NOON_MS + i * 1000 for i in range(count)]


def test_relative_times_count_from_now(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """`-90m` is 90 minutes before now, as a start and as an end."""
    name = topic()
    now_ms = int(time.time() * 1000)
    ages_h = (3, 2, 1, 0)
    times_ms = [now_ms - hours * HOUR_MS for hours in ages_h]
    eyes.produce(name, [b"%d" % hours for hours in ages_h], timestamps_ms=times_ms)
    assert values_of(call(consume(name, from_="-90m"))) == ["1", "0"]
    assert values_of(call(consume(name, until="-90m"))) == ["3", "2"]
    assert values_of(call(consume(name, from_="-9000s", until="-1800s"))) == ["2", "1"]
    assert values_of(call(consume(name, from_="-1d"))) == ["3", "2", "1", "0"]


def test_each_partition_has_its_own_place(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A time is looked up in each partition; one without such a record is at its end."""
    name = topic(3)
    eyes.produce(name, [b"a", b"b"], 0, timestamps_ms=[NOON_MS, NOON_MS + 10])
    eyes.produce(name, [b"c"], 1, timestamps_ms=[NOON_MS])
    body = call(consume(name, from_={"timestamp": NOON_MS + 5}))
    assert values_of(body) == ["b"]
    assert body["next"] == {"0": 2, "1": 1, "2": 0}


def test_a_time_in_an_open_transaction_is_the_stable_end(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A time whose record is not stable yet starts the read at the last stable offset."""
    name = topic()
    eyes.produce(name, [b"old"], timestamps_ms=[NOON_MS])
    with eyes.transaction(name, [b"new"]):
        body = call(consume(name, from_={"timestamp": NOON_MS + 1}))
    assert (body["count"], body["next"], body["lag"]) == (0, {"0": 1}, {"0": 1})


# Waiting


def test_a_record_ends_the_wait(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """A record that arrives while the call waits is answered long before the wait is over."""
    name = topic(2)
    call(consume(name))
    writer = threading.Timer(0.5, eyes.produce, (name, [b"a", b"b"], 1))
    started = time.monotonic()
    writer.start()
    body = call(consume(name, wait_ms=LONG_MS))
    writer.join()
    assert time.monotonic() - started < LONG_MS / 2000
    assert (values_of(body)[0], body["stopped"]) == ("a", "end")
    assert body["end"] == {"0": 0, "1": body["count"]}


def test_without_a_record_the_wait_is_as_long_as_asked_for(
    call: CallFunction, topic: Callable[..., str]
) -> None:
    """Where nothing comes an empty page answers after `wait_ms`, and not before."""
    name = topic()
    call(consume(name))
    started = time.monotonic()
    body = call(consume(name, wait_ms=700))
    assert 0.7 <= time.monotonic() - started < 5
    assert (body["count"], body["stopped"], body["next"]) == (0, "end", {"0": 0})


def test_a_short_wait_of_a_cold_environment(call: CallFunction, topic: Callable[..., str]) -> None:
    """A wait shorter than connecting takes is no failure."""
    body = call(consume(topic(), wait_ms=1), fresh=True)
    assert (body["count"], body["stopped"]) == (0, "end")


def test_a_wait_ends_before_the_deadline(call: CallFunction, topic: Callable[..., str]) -> None:
    """A wait longer than the invocation may take ends in time, with an empty page."""
    name = topic()
    call(consume(name))
    started = time.monotonic()
    body = call(consume(name, wait_ms=LONG_MS), remaining_ms=3000)
    assert (body["count"], body["stopped"]) == (0, "end")
    assert time.monotonic() - started < 2.5


def test_aborted_records_do_not_end_the_wait(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """The wait goes on over an aborted transaction to the first record that can be read."""
    name = topic()

    def write() -> None:
        eyes.transact(name, [b"aborted"], commit=False)
        eyes.transact(name, [b"committed"])

    writer = threading.Thread(target=write)
    writer.start()
    body = call(consume(name, wait_ms=LONG_MS))
    writer.join()
    assert values_of(body) == ["committed"]


def test_there_is_no_wait_where_there_are_records(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A partition with records is read at once, although others have none."""
    name = topic(5)
    eyes.produce(name, [b"a"], 3)
    started = time.monotonic()
    assert values_of(call(consume(name, wait_ms=LONG_MS))) == ["a"]
    assert time.monotonic() - started < LONG_MS / 2000


def test_there_is_no_wait_for_an_end_that_is_reached(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Where `until` is reached no record to come could be read, so nothing is waited for."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])
    event = consume(name, from_={"offsets": {"0": 1}}, until={"offsets": {"0": 1}})
    started = time.monotonic()
    assert call(event | {"wait_ms": LONG_MS})["count"] == 0
    assert time.monotonic() - started < LONG_MS / 2000


def test_a_wait_does_not_move_the_start(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """`from: end` with a wait answers the first records after the call began."""
    name = topic()
    eyes.produce(name, [b"old"])
    call(consume(name))
    writer = threading.Timer(0.3, eyes.produce, (name, [b"new"]))
    writer.start()
    body = call(consume(name, from_="end", wait_ms=LONG_MS))
    writer.join()
    assert values_of(body) == ["new"]
