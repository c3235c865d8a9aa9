"""Nothing of a batch is lost: each record is stored, kept as a dead letter, or comes again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.batch import Batch, parse
from msk_client.deadline import Deadline
from msk_client.errors import (
    MskClientError,
    NotAuthorized,
    PartialFailure,
    RecordTooLarge,
    StorageUnavailable,
    UnfitRecord,
)
from msk_client.pipeline.pieces import Outcome
from msk_client.pipeline.policy import Delivery, deliver, failure
from tests.unit.batches import BROKEN, batch_event, places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.pipeline.letters import Letter
    from msk_client.pipeline.pieces import Piece

Place = tuple[int, int]
"""Partition, offset."""


@dataclass
class KeptSink:
    """Keeps what it is given, but for what it refuses, and from where it fails."""

    refuses: set[Place] = field(default_factory=set)
    fails_at: dict[int, int] = field(default_factory=dict)
    stored: set[Place] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    skipped: list[bool] = field(default_factory=list)

    def write(
        self, pieces: Sequence[Piece], deadline: Deadline, *, skip_refused: bool
    ) -> list[Outcome]:
        """See the protocol."""
        assert not deadline.passed
        self.skipped.append(skip_refused)
        return [self._write(piece, skip_refused=skip_refused) for piece in pieces]

    def _write(self, piece: Piece, *, skip_refused: bool) -> Outcome:
        outcome = Outcome()
        for record in piece.records:
            assert piece.start <= record.offset < piece.next
            at = (piece.partition, record.offset)
            if record.offset >= self.fails_at.get(piece.partition, piece.next):
                outcome.failed_at = record.offset
                outcome.cause = StorageUnavailable("no answer")
                break
            if at in self.refuses:
                outcome.refused[record.offset] = RecordTooLarge("too large")
                if not skip_refused:
                    break
            else:
                self.stored.add(at)
        return outcome


@dataclass
class KeptLetters:
    """Keeps letters, but for those that it fails at."""

    fails_at: set[Place] = field(default_factory=set)
    sent: list[Place] = field(default_factory=list)

    @property
    def kept(self) -> set[Place]:
        """Those that are kept."""
        return set(self.sent) - self.fails_at

    def send(
        self, letters: Sequence[Letter], deadline: Deadline
    ) -> dict[tuple[str, int, int], MskClientError]:
        """See the protocol."""
        assert not deadline.passed
        failed: dict[tuple[str, int, int], MskClientError] = {}
        for one in letters:
            self.sent.append((one.partition, one.offset))
            if self.sent[-1] in self.fails_at:
                failed[one.topic, one.partition, one.offset] = NotAuthorized("may not")
        return failed


def delivered(
    event: dict[str, Any],
    sink: KeptSink,
    letters: KeptLetters | None = None,
    *,
    partial: bool = True,
    decode: Any = None,  # noqa: ANN401 - a choice
) -> tuple[Batch, Delivery]:
    """Deliver a batch."""
    batch = parse(event)
    deadline = Deadline.after(30)
    return batch, deliver(batch, sink, letters, deadline, decode=decode, partial=partial)


def again(delivery: Delivery) -> dict[int, int]:
    """Answer where each partition that failed goes on."""
    return {fate.part.partition: fate.end for fate in delivery.failures}


def with_poison(at: set[Place], length: int = 4) -> dict[str, Any]:
    """Make a batch of three partitions with broken records in these places."""
    return batch_event(
        {p: [BROKEN if (p, o) in at else b"v" for o in range(length)] for p in range(3)}
    )


EVERYWHERE = [(p, o) for p in range(3) for o in range(4)]
each_place = pytest.mark.parametrize("at", EVERYWHERE)


# Poison in every position


@each_place
def test_poison_becomes_a_dead_letter(at: Place) -> None:
    """Wherever it stands, a record that can't be read is kept, and all others are stored."""
    event = with_poison({at})
    for partial in (False, True):
        sink, letters = KeptSink(), KeptLetters()
        _, delivery = delivered(event, sink, letters, partial=partial)
        assert {} == again(delivery)
        assert (places(event) - {at}, {at}) == (sink.stored, letters.kept)


@each_place
def test_poison_without_dead_letters_ends_its_partition(at: Place) -> None:
    """In partial mode the partition stops there, and the others go on."""
    partition, offset = at
    event = with_poison({at})
    sink = KeptSink()
    _, delivery = delivered(event, sink)
    assert {partition: offset} == again(delivery)
    behind = {(p, o) for p, o in places(event) if p == partition and o >= offset}
    assert places(event) - behind == sink.stored


@each_place
def test_poison_without_dead_letters_fails_the_whole_batch(at: Place) -> None:
    """Where all of it comes again, nothing is written: it would be written each time."""
    sink = KeptSink()
    _, delivery = delivered(with_poison({at}), sink, partial=False)
    assert {at[0]: at[1]} == again(delivery)
    assert set() == sink.stored
    assert isinstance(failure(delivery), UnfitRecord)


@each_place
def test_what_the_sink_refuses_becomes_a_dead_letter(at: Place) -> None:
    """Wherever it stands, a record that the sink never takes is kept."""
    event = with_poison(set())
    sink, letters = KeptSink(refuses={at}), KeptLetters()
    _, delivery = delivered(event, sink, letters)
    assert {} == again(delivery)
    assert (places(event) - {at}, {at}) == (sink.stored, letters.kept)


@each_place
def test_what_the_sink_refuses_fails_without_dead_letters(at: Place) -> None:
    """Without dead letters a refused record ends its partition."""
    sink = KeptSink(refuses={at})
    _, delivery = delivered(with_poison(set()), sink)
    assert {at[0]: at[1]} == again(delivery)
    assert [False] == sink.skipped


@each_place
def test_a_dead_letter_that_cant_be_kept_ends_its_partition(at: Place) -> None:
    """The record comes again; what stands behind it isn't stored, or it would be each time."""
    partition, offset = at
    event = with_poison({at})
    sink = KeptSink()
    _, delivery = delivered(event, sink, KeptLetters(fails_at={at}))
    assert {partition: offset} == again(delivery)
    assert isinstance(failure(delivery), NotAuthorized)
    behind = {(p, o) for p, o in places(event) if p == partition and o >= offset}
    assert places(event) - behind == sink.stored


@each_place
def test_a_dead_letter_that_cant_be_kept_fails_the_whole_batch(at: Place) -> None:
    """Where all of it comes again, the sink isn't even asked."""
    sink = KeptSink()
    _, delivery = delivered(with_poison({at}), sink, KeptLetters(fails_at={at}), partial=False)
    assert ({at[0]: at[1]}, []) == (again(delivery), sink.skipped)


@each_place
def test_what_the_sink_refuses_behind_a_failure_is_left_to_come_again(at: Place) -> None:
    """What comes again with its partition is no dead letter yet."""
    partition, offset = at
    letters = KeptLetters()
    sink = KeptSink(refuses={at}, fails_at={partition: 1})
    _, delivery = delivered(with_poison(set()), sink, letters)
    assert {partition: 1} == again(delivery)
    assert ({at} if offset == 0 else set()) == letters.kept


@each_place
def test_sink_and_dead_letters_may_fail_together(at: Place) -> None:
    """The partition goes on at the first record that either of them failed at."""
    partition, offset = at
    sink = KeptSink(fails_at={partition: 2})
    _, delivery = delivered(with_poison({at}), sink, KeptLetters(fails_at={at}))
    assert {partition: min(offset, 2)} == again(delivery)


def test_a_refused_record_is_no_letter_where_the_whole_batch_comes_again() -> None:
    """A letter that was sent would be sent each time."""
    letters = KeptLetters()
    sink = KeptSink(refuses={(0, 1)}, fails_at={2: 0})
    _, delivery = delivered(with_poison(set()), sink, letters, partial=False)
    assert ({2: 0}, set()) == (again(delivery), letters.kept)


def test_a_letter_is_sent_once() -> None:
    """What can't be read and what the sink refuses are sent in turn, each once."""
    letters = KeptLetters()
    _, delivery = delivered(with_poison({(0, 1)}), KeptSink(refuses={(0, 2), (1, 0)}), letters)
    assert ([(0, 1), (0, 2), (1, 0)], 3) == (letters.sent, delivery.num_letters)


# What is counted


@pytest.mark.parametrize(
    ("poison", "refuses", "letter_fails", "sink_fails", "partial", "expected"),
    [
        (set(), set(), set(), {}, False, (12, 0)),
        ({(0, 1)}, {(1, 2)}, set(), {}, False, (10, 2)),
        ({(0, 1)}, set(), {(0, 1)}, {}, False, (0, 0)),
        ({(0, 1), (1, 1)}, set(), {(0, 1)}, {}, True, (1 + 3 + 4, 1)),
        ({(0, 3)}, set(), set(), {0: 1}, True, (1 + 4 + 4, 0)),
        (set(), {(0, 0)}, set(), {0: 1}, False, (0 + 4 + 4, 0)),
    ],
)
def test_records_are_counted_as_what_became_of_them(  # noqa: PLR0913, PLR0917 - columns
    poison: set[Place],
    refuses: set[Place],
    letter_fails: set[Place],
    sink_fails: dict[int, int],
    partial: bool,  # noqa: FBT001 - a column
    expected: tuple[int, int],
) -> None:
    """Stored and kept are those that are done with; where nothing was written none is stored."""
    sink, letters = KeptSink(refuses, sink_fails), KeptLetters(letter_fails)
    _, delivery = delivered(with_poison(poison), sink, letters, partial=partial)
    assert expected == (delivery.num_stored, delivery.num_letters)


def test_all_of_a_batch_may_be_poison() -> None:
    """Records that are all poison are all kept."""
    event = with_poison(set(EVERYWHERE))
    sink, letters = KeptSink(), KeptLetters()
    _, delivery = delivered(event, sink, letters)
    assert ({}, set(EVERYWHERE), set()) == (again(delivery), letters.kept, sink.stored)


# Nothing is lost, whatever fails together


SOME = st.sets(st.sampled_from(EVERYWHERE))


@given(
    poison=SOME,
    refuses=SOME,
    letter_fails=SOME,
    sink_fails=st.dictionaries(st.integers(0, 2), st.integers(0, 3)),
    has_letters=st.booleans(),
    partial=st.booleans(),
)
def test_nothing_is_lost(  # noqa: PLR0913 - what can go wrong
    *,
    poison: set[Place],
    refuses: set[Place],
    letter_fails: set[Place],
    sink_fails: dict[int, int],
    has_letters: bool,
    partial: bool,
) -> None:
    """Each record is stored, or a dead letter, or stands where Lambda goes on or behind it."""
    event = with_poison(poison)
    sink = KeptSink(refuses, sink_fails)
    letters = KeptLetters(letter_fails) if has_letters else None
    batch, delivery = delivered(event, sink, letters, partial=partial)
    ends = again(delivery)
    if ends and not partial:
        assert str(failure(delivery))  # everything comes again
        return
    kept = letters.kept if letters is not None else set()
    comes_again = {(p, o) for p, o in places(event) if o >= ends.get(p, 4)}
    assert places(event) == sink.stored | kept | comes_again
    assert not (poison & sink.stored)
    for partition, end in ends.items():
        if (partition, end) not in refuses & letter_fails:  # which only the sink can tell
            assert not {o for p, o in sink.stored if p == partition and o >= end}
    named = {(fate.part.key, fate.end) for fate in delivery.failures}
    given_offsets = {(part.key, r.offset) for part in batch.parts for r in part.records}
    assert named <= given_offsets  # Lambda retries the whole batch for any other offset


# Decoding


@pytest.mark.parametrize(
    ("decode", "value", "unfit"),
    [
        (None, b"\xff", False),
        ("text", b"\xff", True),
        ("text", b"plain", False),
        ("text", b"", False),
        ("text", None, False),
        ("json", b'{"a": 1}', False),
        ("json", b"5", False),
        ("json", None, False),
        ("json", b"", True),
        ("json", b"plain", True),
        ("json", b"\xff", True),
        ("json", b"NaN", True),
        ("json", b"[" * 10_000, True),
    ],
)
def test_decoding_is_what_was_asked_for(
    decode: str | None,
    value: bytes | None,
    unfit: bool,  # noqa: FBT001 - a column
) -> None:
    """A value that isn't what it has to be is poison; a tombstone never is."""
    letters = KeptLetters()
    delivered(batch_event({0: [value]}), KeptSink(), letters, decode=decode)
    assert ({(0, 0)} if unfit else set()) == letters.kept


# What is raised


def test_one_cause_is_raised_as_its_own_class() -> None:
    """The class tells what to do, and the text which partitions failed."""
    _, delivery = delivered(with_poison(set()), KeptSink(fails_at={1: 2, 2: 0}), partial=False)
    told = failure(delivery)
    assert isinstance(told, StorageUnavailable)
    assert (
        "Of the batch's 3 partitions 2 failed (orders-1 from offset 2, orders-2 from offset 0)"
        in (str(told))
    )


@pytest.mark.parametrize(
    ("poison", "letter_fails", "sink_fails", "told"),
    [
        ({(0, 1)}, {(0, 1)}, {}, "So nothing of the batch was written."),
        (set(), set(), {0: 0, 1: 0, 2: 0}, "None of its records is known to be stored."),
        (set(), set(), {0: 1}, "9 of its 12 records are stored, and stay."),
    ],
)
def test_a_failure_says_what_is_stored(
    poison: set[Place], letter_fails: set[Place], sink_fails: dict[int, int], told: str
) -> None:
    """The text claims no more than is in the sink: nothing where the sink wasn't asked."""
    sink, letters = KeptSink(fails_at=sink_fails), KeptLetters(letter_fails)
    _, delivery = delivered(with_poison(poison), sink, letters, partial=False)
    assert told in str(failure(delivery))
    assert ("stored, and stay" in told) == bool(sink.stored)


def test_without_dead_letters_nothing_is_said_to_be_stored() -> None:
    """A record that can't be read keeps the whole batch from the sink, and the text says so."""
    _, delivery = delivered(with_poison({(0, 1)}), KeptSink(), partial=False)
    assert "So nothing of the batch was written." in str(failure(delivery))


def test_several_causes_are_a_partial_failure() -> None:
    """Causes of several classes have no class in common."""
    sink = KeptSink(refuses={(0, 1)}, fails_at={1: 0})
    _, delivery = delivered(with_poison(set()), sink, partial=False)
    assert isinstance(failure(delivery), PartialFailure)
