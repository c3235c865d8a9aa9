"""Which offsets of each partition a read covers. Ends are taken once, at the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msk_client.errors import DeadlineExceeded, InvalidRequest, OffsetOutOfRange
from msk_client.ports import Mark, Position
from msk_client.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.actions.consuming.place import Place
    from msk_client.deadline import Deadline
    from msk_client.ports import Kafka, Offsets

STEP_GROWTH = 2
"""How many times farther back each step of a search for the tail looks."""


@dataclass(frozen=True)
class Range:
    """One partition's read: [start, end)."""

    start: int
    end: int
    high: int
    asked: int
    """Where it would have started, had nothing been deleted."""

    final: bool
    """Whether records that are still to come can't move the end."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to read."""
        return self.start >= self.end


Ranges = dict[int, Range]


@dataclass(frozen=True)
class Log:
    """A topic's partitions as a read sees them."""

    kafka: Kafka
    topic: str
    partitions: Sequence[int]
    read_committed: bool
    deadline: Deadline

    @property
    def isolation(self) -> str:
        """Kafka's name for which records are read."""
        return "read_committed" if self.read_committed else "read_uncommitted"

    @property
    def end(self) -> Mark:
        """What a read can reach."""
        return Mark.STABLE_END if self.read_committed else Mark.END

    def offsets(self, *places: Mark | int) -> list[Offsets]:
        """Look up offsets of each partition."""
        return self.kafka.offsets(self.topic, self.partitions, places, self.deadline)

    def view(self, *places: Place) -> View:
        """Look up at once all that these places need to know."""
        times = [place.timestamp_ms for place in places if place.kind == "timestamp"]
        low, high, limit, *found = self.offsets(Mark.BEGINNING, Mark.END, self.end, *times)
        return View(low, high, limit, dict(zip(times, found, strict=True)))


@dataclass(frozen=True)
class View:
    """What each partition was like when the read began."""

    low: Offsets
    high: Offsets
    limit: Offsets
    """The end that a read can reach."""

    by_time: dict[int, Offsets]
    """The first offset at or after a time in ms, where there is one."""


def resolve(log: Log, start: Place, until: Place, committed: Offsets) -> Ranges:
    """Find the range of each partition; raises `OffsetOutOfRange` for a start beyond the log."""
    view = log.view(start, until)
    wanted = _wanted_ends(log, until, view)
    ends = {p: min(wanted.get(p, limit), limit) for p, limit in view.limit.items()}
    starts = _starts(log, start, view, ends, committed)
    return {
        p: Range(
            start=max(_checked(log.topic, p, starts[p], view.high[p]), view.low[p]),
            end=ends[p],
            high=view.high[p],
            asked=starts[p],
            final=p in wanted and wanted[p] <= ends[p],
        )
        for p in log.partitions
    }


def _checked(topic: str, partition: int, start: int, high: int) -> int:
    if start > high:
        raise OffsetOutOfRange(
            f"Partition {partition} of topic {topic!r} ends at offset {high}, before the start"
            f" asked for, {start}: the topic was probably made anew. Read from 'beginning', or give"
            " offsets that are there; a drain goes on with another group and another prefix."
        )
    return start


def _wanted_ends(log: Log, until: Place, view: View) -> Offsets:
    """`until` is exclusive; partitions without a wanted end are read to the log's."""
    if until.kind == "timestamp":
        return view.by_time[until.timestamp_ms]
    other = set(until.offsets) - set(log.partitions)
    if other:
        raise InvalidRequest(
            f"Field 'until.offsets' names partition {min(other)}, which is not read."
        )
    return until.offsets


def _starts(log: Log, start: Place, view: View, ends: Offsets, committed: Offsets) -> Offsets:
    match start.kind:
        case "beginning":
            return view.low
        case "end":
            return view.limit
        case "committed":
            return {p: committed.get(p, view.low[p]) for p in log.partitions}
        case "offsets":
            return start.offsets
        case "timestamp":
            found = view.by_time[start.timestamp_ms]
            return {p: min(found.get(p, limit), limit) for p, limit in view.limit.items()}
        case "tail":
            return _tail(log, start.tail, view.low, ends)


def _tail(log: Log, wanted: int, low: Offsets, ends: Offsets) -> Offsets:
    """Step back until each partition has `wanted` records: markers and gaps don't count."""
    starts: Offsets = {}
    found: dict[int, list[int]] = {p: [] for p in log.partitions}
    tops = dict(ends)
    step = wanted
    while tops:
        spans = {p: (max(low[p], top - step), top) for p, top in tops.items()}
        for partition, offsets in _record_offsets(log, spans).items():
            found[partition] = offsets + found[partition]
        for partition, (bottom, _) in spans.items():
            tops[partition] = bottom
            if len(found[partition]) >= wanted:
                starts[partition] = found[partition][-wanted]
            elif bottom <= low[partition]:
                starts[partition] = low[partition]
            else:
                continue
            del tops[partition]
        step *= STEP_GROWTH
    return starts


def _record_offsets(log: Log, spans: dict[int, tuple[int, int]]) -> dict[int, list[int]]:
    """The offsets at which there are records."""
    offsets: dict[int, list[int]] = {p: [] for p in spans}
    unfinished = {p for p, (bottom, top) in spans.items() if bottom < top}
    events = log.kafka.read(log.topic, spans, log.deadline, read_committed=log.read_committed)
    for event in events:
        if isinstance(event, Record):
            offsets[event.partition].append(event.offset)
        elif isinstance(event, Position):
            unfinished.discard(event.partition)
    if unfinished:
        raise DeadlineExceeded(
            f"The time ran out while looking for the tail of topic {log.topic!r}: ask for fewer"
            " records, or give the function a longer timeout."
        )
    return offsets
