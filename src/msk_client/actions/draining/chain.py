"""One partition on its way into objects, each of which begins where the one before ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msk_client.errors import MskClientError
from msk_client.s3.content import Growing

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from msk_client.deadline import Deadline
    from msk_client.records import Record
    from msk_client.s3.content import Content
    from msk_client.s3.objects import Destination, Objects, Stored


@dataclass(frozen=True)
class Workers:
    """Threads: those that write objects, and those that compress beside the reading."""

    writing: Executor
    packing: Executor


class Chain:
    """Takes a partition's records; one object is written while the next one grows."""

    def __init__(
        self,
        objects: Objects,
        destination: Destination,
        start: int,
        deadline: Deadline,
        workers: Workers,
    ) -> None:
        self.position = start
        """Everything before it is stored, or isn't there any more."""
        self.reached = start
        """Everything before it is read."""
        self.finished = False
        """Whether the range is read to its end."""
        self.stored: list[Stored] = []
        self.failure: MskClientError | None = None
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
        waiting = self._writing is not None or len(self._growing) > 0
        return self.finished and self.failure is None and not waiting

    @property
    def memory_bytes(self) -> int:
        """What is held of this partition, more or less."""
        writing = 0 if self._writing is None else self._writing.content.memory_bytes
        return writing + self._growing.memory_bytes

    @property
    def on_its_way(self) -> Future[None] | None:
        """What is done when the object that is being written is stored, or has failed."""
        return None if self._writing is None else self._writing.future

    @property
    def full(self) -> bool:
        """Whether what grows has the size of an object."""
        return self._growing.size >= self._destination.object_bytes

    def take(self, record: Record) -> bool:
        """Take the next record; True where so much has come that it is time to look."""
        if record.offset < self._growing.start or self.failure is not None:
            return False  # an adopted object has it, or it will be read again
        try:
            grown = self._growing.add(record)
        except MskClientError as problem:
            self._give_up_behind_what_is_read(problem)
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
        if len(self._growing) and self.failure is None:
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
        if rest.count:
            self._write(rest)

    def _give_up_behind_what_is_read(self, problem: MskClientError) -> None:
        """A record that fits no format doesn't hold back those before it."""
        self.write()
        while self.on_its_way:
            self.settle()
        self._fail(self.failure or problem)

    def _fail(self, problem: MskClientError) -> None:
        self.failure = problem
        self._growing = self._begin(self.position)

    def _begin(self, start: int) -> Growing:
        return Growing(self._destination.form, start, self._workers.packing)

    def _write(self, content: Content) -> None:
        stored: list[Stored] = []
        future = self._workers.writing.submit(self._store, content, stored)
        self._writing = _Writing(content, future, stored)

    def _store(self, content: Content, stored: list[Stored]) -> None:
        """Run in a thread: what is stored is kept, also where the rest fails."""
        for one in self._objects.store(content, self._deadline):
            stored.append(one)  # noqa: PERF402 - `extend` doesn't promise to keep it


@dataclass(frozen=True)
class _Writing:
    """An object on its way."""

    content: Content = field(repr=False)
    future: Future[None]
    stored: list[Stored]
