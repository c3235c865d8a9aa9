"""consume with a destination: what is read goes into objects, and no record into the answer."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
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
OF_ALL = (AuthenticationFailed, StorageUnavailable, UnknownObject)
"""Failures to write that aren't one partition's alone: nothing more is read."""


@dataclass(frozen=True)
class Task:
    """What is to be read, and where it goes."""

    log: Log
    ranges: Ranges
    store: Storage
    destination: Destination


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
        self.chains: dict[int, Chain] = {}
        for partition, one in ranges.items():
            objects = Objects(task.store, destination, Source(log.topic, partition, topic_id))
            chain = Chain(objects, destination, one.asked, deadline, workers())
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
                if self._over or self._log.deadline.passed:
                    break
                self._read(wave)
                self._write(wave)
        except MskClientError as problem:
            # A look-up at the very end of the time fails for want of it, whatever it says.
            if not (isinstance(problem, OUT_OF_TIME) and self._log.deadline.passed):
                self.failure = problem
            self._write(list(self.chains))
        self._commit()

    def _waves(self) -> Iterator[list[int]]:
        """Take the partitions in groups, so that memory doesn't grow with their number."""
        sizes = {p: one.end - one.start for p, one in self._ranges.items() if not one.empty}
        ordered = sorted(sizes, key=lambda p: (-sizes[p], p))
        for first in range(0, len(ordered), AT_ONCE):
            yield ordered[first : first + AT_ONCE]

    def _read(self, wave: list[int]) -> None:
        log = self._log
        spans = {p: (self._ranges[p].start, self._ranges[p].end) for p in wave}
        read = log.kafka.read(log.topic, spans, log.deadline, read_committed=log.read_committed)
        with closing(read) as events:
            for event in events:
                if isinstance(event, Record):
                    chain = self.chains[event.partition]
                    if chain.take(event):
                        self._look(chain, wave)
                        if self._over:
                            break
                else:
                    self._note(event)

    @property
    def _storage_lost(self) -> bool:
        return any(isinstance(chain.failure, OF_ALL) for chain in self.chains.values())

    @property
    def _over(self) -> bool:
        return self.moved or self.failure is not None or self._storage_lost

    def _note(self, event: Beginning | Position) -> None:
        if isinstance(event, Position):
            self.chains[event.partition].finish(event.offset)
        else:
            before = self.skipped.get(event.partition, (event.from_offset, 0))
            self.skipped[event.partition] = (before[0], event.to_offset)

    def _look(self, chain: Chain, wave: list[int]) -> None:
        """Write what is full, bound the memory, and commit now and then."""
        if chain.full:
            self._make_way()
            chain.write()
        held = {p: self.chains[p].memory_bytes for p in wave}
        if sum(held.values()) > MEMORY_BYTES:
            largest = self.chains[max(held, key=lambda p: held[p])]
            largest.write()
            largest.settle()
        if time.monotonic() - self._committed_at > COMMIT_EVERY_S:
            self._commit()

    def _make_way(self) -> None:
        """Let no more objects be on their way than there are writers."""
        writing = [chain for chain in self.chains.values() if chain.writing]
        if len(writing) >= WRITERS:
            writing[0].settle()

    def _write(self, wave: list[int]) -> None:
        """Store what has grown, however little; all partitions at the same time."""
        for partition in wave:
            self._make_way()
            if not self._storage_lost:
                self.chains[partition].write()
        for partition in wave:
            while self.chains[partition].writing:
                self.chains[partition].settle()

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
