"""Which of a stream's records are settled: a window over as many as may be on their way.

A callback is made once for each place in the window, and serves whichever record is there: making
one for each record would cost as much as sending it (run).
"""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from msk_client.records import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confluent_kafka import KafkaError, Message

    from msk_client.ports import Bulk

    Report = Callable[[KafkaError | None, Message | None], None]

PLACES = 32_768
MAX_BYTES = 8 * 1024 * 1024
"""Of keys and values on their way: what memory holds of them, and what a purge gives up."""


class _Batch(NamedTuple):
    """Records taken together: the number after the last one, and the bytes up to there."""

    end: int
    bytes: int
    taken_s: float
    records: Bulk


class Window:
    """The records from number `base`, the first that isn't settled, to `end`."""

    def __init__(self) -> None:
        self.base = self.end = 0
        self.bytes = self.settled_bytes = 0
        self.failed: dict[int, KafkaError] = {}
        """Number of a record -> why it came back."""

        self.latency_s = 0.0
        """How long the last batch that is settled was on its way."""

        self.unheard = 0
        """How many records nothing was reported of yet."""

        self._settled = bytearray(PLACES)
        self._reports: list[Report] = [partial(self._reported, place) for place in range(PLACES)]
        self._batches: deque[_Batch] = deque()

    @property
    def bytes_on_their_way(self) -> int:
        """Bytes of keys and values, counted by whole batches."""
        return self.bytes - self.settled_bytes

    def has_room(self, count: int) -> bool:
        """Tell whether so many more records may be taken; one batch always may."""
        if self.base == self.end:
            return True
        return self.end + count - self.base <= PLACES and self.bytes_on_their_way < MAX_BYTES

    def take(self, records: Bulk, size_bytes: int) -> Iterable[Report]:
        """Take a batch for which there is room; answers each record's callback."""
        place = self.end % PLACES
        self.end += len(records)
        self.bytes += size_bytes
        self.unheard += len(records)
        self._batches.append(_Batch(self.end, self.bytes, time.monotonic(), records))
        reports = self._reports[place : place + len(records)]
        return chain(reports, self._reports[: len(records) - len(reports)])

    def settle(self, number: int) -> None:
        """Nothing more is to be done for a record."""
        self.failed.pop(number, None)
        self._settled[number % PLACES] = 1

    def advance(self) -> None:
        """Move the window's beginning past what is settled."""
        while self.base < self.end:
            place = self.base % PLACES
            behind = min(PLACES, place + self.end - self.base)
            gap = self._settled.find(0, place, behind)
            stop = behind if gap < 0 else gap
            self._settled[place:stop] = bytes(stop - place)
            self.base += stop - place
            if gap >= 0:
                break
        while self._batches and self._batches[0].end <= self.base:
            batch = self._batches.popleft()
            self.settled_bytes = batch.bytes
            self.latency_s = time.monotonic() - batch.taken_s

    def record(self, number: int) -> Outgoing:
        """Give a record that isn't settled."""
        batch = next(batch for batch in self._batches if number < batch.end)
        found = batch.records[number - batch.end]
        return Outgoing(None, found, []) if isinstance(found, bytes) else found

    def _reported(self, place: int, error: KafkaError | None, _: Message | None) -> None:
        """Take a delivery report."""
        self.unheard -= 1
        if error is None:
            self._settled[place] = 1
        else:
            self.failed[self.base + (place - self.base) % PLACES] = error
