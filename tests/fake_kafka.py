"""A Kafka in memory that satisfies the port; the contract tests hold it against the real one."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msk_client import errors
from msk_client.ports import (
    Beginning,
    Broker,
    Cluster,
    Mark,
    NewTopic,
    Outcome,
    Position,
    Produced,
    Streamed,
    Topic,
)
from msk_client.records import Outgoing, Record

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from msk_client.deadline import Deadline
    from msk_client.ports import Bulk, Event, Offsets

MAX_VALUE_BYTES = 1_000_000


@dataclass
class FakeLog:
    """One partition: offsets without a record are gaps or markers."""

    topic: str
    partition: int
    low: int = 0
    high: int = 0
    stable: int | None = None
    records: dict[int, Record] = field(default_factory=dict)

    @property
    def stable_end(self) -> int:
        """The last stable offset: below the high watermark while a transaction is open."""
        return self.high if self.stable is None else self.stable

    def append(self, outgoing: Outgoing) -> Record:
        """Add a record at the end."""
        timestamp_ms = outgoing.timestamp_ms or int(time.time() * 1000)
        record = Record(
            topic=self.topic,
            partition=self.partition,
            offset=self.high,
            timestamp_ms=timestamp_ms,
            timestamp_type="create",
            key=outgoing.key,
            value=outgoing.value,
            headers=outgoing.headers,
        )
        self.records[self.high] = record
        self.high += 1
        return record

    def gap(self, length: int = 1) -> None:
        """Add offsets without records, as compaction and transaction markers leave them."""
        self.high += length

    def delete_before(self, offset: int) -> None:
        """Do what retention does."""
        self.low = offset
        self.records = {o: r for o, r in self.records.items() if o >= offset}


class FakeStream:
    """The port's stream, which sends at once; `over_after` records it takes no more."""

    def __init__(self, kafka: FakeKafka, topic: str, deadline: Deadline) -> None:
        self._kafka = kafka
        self._logs = kafka._logs(topic)
        self._deadline = deadline
        self._refused: dict[int, Outcome] = {}
        self._settled = self._bytes = 0
        self.num_partitions = len(self._logs)

    def put(self, records: Bulk) -> bool:
        """See the port."""
        if self.over:
            return False
        for record in records:
            outgoing = Outgoing(None, record, []) if isinstance(record, bytes) else record
            outcome = self._kafka._append(self._logs, outgoing)
            if outcome.error is not None:
                self._refused[self._settled] = outcome
            self._settled += 1
            self._bytes += len(outgoing.key or b"") + len(outgoing.value or b"")
        return True

    @property
    def over(self) -> bool:
        """See the port."""
        return self._deadline.passed or self._settled >= self._kafka.over_after

    @property
    def refused(self) -> int:
        """See the port."""
        return len(self._refused)

    def finish(self) -> Streamed:
        """See the port; the last `unacknowledged` records are given up."""
        lost, cause = self._kafka.unacknowledged
        settled = max(0, self._settled - lost)
        refused = {n: o for n, o in self._refused.items() if n < settled}
        return Streamed(settled, self._bytes, refused, cause)


class FakeKafka:
    """The port, without librdkafka or a broker."""

    endpoint = "fake:9098"

    def __init__(self) -> None:
        self.logs: dict[str, list[FakeLog]] = {}
        self.ids: dict[str, int] = {}
        self.bookmarks: dict[tuple[str, str], Offsets] = {}
        self.members: dict[str, int] = {}
        self.calls: list[str] = []
        self.outcomes: list[Outcome] | None = None
        self.over_after: float = float("inf")
        self.unacknowledged: tuple[int, errors.MskClientError | None] = (0, None)

    def add_topic(self, name: str, num_partitions: int = 1) -> list[FakeLog]:
        """Make a topic at once."""
        self.logs[name] = [FakeLog(name, p) for p in range(num_partitions)]
        self.ids[name] = self.ids.get(name, 0) + 1
        return self.logs[name]

    def topic(self, name: str, deadline: Deadline) -> Topic | None:
        """See the port."""
        logs = self._begin("topic", deadline).get(name)
        return None if logs is None else Topic(name, len(logs), 1)

    def topic_id(self, name: str, deadline: Deadline) -> str | None:
        """See the port."""
        self._begin("topic_id", deadline)
        self._logs(name)
        return f"{name}-{self.ids[name]}"

    def topics(self, deadline: Deadline) -> list[Topic]:
        """See the port."""
        logs = self._begin("topics", deadline)
        return [Topic(name, len(partitions), 1) for name, partitions in logs.items()]

    def cluster(self, deadline: Deadline) -> Cluster:
        """See the port."""
        self._begin("cluster", deadline)
        return Cluster("fake", 1, [Broker(1, "localhost", 9098)])

    def create_topic(self, topic: NewTopic, deadline: Deadline, *, validate_only: bool) -> None:
        """See the port."""
        if topic.name in self._begin("create_topic", deadline):
            raise errors.TopicExists(f"Topic {topic.name!r} exists.")
        if not validate_only:
            self.add_topic(topic.name, topic.num_partitions)

    def produce(self, topic: str, records: Sequence[Outgoing], deadline: Deadline) -> Produced:
        """See the port; `outcomes` replaces what a broker would say."""
        self._begin("produce", deadline)
        logs = self._logs(topic)
        outcomes = self.outcomes or [self._append(logs, record) for record in records]
        return Produced(len(logs), outcomes)

    def stream(self, topic: str, deadline: Deadline) -> FakeStream:
        """See the port."""
        self._begin("stream", deadline)
        return FakeStream(self, topic, deadline)

    def _append(self, logs: list[FakeLog], record: Outgoing) -> Outcome:
        partition = max(record.partition, 0)
        if partition >= len(logs):
            return Outcome("rejected", error=errors.InvalidRequest("no such partition"))
        if len(record.value or b"") > MAX_VALUE_BYTES:
            return Outcome("rejected", error=errors.RecordTooLarge("too large"))
        added = logs[partition].append(record)
        return Outcome("delivered", partition, added.offset, added.timestamp_ms)

    def offsets(
        self,
        topic: str,
        partitions: Sequence[int],
        places: Sequence[Mark | int],
        deadline: Deadline,
    ) -> list[Offsets]:
        """See the port."""
        self._begin("offsets", deadline)
        logs = self._logs(topic)
        found = [{p: _offset(logs[p], place) for p in partitions} for place in places]
        return [{p: o for p, o in offsets.items() if o is not None} for offsets in found]

    def read(
        self,
        topic: str,
        ranges: Mapping[int, tuple[int, int]],
        deadline: Deadline,
        *,
        read_committed: bool,
    ) -> Generator[Event]:
        """See the port."""
        self._begin("read committed" if read_committed else "read", deadline)
        logs = self._logs(topic)
        for partition, (start, end) in ranges.items():
            if start >= end:
                continue
            log = logs[partition]
            if start > log.high:
                raise errors.OffsetOutOfRange(f"Partition {partition} ends at offset {log.high}.")
            if start < log.low:
                yield Beginning(partition, start, log.low)
            for offset in range(max(start, log.low), end):
                if deadline.passed:
                    return
                if offset in log.records:
                    yield log.records[offset]
            yield Position(partition, max(end, log.low))

    def live_members(self, group: str, deadline: Deadline) -> int:
        """See the port."""
        self._begin("live_members", deadline)
        return self.members.get(group, 0)

    def committed(
        self, group: str, topic: str, partitions: Sequence[int], deadline: Deadline
    ) -> Offsets:
        """See the port."""
        self._begin("committed", deadline)
        known = self.bookmarks.get((group, topic), {})
        return {p: known[p] for p in partitions if p in known}

    def commit(self, group: str, topic: str, offsets: Offsets, deadline: Deadline) -> None:
        """See the port."""
        self._begin("commit", deadline)
        if self.members.get(group):
            raise errors.GroupInUse(f"Consumer group {group!r} has live members.")
        self.bookmarks.setdefault((group, topic), {}).update(offsets)

    def _begin(self, call: str, deadline: Deadline) -> dict[str, list[FakeLog]]:
        """Note the call, and hold to the deadline as the real one does."""
        self.calls.append(call)
        if deadline.passed:
            raise errors.DeadlineExceeded("The time ran out.")
        return self.logs

    def _logs(self, topic: str) -> list[FakeLog]:
        if topic not in self.logs:
            raise errors.UnknownTopic(f"Topic {topic!r} doesn't exist.")
        return self.logs[topic]


def _offset(log: FakeLog, at: Mark | int) -> int | None:
    if isinstance(at, Mark):
        return {Mark.BEGINNING: log.low, Mark.END: log.high, Mark.STABLE_END: log.stable_end}[at]
    later = [o for o, r in log.records.items() if (r.timestamp_ms or 0) >= at]
    return min(later, default=None)
