"""consume with a destination: what is read goes into objects, and no record into the answer."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from msk_client.actions.draining.chain import Chain, Workers
from msk_client.errors import (
    AuthenticationFailed,
    BrokerUnreachable,
    DeadlineExceeded,
    MskClientError,
    StorageUnavailable,
    UnknownObject,
)
from msk_client.ports import Beginning, Position
from msk_client.records import Record
from msk_client.s3.objects import Objects, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msk_client.actions.consuming.ranges import Log, Ranges
    from msk_client.actions.draining.progress import Progress
    from msk_client.deadline import Deadline
    from msk_client.s3.letters import Letters
    from msk_client.s3.objects import Destination
    from msk_client.s3.ports import Storage

AT_ONCE = 8
"""Partitions that are read at the same time; those with most to read come first."""

WRITERS = 4
PACKERS = 1
MEMORY_BYTES = 40 * 1024 * 1024
"""What objects that grow or are on their way may hold; the largest becomes an object early."""

COMMIT_EVERY_S = 5.0

OUT_OF_TIME = (BrokerUnreachable, DeadlineExceeded)
OF_S3 = (AuthenticationFailed, StorageUnavailable, UnknownObject)
"""Failures to write that may be those of all partitions, or of one prefix that S3 throttles."""

LOST_AFTER = 2
"""So many partitions fail so, and none is stored: then nothing more is read."""


@dataclass(frozen=True)
class Task:
    """What is to be read, and where it goes."""

    log: Log
    ranges: Ranges
    store: Storage
    destination: Destination
    letters: Letters | None = None
    """Where records go that have no place in the format; None: they hold up their partition."""


class Drain:
    """One run over the ranges of a topic's partitions."""

    def __init__(
        self, task: Task, topic_id: str | None, progress: Progress | None, deadline: Deadline
    ) -> None:
        log, ranges, destination = task.log, task.ranges, task.destination
        self.skipped = {p: (r.asked, r.start) for p, r in ranges.items() if r.asked < r.start}
        self.failure: MskClientError | None = None
        """What ended the run before its time."""
        self._log = log
        self._ranges = ranges
        self._progress = progress
        self._committed_at = time.monotonic()
        self._wave: list[int] = []
        self.chains: dict[int, Chain] = {}
        for partition, one in ranges.items():
            source = Source(log.topic, partition, topic_id, log.isolation)
            objects = Objects(task.store, destination, source)
            chain = Chain(
                objects, destination, one.asked, deadline, workers(), letters=task.letters
            )
            self.chains[partition] = chain
            if one.empty:
                chain.finish(max(one.asked, one.end))

    @property
    def moved(self) -> bool:
        """Whether somebody else has moved the bookmark."""
        return self._progress is not None and self._progress.moved

    @property
    def first_failure(self) -> MskClientError | None:
        """What ended the run, or what ended a partition."""
        of_chains = [chain.failure for chain in self.chains.values() if chain.failure is not None]
        return next(iter([self.failure, *of_chains] if self.failure else of_chains), None)

    def run(self) -> None:
        """Read, write, commit; what went wrong is kept until all else is stored."""
        try:
            if self._progress is not None:
                self._progress.begin({p: chain.position for p, chain in self.chains.items()})
            for wave in self._waves():
                if self._is_over() or self._log.deadline.passed:
                    break
                self._wave = wave
                while self._read():
                    pass
                self._write()
        except MskClientError as problem:
            # A look-up at the very end of the time fails for want of it, whatever it says.
            if not (isinstance(problem, OUT_OF_TIME) and self._log.deadline.passed):
                self.failure = problem
            self._write()
        self._commit()

    def _waves(self) -> Iterator[list[int]]:
        """Take the partitions in groups, so that memory doesn't grow with their number."""
        sizes = {p: one.end - one.start for p, one in self._ranges.items() if not one.empty}
        ordered = sorted(sizes, key=lambda p: (-sizes[p], p))
        for first in range(0, len(ordered), AT_ONCE):
            yield ordered[first : first + AT_ONCE]

    def _read(self) -> bool:
        """Read the wave; True where a partition has failed, and the others are to be read on.

        What can't be stored isn't read either: it would cost the others their time.
        """
        log, spans = self._log, self._unread()
        read = log.kafka.read(log.topic, spans, log.deadline, read_committed=log.read_committed)
        with closing(read) as events:
            for event in events:
                if not isinstance(event, Record):
                    self._note(event)
                elif self.chains[event.partition].take(event):
                    self._look(self.chains[event.partition])
                    if self._is_over():
                        return False
                    if any(self.chains[p].failure for p in spans):
                        return True
        return False

    def _unread(self) -> dict[int, tuple[int, int]]:
        """What is still to be read of the partitions that haven't failed."""
        chains = ((p, self.chains[p]) for p in self._wave)
        return {
            p: (max(self._ranges[p].start, chain.unread), self._ranges[p].end)
            for p, chain in chains
            if not chain.finished and chain.failure is None
        }

    def _is_over(self) -> bool:
        return self.moved or self.failure is not None or self._is_storage_lost()

    def _is_storage_lost(self) -> bool:
        chains = [self.chains[p] for p in self._wave]
        if sum(isinstance(chain.failure, OF_S3) for chain in chains) < LOST_AFTER:
            return False
        self._settle_arrived()
        return not any(chain.stored for chain in chains)

    def _note(self, event: Beginning | Position) -> None:
        if isinstance(event, Position):
            self.chains[event.partition].finish(event.offset)
        else:
            before = self.skipped.get(event.partition, (event.from_offset, 0))
            self.skipped[event.partition] = (before[0], event.to_offset)

    def _look(self, chain: Chain) -> None:
        """Write what is full, bound the memory, and commit now and then."""
        if chain.full:
            self._make_way()
            chain.write()
        held = {p: self.chains[p].memory_bytes for p in self._wave}
        if sum(held.values()) > MEMORY_BYTES:
            largest = self.chains[max(held, key=lambda p: held[p])]
            largest.write()
            largest.settle()
        if time.monotonic() - self._committed_at > COMMIT_EVERY_S:
            self._commit()

    def _make_way(self) -> None:
        """Let no more objects be on their way than writers; a slow one doesn't hold up the rest."""
        every = [self.chains[p].on_its_way for p in self._wave]
        coming = [one for one in every if one is not None]
        if len(coming) >= WRITERS:
            wait(coming, return_when=FIRST_COMPLETED)
            self._settle_arrived()

    def _settle_arrived(self) -> None:
        for partition in self._wave:
            coming = self.chains[partition].on_its_way
            if coming is not None and coming.done():
                self.chains[partition].settle()

    def _write(self) -> None:
        """Store what has grown, however little; all partitions at the same time."""
        chains = [self.chains[p] for p in self._wave]
        for chain in sorted(chains, key=lambda chain: chain.on_its_way is not None):
            self._make_way()  # those that needn't wait for an object of their own come first
            if not self._is_storage_lost():
                chain.write()
        for chain in chains:
            while chain.on_its_way:
                chain.settle()

    def _commit(self) -> None:
        """Move the bookmark over what is stored."""
        self._committed_at = time.monotonic()
        if self._progress is None:
            return
        try:
            self._progress.commit({p: chain.position for p, chain in self.chains.items()})
        except MskClientError as problem:
            self.failure = self.failure or problem


@cache
def workers() -> Workers:
    """The threads, kept from one invocation of this environment to the next."""
    return Workers(
        writing=ThreadPoolExecutor(WRITERS, thread_name_prefix="write"),
        packing=ThreadPoolExecutor(PACKERS, thread_name_prefix="pack"),
    )
