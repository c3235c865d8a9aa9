"""Fetches ranges of a topic's partitions: assigned by hand, never joined, up to their ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from msk_client import errors
from msk_client.kafka import failures
from msk_client.kafka.message import record_of
from msk_client.kafka.metadata import find_topic, topic_of
from msk_client.ports import Beginning, Position

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from confluent_kafka import Message

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients, Kind
    from msk_client.ports import Event, Topic
    from msk_client.records import Record

POLL_S = 0.05
BATCH = 1000
SILENCE_S = 1.0
"""A range is never empty, so something must come. Where nothing does for this long, we ask why."""

PASSING = frozenset(
    {
        # The client looks for its group's coordinator although it never joins: reading needs no
        # permission on a group.
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
        # librdkafka goes on by itself after these.
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._RESOLVE,
        KafkaError._SSL,
        KafkaError._AUTHENTICATION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.KAFKA_STORAGE_ERROR,
    }
)
GONE = frozenset(
    {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._LOG_TRUNCATION}
)


class Reader:
    """One read of [start, end) of some partitions of a topic."""

    def __init__(
        self,
        clients: Clients,
        kind: Kind[Consumer],
        topic: str,
        ranges: Mapping[int, tuple[int, int]],
        deadline: Deadline,
    ) -> None:
        self.clients = clients
        self.settings = clients.settings
        self.kind = kind
        self.topic = topic
        self.deadline = deadline
        self.ends = {p: end for p, (start, end) in ranges.items() if start < end}
        self.positions = {p: ranges[p][0] for p in self.ends}
        self.log_ends: dict[int, int] = {}
        self.said_before: int | None = None

    def events(self) -> Generator[Event]:
        """Yield records, skips and reached ends until all is read or the deadline has passed."""
        if not self.ends:
            return
        self._open()
        try:
            while self.ends and not self.deadline.passed:
                for message in self._fetch():
                    if message.error() is not None:
                        yield from self._trouble(message)
                        continue
                    record = record_of(message)
                    if self.log_ends or record.offset + 1 >= self.ends.get(record.partition, 0):
                        yield from self._record(record)
                    else:  # the usual case, without the cost of another generator
                        self.positions[record.partition] = record.offset + 1
                        yield record
        finally:
            self.consumer.unassign()

    def _open(self) -> None:
        """Connect, learn the leaders (else the first fetch waits half a second), and assign."""
        self._check_exists(find_topic(self.clients, self.kind, self.topic, self.deadline))
        self.connection = self.clients.get(self.kind)
        self.consumer = self.connection.client
        self.consumer.assign([TopicPartition(self.topic, p, o) for p, o in self.positions.items()])
        self.progressed_at = self.answered_at = time.monotonic()

    def _check_exists(self, found: Topic | None) -> None:
        if found is None:
            raise errors.UnknownTopic(
                f"Topic {self.topic!r} doesn't exist on {self.settings.endpoint} any more: it was"
                " deleted since this call began."
            )

    def _fetch(self) -> list[Message]:
        """Take what is there. Asked for many, `consume` waits for all of them or its time."""
        messages = self.consumer.consume(1, min(POLL_S, self.deadline.left_s))
        if messages:
            messages += self.consumer.consume(BATCH - 1, 0)
            self.connection.progress()
            self.progressed_at = self.answered_at = time.monotonic()
            self.said_before = None
        elif time.monotonic() - self.answered_at > SILENCE_S:
            self._ask_why()
        return messages

    def _ask_why(self) -> None:
        """Find out why nothing comes: librdkafka never says that an assigned topic is gone."""
        now = time.monotonic()
        if self.said_before is None:
            self.said_before = len(self.connection.said)
        try:
            found = self.consumer.list_topics(
                self.topic, timeout=max(0.01, min(SILENCE_S, self.deadline.left_s))
            ).topics[self.topic]
        except KafkaException as problem:
            if now - self.answered_at > self.settings.connect_timeout_s:
                self.clients.drop(self.kind)
                # What was said while all was well is the reason only where nothing was since.
                said = self.connection.said
                said[:] = said[self.said_before :] or said
                failure = self.clients.failure(self.connection, now - self.answered_at)
                raise failure from problem
            return
        self.answered_at, self.said_before = time.monotonic(), None
        self._check_exists(topic_of(found, self.settings))
        if now - self.progressed_at > self.settings.connect_timeout_s:
            self._check_leaders([p.id for p in found.partitions.values() if p.leader < 0])
            self._check_log_ends()

    def _check_leaders(self, leaderless: list[int]) -> None:
        for partition in self.ends:
            if partition in leaderless:
                raise errors.ThrottledOrBusy(
                    f"Partition {partition} of topic {self.topic!r} has had no leader for"
                    f" {self.settings.connect_timeout_s:.0f} s, so that nobody can read it: try"
                    " again when its broker is back."
                )

    def _check_log_ends(self) -> None:
        """A new leader may know of fewer records, but not for long."""
        for partition, end in self.ends.items():
            log_end = self.log_ends.get(partition, end)
            if log_end < end:
                raise self._made_anew(partition, log_end, end)

    def _trouble(self, message: Message) -> Generator[Event]:
        """Take what is no record: an end, deleted offsets, an error."""
        error: KafkaError = message.error()  # type: ignore[assignment] # there is one
        partition, offset = message.partition(), message.offset()
        if error.code() in PASSING:
            pass
        elif partition not in self.ends:
            self._raise_unless_of_partition(error, partition)
        elif error.code() == KafkaError._PARTITION_EOF:
            self.log_ends[partition] = offset or 0
            if self.log_ends[partition] >= self.ends[partition]:
                yield self._finish(partition)
        elif error.code() in GONE:
            yield from self._go_on_at_beginning(partition)
        else:
            raise self._translate(error)

    def _raise_unless_of_partition(self, error: KafkaError, partition: int | None) -> None:
        """An error of a partition that is read already doesn't matter, any other does."""
        if partition is None or partition < 0:
            raise self._translate(error)

    def _record(self, record: Record) -> Generator[Event]:
        end = self.ends.get(record.partition)
        if end is None:
            return
        self.log_ends.pop(record.partition, None)
        if record.offset < end:
            self.positions[record.partition] = record.offset + 1
            yield record
        if record.offset + 1 >= end:
            yield self._finish(record.partition)

    def _finish(self, partition: int) -> Position:
        """Everything before the end is read, gaps and markers included; fetch no more of it.

        Not by `pause`: that would outlast this assignment (run), and the next read would get
        nothing of this partition.
        """
        end = self.ends.pop(partition)
        if self.ends:
            self.consumer.incremental_unassign([TopicPartition(self.topic, partition)])
        return Position(partition, max(end, self.positions[partition]))

    def _go_on_at_beginning(self, partition: int) -> Generator[Event]:
        """Retention or a deletion overtook the read: say what is gone and go on behind it."""
        position = self.positions[partition]
        low, high = self._watermarks(partition)
        if position > high:
            raise self._made_anew(partition, high, position)
        if position < low:
            self.positions[partition] = low
            yield Beginning(partition, position, low)
        if low >= self.ends[partition]:
            yield self._finish(partition)
        else:
            self._restart(partition)

    def _watermarks(self, partition: int) -> tuple[int, int]:
        where = TopicPartition(self.topic, partition)
        try:
            low, high = self.consumer.get_watermark_offsets(
                where, timeout=max(0.1, self.deadline.left_s)
            )
        except KafkaException as problem:
            raise self._translate(problem.args[0]) from problem
        return low, high

    def _restart(self, partition: int) -> None:
        """Fetch a partition from its position again: after an error `seek` is refused (run)."""
        where = TopicPartition(self.topic, partition, self.positions[partition])
        self.consumer.incremental_unassign([where])
        self.consumer.incremental_assign([where])

    def _made_anew(self, partition: int, log_end: int, wanted: int) -> errors.OffsetOutOfRange:
        return errors.OffsetOutOfRange(
            f"Partition {partition} of topic {self.topic!r} now ends at offset {log_end}, before"
            f" offset {wanted}, which was to be read: the topic was probably made anew."
        )

    def _translate(self, error: KafkaError) -> errors.MskClientError:
        return failures.translate(error, failures.read_topic(self.topic), self.settings)
