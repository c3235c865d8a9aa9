"""Where a read ends: the last stable offset or the high watermark, without idling there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from msk_client.kafka import MskKafka
from tests.integration.answers import consume, pages_of, places_of, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

pytestmark = pytest.mark.protocol

SHORT_MS = 5_000
"""A read that idled at the end would stop at this deadline, and say so."""


def test_an_open_transaction_ends_a_committed_read(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A committed read ends at the open transaction, and its lag counts what lies behind."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])
    with eyes.transaction(name, [b"c", b"d"]):
        body = call(consume(name), SHORT_MS)
    assert values_of(body) == ["a", "b"]
    assert body["stopped"] == "end"
    assert (body["next"], body["end"], body["lag"]) == ({"0": 2}, {"0": 2}, {"0": 2})


def test_an_uncommitted_read_goes_to_the_high_watermark(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """An uncommitted read has the records of open transactions, and no lag."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])
    with eyes.transaction(name, [b"c", b"d"]):
        body = call(consume(name, isolation="read_uncommitted"), SHORT_MS)
    assert values_of(body) == ["a", "b", "c", "d"]
    assert body["stopped"] == "end"
    assert (body["next"], body["end"], body["lag"]) == ({"0": 4}, {"0": 4}, {"0": 0})


@pytest.mark.parametrize(
    ("isolation", "commit", "expected"),
    [
        ("read_committed", True, ["a", "b", "c"]),
        ("read_committed", False, ["a"]),
        ("read_uncommitted", True, ["a", "b", "c"]),
        ("read_uncommitted", False, ["a", "b", "c"]),
    ],
)
def test_a_marker_at_the_end_is_passed_at_once(  # noqa: PLR0913 - three fixtures, one case
    call: CallFunction,
    topic: Callable[..., str],
    eyes: Eyes,
    isolation: str,
    expected: list[str],
    *,
    commit: bool,
) -> None:
    """Where a log ends with a transaction's marker the read passes it, and `next` is the end."""
    name = topic()
    eyes.produce(name, [b"a"])
    eyes.transact(name, [b"b", b"c"], commit=commit)
    body = call(consume(name, isolation=isolation), SHORT_MS)
    assert values_of(body) == expected
    assert body["stopped"] == "end"
    assert (body["next"], body["end"], body["lag"]) == ({"0": 4}, {"0": 4}, {"0": 0})


def test_what_an_open_transaction_hides_comes_later(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Records behind an open transaction come, in their order, once it has ended."""
    name = topic()
    with eyes.transaction(name, [b"a"]):
        eyes.produce(name, [b"b"])
        hidden = call(consume(name), SHORT_MS)
    assert (hidden["records"], hidden["next"], hidden["lag"]) == ([], {"0": 0}, {"0": 2})
    shown = call(consume(name, from_={"offsets": hidden["next"]}), SHORT_MS)
    assert values_of(shown) == ["a", "b"]


def test_aborted_records_alone_are_an_empty_page(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A log of nothing but aborted records is read to its end, without a record."""
    name = topic()
    eyes.transact(name, [b"x"] * 100, commit=False)
    body = call(consume(name), SHORT_MS)
    assert (body["count"], body["stopped"], body["next"]) == (0, "end", {"0": 101})


def test_pages_go_on_over_markers(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Pages of two records over transactions have every committed record exactly once."""
    name = topic()
    for i in range(6):
        eyes.transact(name, [b"%d" % i], commit=i % 3 != 1)
    pages = list(pages_of(call, consume(name, max_records=2)))
    assert [value for page in pages for value in values_of(page)] == ["0", "2", "3", "5"]
    assert pages[-1]["next"] == {"0": 12}


def test_an_empty_topic_is_read_at_once(call: CallFunction, topic: Callable[..., str]) -> None:
    """An empty topic answers an empty page with a position for each partition."""
    body = call(consume(topic(3)), SHORT_MS)
    assert (body["records"], body["count"], body["stopped"]) == ([], 0, "end")
    assert body["next"] == body["end"] == body["lag"] == {"0": 0, "1": 0, "2": 0}


def test_the_end_is_taken_once(
    call: CallFunction,
    topic: Callable[..., str],
    eyes: Eyes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Records that arrive during the read are left for the next one."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])
    real_read = MskKafka.read

    def read_later(*args: object, **options: object) -> object:
        eyes.produce(name, [b"late"])
        return real_read(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(MskKafka, "read", read_later)
    body = call(consume(name), SHORT_MS)
    assert values_of(body) == ["a", "b"]
    assert (body["next"], body["stopped"]) == ({"0": 2}, "end")


def test_the_start_can_be_the_end(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """`from: end` reads nothing and answers where to go on: what comes later is read from there."""
    name = topic(2)
    eyes.produce(name, [b"old"], 1)
    body = call(consume(name, from_="end"), SHORT_MS)
    assert (body["count"], body["next"]) == (0, {"0": 0, "1": 1})
    eyes.produce(name, [b"new"], 1)
    later = call(consume(name, from_={"offsets": body["next"]}), SHORT_MS)
    assert places_of(later) == [(1, 1)]


def test_chosen_partitions_only(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """With `partitions` only those are read and reported."""
    name = topic(4)
    for partition in range(4):
        eyes.produce(name, [b"%d" % partition], partition)
    body = call(consume(name, partitions=[3, 1, 3]), SHORT_MS)
    assert sorted(places_of(body)) == [(1, 0), (3, 0)]
    assert body["next"] == {"1": 1, "3": 1}


def test_until_is_exclusive(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """A read ends before the offset in `until`; a partition not named there is read to its end."""
    name = topic(2)
    for partition in range(2):
        eyes.produce(name, [b"a", b"b", b"c"], partition)
    body = call(consume(name, until={"offsets": {"0": 1}}), SHORT_MS)
    assert sorted(places_of(body)) == [(0, 0), (1, 0), (1, 1), (1, 2)]
    assert (body["end"], body["lag"]) == ({"0": 1, "1": 3}, {"0": 2, "1": 0})
    beyond = call(consume(name, from_={"offsets": {"0": 2}}, until={"offsets": {"0": 99}}))
    assert (places_of(beyond), beyond["end"]) == ([(0, 2)], {"0": 3})
