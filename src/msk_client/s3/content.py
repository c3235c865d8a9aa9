"""The content of one object: lines of a range, compressed while they come."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msk_client.s3.keys import DAY_MS, day_of
from msk_client.s3.packing import Packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor, Future

    from msk_client.records import Record
    from msk_client.s3.formats import Format
    from msk_client.s3.parts import Parts

CHUNK_BYTES = 1024 * 1024
"""Given to the compressing thread at once: each hand-over waits for Python's lock (up to 5 ms)."""
INDEX_BYTES = 16
"""What is kept of each record beside its line: its offset, and where its line ends."""


@dataclass(frozen=True)
class Content:
    """A range [start, next) of a partition, as an object holds it."""

    form: Format
    start: int
    next: int
    body: Parts
    """Compressed."""
    sha256: str
    """Of the content before compression."""
    offsets: array[int]
    ends: array[int]
    """Where in the uncompressed content each record's line ends."""
    days: list[tuple[int, int]]
    """Index of a record and its day, where it differs from the one before."""
    passed: list[tuple[int, int]] = field(default_factory=list)
    """Offset and day of each record that is left out, because it has no place in the format."""

    @property
    def empty(self) -> bool:
        """Whether there is no record in the range, not even one that is left out."""
        return not self.offsets and not self.passed

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.offsets)

    @property
    def memory_bytes(self) -> int:
        """What is held, more or less."""
        return len(self.body) + INDEX_BYTES * self.count

    @property
    def last(self) -> int:
        """The last record's offset; without any, that of the last one that is left out."""
        return self.offsets[-1] if self.offsets else self.passed[-1][0]

    @property
    def day(self) -> int:
        """The first record's day: of all, for another run may have come farther than it."""
        if self.passed and (not self.offsets or self.passed[0][0] < self.offsets[0]):
            return self.passed[0][1]
        return self.days[0][1]

    def count_before(self, position: int) -> int:
        """How many records stand before an offset."""
        return bisect_left(self.offsets, position)

    def part_before(self, position: int) -> Iterator[bytes]:
        """Read the uncompressed content up to an offset."""
        count = self.count_before(position)
        return self._part(0, self.ends[count - 1] if count else len(self.form.header))

    def sha256_before(self, position: int) -> str:
        """Make the digest of the content up to an offset."""
        if position > self.last:
            return self.sha256
        digest = hashlib.sha256()
        for chunk in self.part_before(position):
            digest.update(chunk)
        return digest.hexdigest()

    def since(self, position: int) -> Content:
        """Make the content of the range that begins at an offset."""
        return self._between(position, max(position, self.next))

    def until(self, position: int) -> Content:
        """Make the content of the range that ends at an offset."""
        return self._between(self.start, max(self.start, min(position, self.next)))

    def _between(self, start: int, next_: int) -> Content:
        first, end = self.count_before(start), self.count_before(next_)
        header = self.form.header
        base = self.ends[first - 1] if first else len(header)
        packed = Packed(self.form)
        packed.feed(header)
        for chunk in self._part(base, self.ends[end - 1] if end > first else base):
            packed.feed(chunk)
        packed.end()
        before = [(0, day) for index, day in self.days if index <= first][-1:]
        return Content(
            form=self.form,
            start=start,
            next=next_,
            body=packed.body,
            sha256=packed.sha256.hexdigest(),
            offsets=self.offsets[first:end],
            ends=array("Q", (at - base + len(header) for at in self.ends[first:end])),
            days=before + [(i - first, day) for i, day in self.days if first < i < end],
            passed=[(offset, day) for offset, day in self.passed if start <= offset < next_],
        )

    def _part(self, start: int, end: int) -> Iterator[bytes]:
        stream = unpacked(self.body.open(), self.form.compression)
        position = 0
        while position < end and (chunk := stream.read(min(CHUNK_BYTES, end - position))):
            position += len(chunk)
            if position > start:
                yield chunk[max(0, len(chunk) - (position - start)) :]


class Growing:
    """A range that is being read. `pool` compresses beside the reading; it keeps the order."""

    def __init__(self, form: Format, start: int, pool: Executor | None = None) -> None:
        self.form = form
        self.start = start
        self.next = start
        self.size = len(form.header)
        """Bytes of content so far, before compression."""
        self._pending = bytearray(form.header)
        self._packed = Packed(form)
        self._write = form.writer()
        self._offsets = array("Q")
        self._ends = array("Q")
        self._days: list[tuple[int, int]] = []
        self.passed: list[tuple[int, int]] = []
        """Offset and day of each record that is left out."""
        self._day_begins_ms = self._day_ends_ms = 0
        self._pool = pool
        self._busy: Future[None] | None = None

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def empty(self) -> bool:
        """Whether no record has come, not even one that is left out."""
        return not self._offsets and not self.passed

    @property
    def memory_bytes(self) -> int:
        """What is held, more or less."""
        return len(self._packed.body) + len(self._pending) + INDEX_BYTES * len(self._offsets)

    def add(self, record: Record) -> bool:
        """Take the next record; raises `UnfitRecord`, and then it isn't taken.

        True where what is held has grown by some `CHUNK_BYTES` since it was true before.
        """
        pending = self._pending
        before = len(pending)
        self._write(record, pending)
        self.size += len(pending) - before
        timestamp_ms = record.timestamp_ms
        if timestamp_ms is None or not self._day_begins_ms <= timestamp_ms < self._day_ends_ms:
            self._note_day(day_of(timestamp_ms))
        self._offsets.append(record.offset)
        self._ends.append(self.size)
        self.next = record.offset + 1
        if len(pending) < CHUNK_BYTES:
            return False
        self._pack()
        return True

    def pass_over(self, record: Record) -> None:
        """Leave out a record that has no place in the format; the range goes on behind it."""
        self.passed.append((record.offset, day_of(record.timestamp_ms)))
        self.next = record.offset + 1

    def _note_day(self, day: int) -> None:
        self._day_begins_ms, self._day_ends_ms = day * DAY_MS, (day + 1) * DAY_MS
        if not self._days or self._days[-1][1] != day:
            self._days.append((len(self._offsets), day))

    def reach(self, position: int) -> None:
        """There is no record between the last one and `position`."""
        self.next = max(self.next, position)

    def seal(self) -> Content:
        """End the range where it is."""
        self._pack()
        self._settle()
        self._packed.end()
        return Content(
            form=self.form,
            start=self.start,
            next=self.next,
            body=self._packed.body,
            sha256=self._packed.sha256.hexdigest(),
            offsets=self._offsets,
            ends=self._ends,
            days=self._days,
            passed=self.passed,
        )

    def _pack(self) -> None:
        self._settle()
        if self._pool is None:
            self._packed.feed(self._pending)
        else:
            self._busy = self._pool.submit(self._packed.feed, self._pending)
        self._pending = bytearray()

    def _settle(self) -> None:
        if self._busy is not None:
            self._busy.result()
            self._busy = None
