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
    from msk_client.pipeline.letters import DeadLetters
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
    buried: set[int] = field(default_factory=set)
    """Offsets of those that are kept as dead letters."""
    cause: MskClientError | None = None

    @property
    def failed(self) -> bool:
        """Whether some of it has to come again."""
        return self.cause is not None

    def fail(self, offset: int, cause: MskClientError) -> None:
        """Let everything from an offset on come again."""
        if offset < self.end:
            self.end, self.cause = offset, cause

    def unburied(self) -> list[int]:
        """Answer the indexes of poison that has no dead letter yet."""
        due = {offset for offset in self.poison if offset < self.end} - self.buried
        return [i for i, record in enumerate(self.part.records) if record.offset in due]


@dataclass(frozen=True)
class Delivery:
    """What became of a batch; `written` where the sink was given it."""

    fates: list[Fate]
    written: bool

    @property
    def failures(self) -> list[Fate]:
        """The partitions of which something has to come again."""
        return [fate for fate in self.fates if fate.failed]

    @property
    def num_stored(self) -> int:
        """How many records are in the sink and don't come again by themselves."""
        done = [
            record.offset
            for fate in self.fates
            for record in fate.part.records
            if record.offset < fate.end and record.offset not in fate.poison
        ]
        return len(done) if self.written else 0

    @property
    def num_letters(self) -> int:
        """How many are dead letters, and don't come again by themselves."""
        return sum(offset < fate.end for fate in self.fates for offset in fate.buried)


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

    Dead letters go first: where one can't be kept its partition ends there, and where the whole
    batch has to come again for it (not `partial`) nothing is written at all, for it would be
    written anew each time.
    """
    fates = [_fate(part, decode) for part in batch.parts]
    _bury(batch, fates, letters, deadline)
    if not partial and any(fate.failed for fate in fates):
        return Delivery(fates, written=False)
    pieces = [_piece(fate) for fate in fates]
    outcomes = sink.write(pieces, deadline, skip_refused=letters is not None)
    for fate, outcome in zip(fates, outcomes, strict=True):
        _take(fate, outcome)
    if letters is None or partial or not any(fate.failed for fate in fates):
        _bury(batch, fates, letters, deadline)
    return Delivery(fates, written=True)


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


def _piece(fate: Fate) -> Piece:
    part = fate.part
    records = [r for r in part.records if r.offset < fate.end and r.offset not in fate.poison]
    return Piece(part.topic, part.partition, part.records[0].offset, fate.end, records)


def _take(fate: Fate, outcome: Outcome) -> None:
    fate.poison |= outcome.refused
    if outcome.failed_at is not None and outcome.cause is not None:
        fate.fail(outcome.failed_at, outcome.cause)


def _bury(batch: Batch, fates: list[Fate], letters: DeadLetters | None, deadline: Deadline) -> None:
    """Send what has no letter yet; poison that can't be kept makes its partition end there."""
    if letters is None:
        for fate in fates:
            _fail_at_poison(fate)
        return
    due = [
        (fate, letter(batch, fate.part, index, fate.poison[fate.part.records[index].offset]))
        for fate in fates
        for index in fate.unburied()
    ]
    failed = letters.send([one for _, one in due], deadline) if due else {}
    for fate, one in due:
        cause = failed.get((one.topic, one.partition, one.offset))
        if cause is None:
            fate.buried.add(one.offset)
        else:
            fate.fail(one.offset, cause)


def _fail_at_poison(fate: Fate) -> None:
    if fate.poison:
        first = min(fate.poison)
        cause = fate.poison[first]
        advice = "Set ESM_DEAD_LETTER to keep such records aside: they hold up their partition."
        fate.fail(first, type(cause)(f"{cause} {advice}"))


def failure(delivery: Delivery) -> MskClientError:
    """Make the error for a batch of which something has to come again: its cause's class."""
    fates = delivery.failures
    first = fates[0]
    causes = {type(fate.cause) for fate in fates if fate.cause is not None}
    kind = causes.pop() if len(causes) == 1 else PartialFailure
    places = ", ".join(f"{fate.part.key} from offset {fate.end}" for fate in fates[:20])
    return kind(
        f"Of the batch's {len(delivery.fates)} partitions {len(fates)} failed ({places})."
        f" {_so_far(delivery)} Lambda brings the whole batch again. First cause: {first.cause}"
    )


def _so_far(delivery: Delivery) -> str:
    """Say what of a batch that comes again is in the sink; not more than is known."""
    if not delivery.written:
        return "So nothing of the batch was written."
    if not delivery.num_stored:
        return "None of its records is known to be stored."
    received = sum(len(fate.part.records) for fate in delivery.fates)
    return f"{delivery.num_stored} of its {received} records are stored, and stay."
