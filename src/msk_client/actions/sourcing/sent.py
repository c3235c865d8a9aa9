"""What became of an object's records: numbers of a stream, and numbers of the object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msk_client.ports import Outcome

if TYPE_CHECKING:
    from msk_client.actions.sourcing.parts import Bad, Batch
    from msk_client.ports import Streamed


@dataclass
class Sent:
    """Follows the records of an object that are put into a stream."""

    next: int
    """The number, in the object, of the record that comes next."""

    def __post_init__(self) -> None:
        self.bad: dict[int, Outcome] = {}
        """Records that can't be read, by number."""
        self._count = 0
        self._starts = [(0, self.next)]
        """Number in the stream and in the object, wherever they go apart."""

    def take(self, batch: Batch) -> None:
        """Note records that the stream has taken."""
        self._count += len(batch.records)
        self.next = batch.first + len(batch.records)

    def leave_out(self, bad: Bad) -> None:
        """Note a record that can't be read."""
        self.bad[bad.number] = Outcome("rejected", error=bad.error)
        self.next = bad.number + 1
        self._starts.append((self._count, self.next))

    def settled(self, done: Streamed) -> int:
        """Answer the number of the first record that isn't settled."""
        return self.next if done.settled == self._count else self._number(done.settled)

    def failures(self, done: Streamed) -> dict[int, Outcome]:
        """Answer what is settled and not in the log, by number."""
        end = self.settled(done)
        refused = {self._number(n): outcome for n, outcome in done.refused.items()}
        return dict(sorted((n, o) for n, o in (refused | self.bad).items() if n < end))

    def _number(self, in_stream: int) -> int:
        start, first = next(pair for pair in reversed(self._starts) if pair[0] <= in_stream)
        return first + in_stream - start
