"""What becomes of each record of a batch: stored, given up as a dead letter, or to come again.

Nothing is lost: a record that is neither stored nor kept as a dead letter makes the invocation
fail, or is named in the partial response, so that Lambda brings it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msk_client.errors import MskClientError, PartialFailure, UnfitRecord
from msk_client.pipeline.letters import letter
from msk_client.pipeline.pieces import Outcome, Piece
from msk_client.records import parse

if TYPE_CHECKING:
    from msk_client.batch import Batch, Part
    from msk_client.deadline import Deadline
    from msk_client.pipeline.letters import DeadLetters, Letter
    from msk_client.pipeline.pieces import Sink
    from msk_client.records import Record
    from msk_client.settings_mapping import Decode


@dataclass
class Fate:
    """What became of one partition's records: those before `end` are done."""

    part: Part
    end: int
    """The first offset that has to come again; behind the last one where none has."""
    poison: dict[int, MskClientError] = field(default_factory=dict)
    """Offset of a record that nothing can be done with -> why."""
    cause: MskClientError | None = None

    @property
    def failed(self) -> bool:
        """Whether some of it has to come again."""
        return self.cause is not None

    @property
    def done(self) -> int:
        """How many records are done with."""
        return sum(record.offset < self.end for record in self.part.records)

    def fail(self, offset: int, cause: MskClientError) -> None:
        """Let everything from an offset on come again."""
        if offset < self.end:
            self.end, self.cause = offset, cause


@dataclass(frozen=True)
class Delivery:
    """What became of a batch."""

    fates: list[Fate]
    num_letters: int

    @property
    def failures(self) -> list[Fate]:
        """The partitions of which something has to come again."""
        return [fate for fate in self.fates if fate.failed]


def deliver(  # noqa: PLR0913 - the parts of one delivery, by name
    batch: Batch,
    sink: Sink,
    letters: DeadLetters | None,
    deadline: Deadline,
    *,
    decode: Decode | None,
    partial: bool,
) -> Delivery:
    """Bring a batch into the sink. What has to come again is told, not raised.

    Where a record is poison, nobody takes dead letters, and the whole batch has to come again
    (not `partial`), nothing is written at all: it would be written anew each time.
    """
    fates = [_fate(part, decode) for part in batch.parts]
    if letters is None:
        for fate in fates:
            _fail_at_poison(fate)
        if not partial and any(fate.failed for fate in fates):
            return Delivery(fates, 0)
    pieces = [_piece(fate) for fate in fates]
    outcomes = sink.write(pieces, deadline, skip_refused=letters is not None)
    for fate, outcome in zip(fates, outcomes, strict=True):
        _take(fate, outcome)
        if letters is None:
            _fail_at_poison(fate)
    if letters is None or (not partial and any(fate.failed for fate in fates)):
        return Delivery(fates, 0)
    return Delivery(fates, _bury(batch, fates, letters, deadline))


def _fate(part: Part, decode: Decode | None) -> Fate:
    """Find the records that can't be read."""
    faults = {record.offset: _fault(record, decode) for record in part.records}
    poison = {offset: _unfit(part, offset, fault) for offset, fault in faults.items() if fault}
    return Fate(part, part.records[-1].offset + 1, dict(poison))


def _fault(record: Record, decode: Decode | None) -> str | None:
    """Say why a record can't be read; a tombstone always can."""
    if record.error is not None:
        return record.error
    if record.value is None or decode is None:
        return None
    try:
        parse(record.value) if decode == "json" else record.value.decode()
    except (ValueError, RecursionError):
        return "its value is not JSON" if decode == "json" else "its value is not UTF-8"
    return None


def _unfit(part: Part, offset: int, fault: str) -> UnfitRecord:
    return UnfitRecord(
        f"The record at offset {offset} of partition {part.partition} of topic {part.topic!r} can't"
        f" be read: {fault}."
    )


def _fail_at_poison(fate: Fate) -> None:
    if fate.poison:
        first = min(fate.poison)
        fate.fail(first, fate.poison[first])


def _piece(fate: Fate) -> Piece:
    part = fate.part
    records = [r for r in part.records if r.offset < fate.end and r.offset not in fate.poison]
    return Piece(part.topic, part.partition, part.records[0].offset, fate.end, records)


def _take(fate: Fate, outcome: Outcome) -> None:
    fate.poison |= outcome.refused
    if outcome.failed_at is not None and outcome.cause is not None:
        fate.fail(outcome.failed_at, outcome.cause)


def _bury(batch: Batch, fates: list[Fate], letters: DeadLetters, deadline: Deadline) -> int:
    """Send the dead letters of what is done; one that can't be sent makes its record come again."""
    written: list[Letter] = []
    for fate in fates:
        for index, record in enumerate(fate.part.records):
            if record.offset in fate.poison and record.offset < fate.end:
                written.append(letter(batch, fate.part, index, fate.poison[record.offset]))
    failed = letters.send(written, deadline) if written else {}
    for fate in fates:
        for (topic, partition, offset), cause in failed.items():
            if (topic, partition) == (fate.part.topic, fate.part.partition):
                fate.fail(offset, cause)
    return len(written) - len(failed)


def failure(delivery: Delivery) -> MskClientError:
    """Make the error for a batch of which something has to come again: its cause's class."""
    fates = delivery.failures
    first = fates[0]
    causes = {type(fate.cause) for fate in fates if fate.cause is not None}
    kind = causes.pop() if len(causes) == 1 else PartialFailure
    places = ", ".join(f"{fate.part.key} from offset {fate.end}" for fate in fates[:20])
    return kind(
        f"Of the batch's {len(delivery.fates)} partitions {len(fates)} failed ({places}), so Lambda"
        f" brings the whole batch again; what is stored already stays. First cause: {first.cause}"
    )
