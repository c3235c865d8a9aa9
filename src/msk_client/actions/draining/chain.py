"""One partition on its way into objects, each of which begins where the one before ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msk_client.actions.draining.outbox import Outbox, first_lost
from msk_client.errors import MskClientError, UnfitRecord
from msk_client.s3.content import Growing

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from msk_client.actions.draining.outbox import Sent
    from msk_client.deadline import Deadline
    from msk_client.records import Record
    from msk_client.s3.content import Content
    from msk_client.s3.letters import Letters
    from msk_client.s3.objects import Destination, Objects, Stored

LETTERS_AN_OBJECT = 1_000
"""An object ends after so many dead letters too, so that the bookmark gets past them."""

OBJECT_RESERVE_S = 3.0
"""Letters end this much (or a quarter of the time) before the deadline: the object follows them."""

ADVICE = (
    "To keep such records aside, give the destination a 'dead_letter', s3://bucket/prefix, or set"
    " OUTPUT_DEAD_LETTER."
)


@dataclass(frozen=True)
class Workers:
    """Threads: those that write objects, and those that compress beside the reading."""

    writing: Executor
    packing: Executor


class Chain:
    """Takes a partition's records; one object is written while the next one grows."""

    def __init__(  # noqa: PLR0913 - what it is made of, once
        self,
        objects: Objects,
        destination: Destination,
        start: int,
        deadline: Deadline,
        workers: Workers,
        *,
        letters: Letters | None = None,
    ) -> None:
        self.position = start
        """Everything before it is stored, or isn't there any more."""
        self.reached = start
        """Everything before it is read."""
        self.finished = False
        """Whether the range is read to its end."""
        self.stored: list[Stored] = []
        self.failure: MskClientError | None = None
        self.num_letters = 0
        """How many records are dead letters, and not in the objects."""
        letters_until = deadline.earlier(min(OBJECT_RESERVE_S, deadline.left_s / 4))
        self._outbox = None if letters is None else Outbox(letters, letters_until, workers.writing)
        self._objects = objects
        self._destination = destination
        self._deadline = deadline
        self._workers = workers
        self._growing = self._begin(start)
        self._writing: _Writing | None = None

    @property
    def unread(self) -> int:
        """Where reading goes on: what stands before it is taken, or stored."""
        return self._growing.next

    @property
    def complete(self) -> bool:
        """Whether all of the range is stored."""
        return self.finished and self.failure is None and not (self._writing or self._waits)

    @property
    def _waits(self) -> bool:
        """Whether something is read that isn't on its way into an object."""
        return not self._growing.empty or bool(self._outbox)

    @property
    def memory_bytes(self) -> int:
        """What is held of this partition, more or less."""
        writing = 0 if self._writing is None else self._writing.content.memory_bytes
        letters = self._outbox.memory_bytes if self._outbox else 0
        return writing + letters + self._growing.memory_bytes

    @property
    def on_its_way(self) -> Future[None] | None:
        """What is done when the object that is being written is stored, or has failed."""
        return None if self._writing is None else self._writing.future

    @property
    def full(self) -> bool:
        """Whether what grows has the size of an object."""
        growing = self._growing
        return (
            growing.size >= self._destination.object_bytes
            or len(growing.passed) >= LETTERS_AN_OBJECT
        )

    def take(self, record: Record) -> bool:
        """Take the next record; True where so much has come that it is time to look."""
        if record.offset < self._growing.start or self.failure is not None:
            return False  # an adopted object has it, or it will be read again
        try:
            grown = self._growing.add(record)
        except UnfitRecord as problem:
            self._set_aside(record, problem)
            return True
        return grown or self._growing.size >= self._destination.object_bytes

    def finish(self, position: int) -> None:
        """The range is read: there is no record between the last one and `position`."""
        self.finished = True
        self.reached = max(self.reached, position)
        self._growing.reach(position)

    def write(self) -> None:
        """Let what has grown become an object; waits for the one before."""
        self.settle()
        if self._waits and self.failure is None:
            grown = self._growing
            self._growing = self._begin(grown.next)
            self._write(grown.seal())

    def settle(self) -> None:
        """Wait until the object on its way is stored, and go on behind it."""
        if self._writing is None:
            return
        writing, self._writing = self._writing, None
        problem = writing.future.exception()
        if problem is not None and not isinstance(problem, MskClientError):
            raise problem
        lost = first_lost(writing.letters)
        self.num_letters += writing.letters.index(lost) if lost else len(writing.letters)
        if writing.stored:
            self._go_on_behind(writing.stored)
        if problem is not None:
            self._fail(problem)

    def _go_on_behind(self, stored: list[Stored]) -> None:
        self.stored += stored
        self.position = stored[-1].next
        self.reached = max(self.reached, self.position)
        if self.position > self._growing.start:
            self._drop_before(self.position)

    def _drop_before(self, position: int) -> None:
        """An adopted object reaches into what has been read since: store the rest by itself."""
        grown = self._growing
        self._growing = self._begin(max(position, grown.next))
        rest = grown.seal().since(position)
        if not rest.empty:
            self._write(rest)

    def _set_aside(self, record: Record, reason: UnfitRecord) -> None:
        """A record has no place in the format: it is a dead letter, or the end."""
        if self._outbox is None:
            self._give_up_behind_what_is_read(UnfitRecord(f"{reason} {ADVICE}"))
            return
        self._growing.pass_over(record)
        problem = self._outbox.send(record, reason)
        if problem is not None:
            self._give_up_behind_what_is_read(problem)

    def _give_up_behind_what_is_read(self, problem: MskClientError) -> None:
        """What can't be stored, nor kept as a dead letter, doesn't hold back what is before it."""
        self.write()
        while self.on_its_way:
            self.settle()
        self._fail(self.failure or problem)

    def _fail(self, problem: MskClientError) -> None:
        self.failure = problem
        self._growing = self._begin(self.position)
        if self._outbox is not None:
            self._outbox.drop()

    def _begin(self, start: int) -> Growing:
        return Growing(self._destination.form, start, self._workers.packing)

    def _write(self, content: Content) -> None:
        stored: list[Stored] = []
        letters = [] if self._outbox is None else self._outbox.take()
        future = self._workers.writing.submit(self._store, content, letters, stored)
        self._writing = _Writing(content, future, stored, letters)

    def _store(self, content: Content, letters: list[Sent], stored: list[Stored]) -> None:
        """Run in a thread: what is stored is kept, also where the rest fails.

        The letters come first, and up to one that can't be kept: what an object has passed over
        nobody reads again. They were given to the threads before this, so it waits for none that
        waits for it.
        """
        lost = first_lost(letters)
        if lost is not None:
            content = content.until(lost.offset)
        for one in self._objects.store(content, self._deadline):
            if lost is not None and one.next > lost.offset:
                break  # an adopted one, which passes over what this run has no letter of
            stored.append(one)
        if lost is not None and lost.problem is not None:
            raise lost.problem


@dataclass(frozen=True)
class _Writing:
    """An object on its way."""

    content: Content = field(repr=False)
    future: Future[None]
    stored: list[Stored]
    letters: list[Sent]
    """Those that stand in its range."""
