"""Offsets without records: what compaction, markers, deletions and new topics leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from msk_client.deadline import Deadline
from msk_client.errors import OffsetOutOfRange, UnknownTopic
from msk_client.ports import Beginning, Position
from msk_client.records import Record
from tests.integration.answers import consume, pages_of, places_of, values_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.kafka import MskKafka
    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

pytestmark = pytest.mark.protocol

SHORT_MS = 5_000
LARGE = 1_000_000
"""Bytes of a record of which not many fit into the client's queue."""


LEFT = [*range(83, 100)]
UP_TO_LAST: dict[str, object] = {"until": {"offsets": {"0": 100}}}
"""Behind the compacted records stand one or two that made the broker compact the others."""


@pytest.fixture(name="compacted")
def a_compacted_topic(topic: Callable[..., str], eyes: Eyes) -> str:
    """A topic of whose first hundred offsets compaction has left the last few."""
    name = topic(config={"cleanup.policy": "compact"})
    keys = [b"k%d" % (i % 7 if i < 90 else i) for i in range(100)]
    eyes.produce(name, [b"%d" % i for i in range(100)], keys=keys)
    eyes.compact(name)
    assert [record.offset() for record in eyes.records(name)][: len(LEFT)] == LEFT
    return name


def test_a_compacted_topic_is_read_to_its_end(
    call: CallFunction, compacted: str, eyes: Eyes
) -> None:
    """The records that compaction has left come, and `next` is the end of the log."""
    body = call(consume(compacted), SHORT_MS)
    assert [offset for _, offset in places_of(body)][: len(LEFT)] == LEFT
    assert body["next"] == {"0": eyes.watermarks(compacted)[1]}
    assert (body["stopped"], "skipped" in body) == ("end", False)


def test_a_read_can_start_and_end_where_records_are_gone(
    call: CallFunction, compacted: str
) -> None:
    """A range within what was compacted away has no records and is read at once."""
    gap = consume(compacted, from_={"offsets": {"0": 10}}, until={"offsets": {"0": 50}})
    body = call(gap, SHORT_MS)
    assert (body["records"], body["stopped"], body["next"]) == ([], "end", {"0": 50})


@pytest.mark.parametrize("count", [1, 5, 17, 18, 1000])
def test_a_tail_counts_records_and_not_offsets(
    call: CallFunction, compacted: str, count: int
) -> None:
    """The last n records of a compacted topic are n records, as far as there are so many."""
    body = call(consume(compacted, from_={"tail": count}, **UP_TO_LAST), SHORT_MS)
    assert [offset for _, offset in places_of(body)] == LEFT[-count:]


def test_a_tail_steps_back_over_a_gap(call: CallFunction, compacted: str) -> None:
    """A tail below an `until` in a gap finds nothing there but the beginning, and ends."""
    event = consume(compacted, from_={"tail": 2}, until={"offsets": {"0": 60}})
    body = call(event, SHORT_MS)
    assert (body["records"], body["next"]) == ([], {"0": 60})


@pytest.mark.parametrize(
    ("isolation", "expected"),
    [("read_committed", ["4", "6", "8"]), ("read_uncommitted", ["6", "7", "8"])],
)
def test_a_tail_steps_back_over_markers(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes, isolation: str, expected: list[str]
) -> None:
    """Markers and aborted records don't count in a tail."""
    name = topic()
    for i in range(9):
        eyes.transact(name, [b"%d" % i], commit=i % 2 == 0)
    body = call(consume(name, from_={"tail": 3}, isolation=isolation), SHORT_MS)
    assert (values_of(body), body["next"]) == (expected, {"0": 18})


def test_a_tail_over_nothing_but_aborted_records(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """The tail goes back over many aborted records to the last that can be read."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])
    eyes.transact(name, [b"x"] * 500, commit=False)
    assert values_of(call(consume(name, from_={"tail": 1}), SHORT_MS)) == ["b"]


def test_a_tail_is_of_each_partition(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Each partition has its own tail; one with fewer records is read whole."""
    name = topic(4)
    for partition, count in enumerate((10, 1, 0, 3)):
        eyes.produce(name, [b"x"] * count, partition)
    body = call(consume(name, from_={"tail": 2}), SHORT_MS)
    assert sorted(places_of(body)) == [(0, 8), (0, 9), (1, 0), (3, 1), (3, 2)]


def test_a_tail_counts_back_from_until(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """With `until` the tail is the last n records before that."""
    name = topic()
    eyes.produce(name, [b"%d" % i for i in range(10)])
    body = call(consume(name, from_={"tail": 3}, until={"offsets": {"0": 6}}))
    assert values_of(body) == ["3", "4", "5"]


def test_deleted_records_are_reported(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A start below the log's beginning goes on there, and `skipped` says what was lost."""
    name = topic(2)
    eyes.produce(name, [b"%d" % i for i in range(10)])
    eyes.delete_records(name, {0: 7})
    body = call(consume(name, from_={"offsets": {"0": 2, "1": 0}}), SHORT_MS)
    assert values_of(body) == ["7", "8", "9"]
    assert body["skipped"] == {"0": {"from": 2, "to": 7}}


def test_a_beginning_that_moved_is_no_loss(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """`from: beginning` skips nothing: it starts where the log starts."""
    name = topic()
    eyes.produce(name, [b"%d" % i for i in range(10)])
    eyes.delete_records(name, {0: 10})
    body = call(consume(name), SHORT_MS)
    assert (body["count"], body["next"], "skipped" in body) == (0, {"0": 10}, False)


def test_an_until_below_the_beginning_reads_nothing(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Where everything asked for is deleted the page is empty and says so."""
    name = topic()
    eyes.produce(name, [b"%d" % i for i in range(10)])
    eyes.delete_records(name, {0: 8})
    event = consume(name, from_={"offsets": {"0": 1}}, until={"offsets": {"0": 5}})
    body = call(event, SHORT_MS)
    assert (body["count"], body["stopped"], body["next"]) == (0, "end", {"0": 8})
    assert body["skipped"] == {"0": {"from": 1, "to": 8}}


def test_a_deletion_that_overtakes_the_read_is_reported(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes, deadline: Deadline
) -> None:
    """When retention overtakes a read each offset is either delivered or reported as skipped."""
    name = topic()
    eyes.produce(name, [b"x" * LARGE] * 100)
    read = kafka.read(name, {0: (0, 100)}, deadline, read_committed=True)
    first = next(read)
    eyes.delete_records(name, {0: 95})
    rest = list(read)
    offsets = [event.offset for event in [first, *rest] if isinstance(event, Record)]
    (gap,) = (event for event in rest if isinstance(event, Beginning))
    assert gap.to_offset == 95
    assert offsets == [*range(gap.from_offset), *range(95, 100)]
    assert rest[-1] == Position(0, 100)


def test_a_read_of_which_the_rest_is_deleted_ends(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes, deadline: Deadline
) -> None:
    """When everything up to the end is deleted during a read, it ends at the new beginning."""
    name = topic()
    eyes.produce(name, [b"x" * LARGE] * 60)
    read = kafka.read(name, {0: (0, 50)}, deadline, read_committed=True)
    next(read)
    eyes.delete_records(name, {0: 60})
    rest = list(read)
    assert next(event for event in rest if isinstance(event, Beginning)).to_offset == 60
    assert rest[-1] == Position(0, 60)


def test_a_start_above_the_end_is_refused(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A start beyond the end raises `OffsetOutOfRange`, which names partition, offset and end."""
    name = topic(2)
    eyes.produce(name, [b"a"], 1)
    with pytest.raises(OffsetOutOfRange) as raised:
        call(consume(name, from_={"offsets": {"0": 0, "1": 2}}))
    assert f"Partition 1 of topic {name!r} ends at offset 1" in str(raised.value)
    assert "asked for, 2" in str(raised.value)


def test_positions_of_a_topic_that_was_made_anew_are_refused(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """What is left of an older topic of the same name doesn't silently skip to the end."""
    name = topic()
    eyes.produce(name, [b"old"] * 5)
    body = call(consume(name))
    eyes.delete_topic(name)
    eyes.create_topic(name=name)
    eyes.produce(name, [b"new"])
    with pytest.raises(OffsetOutOfRange, match="made anew"):
        call(consume(name, from_={"offsets": body["next"]}))
    assert values_of(call(consume(name))) == ["new"]


def test_a_topic_made_anew_during_the_read(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A read that outlives its topic ends with `OffsetOutOfRange`, not at the deadline."""
    name = topic()
    eyes.produce(name, [b"x" * LARGE] * 60)
    read = kafka.read(name, {0: (0, 60)}, Deadline.after(60), read_committed=True)
    next(read)
    eyes.delete_topic(name)
    eyes.create_topic(name=name)
    with pytest.raises((OffsetOutOfRange, UnknownTopic)):
        list(read)


def test_a_topic_deleted_during_the_read(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A read whose topic is deleted ends with `UnknownTopic`, not at the deadline."""
    name = topic()
    eyes.produce(name, [b"x" * LARGE] * 60)
    read = kafka.read(name, {0: (0, 60)}, Deadline.after(60), read_committed=True)
    next(read)
    eyes.delete_topic(name)
    with pytest.raises(UnknownTopic, match="any more"):
        list(read)


def test_an_unknown_topic_is_refused(call: CallFunction) -> None:
    """A topic that isn't there is an error, not an empty page."""
    with pytest.raises(UnknownTopic, match="'no-such-topic' doesn't exist"):
        call(consume("no-such-topic"))


def test_pages_go_on_over_gaps(call: CallFunction, compacted: str) -> None:
    """Pages of a compacted topic have every record that is left exactly once."""
    pages = list(pages_of(call, consume(compacted, max_records=5, **UP_TO_LAST)))
    assert [offset for page in pages for _, offset in places_of(page)] == LEFT
    assert [page["stopped"] for page in pages] == ["max_records"] * 3 + ["end"]
