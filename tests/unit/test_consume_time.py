"""consume: waiting for records, and time that runs out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from msk_client.errors import DeadlineExceeded
from tests.unit.invoking import Clock, KeptKafka, body, cluster, invoke, outgoing, places

if TYPE_CHECKING:
    from collections.abc import Callable


def event(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a consume event."""
    return {"action": "consume", "topic": "orders", **fields}


@pytest.fixture(name="clock")
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set the monotonic clock by hand; who sleeps moves it on."""
    return Clock(monkeypatch)


@pytest.fixture(name="at")
def schedule(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[[float, Any], None]:
    """Let something happen as soon as so many seconds have been slept."""
    planned: list[tuple[float, Callable[[], object]]] = []
    start_s = clock.now_s

    def sleep(seconds: float) -> None:
        clock.move(seconds)
        while planned and clock.now_s - start_s >= planned[0][0]:
            planned.pop(0)[1]()

    monkeypatch.setattr("time.sleep", sleep)
    return lambda seconds, happens: planned.append((seconds, happens))


# Waiting


@pytest.mark.parametrize("start", ["beginning", "end", {"tail": 5}, {"offsets": {"0": 2}}])
def test_a_record_that_comes_is_read(
    clock: Clock, at: Callable[[float, Any], None], start: object
) -> None:
    """A call that finds nothing waits for the first record and reads to the end as it is then."""
    kafka = cluster("..")
    (log,) = kafka.logs["orders"]
    at(3, lambda: [log.append(outgoing()) for _ in range(2)])
    answer = body(event(**{"from": start}, wait_ms=10_000), kafka)
    assert ([(0, 2), (0, 3)], {"0": 4}, "end") == (
        places(answer),
        answer["end"],
        answer["stopped"],
    )
    assert 1_003 <= clock.now_s < 1_004


def test_nothing_comes(clock: Clock) -> None:
    """A call that waits in vain answers an empty page when its patience ends."""
    answer = body(event(wait_ms=5_000), cluster("."))
    assert ([], "end", {"0": 1}) == (answer["records"], answer["stopped"], answer["next"])
    assert 1_005 == pytest.approx(clock.now_s)


def test_patience_ends_before_the_deadline(clock: Clock) -> None:
    """However long a call may wait, it answers an empty page within its time."""
    assert 0 == body(event(wait_ms=900_000), cluster("."), remaining_ms=10_000)["count"]
    assert 1_005 < clock.now_s < 1_009.5


def test_what_is_there_is_not_waited_for(clock: Clock) -> None:
    """A call that finds a record answers at once."""
    assert 1 == body(event(wait_ms=10_000), cluster("r"))["count"]
    assert 1_000 == clock.now_s


def test_markers_are_not_records(clock: Clock, at: Callable[[float, Any], None]) -> None:
    """A log that grows by markers only is waited for on."""
    kafka = cluster("")
    (log,) = kafka.logs["orders"]
    at(1, log.gap)
    at(2, lambda: log.append(outgoing()))
    assert [(0, 1)] == places(body(event(wait_ms=10_000), kafka))
    assert 1_002 <= clock.now_s < 1_003


@pytest.mark.parametrize("until", [{"offsets": {"0": 1}}, {"timestamp": 10**12 + 2}])
def test_an_end_that_is_reached_is_final(clock: Clock, until: object) -> None:
    """A read whose `until` is reached without a record doesn't wait for what can't come."""
    assert 0 == body(event(until=until, wait_ms=9_000), cluster("..r"))["count"]
    assert 1_000 == clock.now_s


def test_an_end_that_is_still_to_come_is_waited_for(at: Callable[[float, Any], None]) -> None:
    """A read whose `until` lies beyond the log waits for records before it."""
    kafka = cluster("")
    at(1, lambda: [kafka.logs["orders"][0].append(outgoing()) for _ in range(3)])
    answer = body(event(until={"offsets": {"0": 2}}, wait_ms=5_000), kafka)
    assert ([(0, 0), (0, 1)], {"0": 2}) == (places(answer), answer["end"])


def test_waiting_moves_the_bookmark(at: Callable[[float, Any], None]) -> None:
    """A call that waits and commits moves the bookmark behind what came."""
    kafka = cluster("r")
    kafka.bookmarks["mine", "orders"] = {0: 1}
    at(1, lambda: kafka.logs["orders"][0].append(outgoing()))
    body(event(group="mine", commit=True, wait_ms=5_000), kafka)
    assert {0: 2} == kafka.bookmarks["mine", "orders"]


# Time that runs out


def slowed(kafka: KeptKafka, clock: Clock, patch: pytest.MonkeyPatch, seconds: float) -> KeptKafka:
    """Let each event of a read take so many seconds."""
    read = kafka.read

    def slow_read(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the fake
        for each in read(*arguments, **options):
            clock.move(seconds)
            yield each

    patch.setattr(kafka, "read", slow_read)
    return kafka


def test_a_page_ends_at_the_deadline(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the time runs out what was read is answered, and the next page goes on behind it."""
    kafka = slowed(cluster("r" * 50), clock, monkeypatch, 1)
    answer = body(event(), kafka, remaining_ms=10_000)
    assert ("deadline", {"0": answer["count"]}) == (answer["stopped"], answer["next"])
    assert 9 <= answer["count"] <= 10
    assert clock.now_s <= 1_010


def test_a_commit_is_made_within_the_time(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that is to be committed stops early enough for its commit."""
    kafka = slowed(cluster("r" * 50), clock, monkeypatch, 0.25)
    answer = body(event(group="mine", commit=True), kafka, remaining_ms=10_000)
    assert ("deadline", True) == (answer["stopped"], answer["committed"])
    assert {0: answer["count"]} == kafka.bookmarks["mine", "orders"]
    assert clock.now_s < 1_009.5


def test_no_record_in_time_is_an_error(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that brings nothing in its time is an error, for an empty page would be untrue."""
    kafka = cluster("rrr")

    def read_nothing(*_: object, **__: object) -> Any:  # noqa: ANN401 - as the fake
        clock.move(60)
        yield from ()

    monkeypatch.setattr(kafka, "read", read_nothing)
    with pytest.raises(DeadlineExceeded, match=r"before a record of topic 'orders' came"):
        invoke(event(), kafka)


def test_a_tail_that_takes_too_long(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search for the tail that doesn't end in time is an error, and no shorter tail."""
    kafka = slowed(cluster("r" * 50), clock, monkeypatch, 1)
    with pytest.raises(DeadlineExceeded, match="looking for the tail"):
        invoke(event(**{"from": {"tail": 40}}), kafka, remaining_ms=10_000)
