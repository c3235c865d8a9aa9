"""Which offsets of each partition a read covers. Ends are taken once, at the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msk_client.errors import InvalidRequest, OffsetOutOfRange
from msk_client.ports import Mark
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
    """One partition's read: [start, end); `asked` is where it would have started."""

    start: int
    end: int
    high: int
    asked: int

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

    def offsets(self, at: Mark | int) -> Offsets:
        """Look up an offset of each partition."""
        return self.kafka.offsets(self.topic, self.partitions, at, self.deadline)


def resolve(log: Log, start: Place, until: Place, committed: Offsets) -> Ranges:
    """Find the range of each partition; raises `OffsetOutOfRange` for a start beyond the log."""
    low = log.offsets(Mark.BEGINNING)
    high = log.offsets(Mark.END)
    limit = log.offsets(Mark.STABLE_END) if log.read_committed else high
    ends = _ends(log, until, limit)
    starts = _starts(log, start, low, limit, committed)
    for partition in log.partitions:
        _check(log.topic, partition, starts[partition], high[partition])
    return {p: Range(max(starts[p], low[p]), ends[p], high[p], starts[p]) for p in log.partitions}


def _check(topic: str, partition: int, start: int, high: int) -> None:
    if start > high:
        raise OffsetOutOfRange(
            f"Partition {partition} of topic {topic!r} ends at offset {high}, before the start"
            f" asked for, {start}: the topic was probably made anew. Read from 'beginning', or give"
            " offsets that are there."
        )


def _ends(log: Log, until: Place, limit: Offsets) -> Offsets:
    """`until` is exclusive, and never beyond the end that the log has now."""
    if until.kind == "offsets":
        other = set(until.offsets) - set(log.partitions)
        if other:
            raise InvalidRequest(
                f"Field 'until.offsets' names partition {min(other)}, which is not read."
            )
        return {p: min(until.offsets.get(p, limit[p]), limit[p]) for p in log.partitions}
    if until.kind == "timestamp":
        found = log.offsets(until.timestamp_ms)
        return {p: min(found.get(p, limit[p]), limit[p]) for p in log.partitions}
    return limit


def _starts(log: Log, start: Place, low: Offsets, limit: Offsets, committed: Offsets) -> Offsets:
    match start.kind:
        case "beginning":
            return low
        case "end":
            return limit
        case "committed":
            return {p: committed.get(p, low[p]) for p in log.partitions}
        case "offsets":
            return start.offsets
        case "timestamp":
            found = log.offsets(start.timestamp_ms)
            return {p: min(found.get(p, limit[p]), limit[p]) for p in log.partitions}
        case "tail":
            return _tail(log, start.tail, low, limit)


def _tail(log: Log, wanted: int, low: Offsets, limit: Offsets) -> Offsets:
    """Step back until each partition has `wanted` records: markers and gaps don't count."""
    starts: Offsets = {}
    found: dict[int, list[int]] = {p: [] for p in log.partitions}
    tops = dict(limit)
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
    events = log.kafka.read(log.topic, spans, log.deadline, read_committed=log.read_committed)
    for event in events:
        if isinstance(event, Record):
            offsets[event.partition].append(event.offset)
    return offsets
