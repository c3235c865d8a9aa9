"""A partition's records that have no place in the format, on their way to be dead letters."""

from __future__ import annotations

from concurrent.futures import wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msk_client.errors import MskClientError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor, Future

    from msk_client.deadline import Deadline
    from msk_client.errors import UnfitRecord
    from msk_client.records import Record
    from msk_client.s3.letters import Letters

AT_ONCE = 8
"""So many letters of a partition wait for S3 at most; then reading waits for the first of them."""


@dataclass(frozen=True)
class Sent:
    """A letter that is kept, or on its way."""

    offset: int
    size_bytes: int
    """Of its record, more or less."""
    future: Future[None]

    @property
    def problem(self) -> MskClientError | None:
        """Why it can't be kept; waits until that is known."""
        problem = self.future.exception()
        if problem is not None and not isinstance(problem, MskClientError):
            raise problem
        return problem


@dataclass
class Outbox:
    """Sends letters; they are kept before the object is written whose range they stand in."""

    letters: Letters
    deadline: Deadline
    writing: Executor
    _sent: list[Sent] = field(default_factory=list)
    _kept: int = 0
    """How many of them, from the first on, are known to be kept."""

    def __len__(self) -> int:
        return len(self._sent)

    @property
    def memory_bytes(self) -> int:
        """What is held of records that aren't kept yet, more or less."""
        return sum(one.size_bytes for one in self._sent[self._kept :])

    def send(self, record: Record, reason: UnfitRecord) -> MskClientError | None:
        """Let a record become a letter; answers why one before it can't be kept."""
        size_bytes = len(record.key or b"") + len(record.value or b"")
        future = self.writing.submit(self.letters.keep, record, reason, self.deadline)
        self._sent.append(Sent(record.offset, size_bytes, future))
        while self._kept < len(self._sent):
            first = self._sent[self._kept]
            if not first.future.done() and len(self._sent) - self._kept < AT_ONCE:
                return None
            if first.problem is not None:
                return first.problem
            self._kept += 1
        return None

    def take(self) -> list[Sent]:
        """Hand over what was sent since the last time."""
        sent, self._sent, self._kept = self._sent, [], 0
        return sent

    def drop(self) -> None:
        """Forget what wasn't handed over: its records will be read again."""
        futures = [one.future for one in self.take()]
        wait([future for future in futures if not future.cancel()])


def first_lost(sent: Sequence[Sent]) -> Sent | None:
    """Answer the first letter that can't be kept; waits until that is known."""
    return next((one for one in sent if one.problem is not None), None)
