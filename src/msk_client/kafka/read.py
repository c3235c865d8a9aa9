"""Fetches ranges of a topic's partitions: assigned by hand, never joined, up to their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)

from msk_client import errors
from msk_client.kafka import failures
from msk_client.ports import Beginning, Position
from msk_client.records import Record

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from confluent_kafka import Message

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients, Kind
    from msk_client.ports import Event, Offsets

POLL_S = 0.05
BATCH = 1000

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

    def open(self) -> None:
        """Connect, learn the leaders (else the first fetch waits half a second), and assign."""
        try:
            self.clients.ask(
                self.kind, lambda c, s: c.list_topics(self.topic, timeout=s), self.deadline
            )
        except KafkaException as problem:
            raise self._translate(problem.args[0]) from problem
        self.connection = self.clients.get(self.kind)
        self.consumer = self.connection.client
        self.consumer.assign([TopicPartition(self.topic, p, o) for p, o in self.positions.items()])

    def events(self) -> Generator[Event]:
        """Yield records, skips and reached ends until all is read or the deadline has passed."""
        if not self.ends:
            return
        self.open()
        try:
            while self.ends and not self.deadline.passed:
                for message in self._fetch():
                    yield from self._event(message)
        finally:
            self.consumer.unassign()

    def _fetch(self) -> list[Message]:
        """Take what is there. `consume` waits for its full count, so never ask for too many."""
        left = sum(end - self.positions[p] for p, end in self.ends.items())
        messages = self.consumer.consume(min(left, BATCH), min(POLL_S, self.deadline.left_s))
        if messages:
            self.connection.progress()
        elif self.connection.down_for_s() > self.settings.connect_timeout_s:
            raise self.clients.failure(self.connection, self.connection.down_for_s())
        return messages

    def _event(self, message: Message) -> Generator[Event]:
        error = message.error()
        partition, offset = message.partition(), message.offset()
        if error is None:
            yield from self._record(message)
        elif error.code() in PASSING:
            pass
        elif partition not in self.ends:
            self._raise_unless_of_partition(error, partition)
        elif error.code() == KafkaError._PARTITION_EOF:
            if offset is not None and offset >= self.ends[partition]:
                yield self._finish(partition)
        elif error.code() in GONE:
            yield from self._go_on_at_beginning(partition)
        else:
            raise self._translate(error)

    def _raise_unless_of_partition(self, error: KafkaError, partition: int | None) -> None:
        """An error of a partition that is read already doesn't matter, any other does."""
        if partition is None or partition < 0:
            raise self._translate(error)

    def _record(self, message: Message) -> Generator[Event]:
        record = record_of(message)
        end = self.ends.get(record.partition)
        if end is None:
            return
        if record.offset < end:
            self.positions[record.partition] = record.offset + 1
            yield record
        if record.offset + 1 >= end:
            yield self._finish(record.partition)

    def _finish(self, partition: int) -> Position:
        """Everything before the end is read, gaps and markers included; fetch no more of it."""
        end = self.ends.pop(partition)
        if self.ends:
            self.consumer.pause([TopicPartition(self.topic, partition)])
        return Position(partition, max(end, self.positions[partition]))

    def _go_on_at_beginning(self, partition: int) -> Generator[Event]:
        """Retention or a deletion overtook the read: say what is gone and go on behind it."""
        position = self.positions[partition]
        where = TopicPartition(self.topic, partition)
        try:
            low, high = self.consumer.get_watermark_offsets(where, timeout=self.deadline.left_s)
        except KafkaException as problem:
            raise self._translate(problem.args[0]) from problem
        if position >= low:
            raise errors.OffsetOutOfRange(
                f"Partition {partition} of topic {self.topic!r} now ends at offset {high}, before"
                f" the offset to be read, {position}: the topic was probably made anew."
            )
        self.positions[partition] = low
        yield Beginning(partition, position, low)
        if low >= self.ends[partition]:
            yield self._finish(partition)
        else:
            self.consumer.seek(TopicPartition(self.topic, partition, low))

    def _translate(self, error: KafkaError) -> errors.MskClientError:
        return failures.translate(error, failures.read_topic(self.topic), self.settings)


def await_record(
    clients: Clients, kind: Kind[Consumer], topic: str, starts: Offsets, deadline: Deadline
) -> None:
    """Return when a record stands at or after one of the starts, or at the deadline."""
    reader = Reader(clients, kind, topic, {p: (o, 2**63 - 1) for p, o in starts.items()}, deadline)
    for event in reader.events():
        if isinstance(event, Record):
            return


def record_of(message: Message) -> Record:
    """Make a `Record` of librdkafka's message."""
    kind, timestamp_ms = message.timestamp()
    return Record(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        timestamp_ms=None if kind == TIMESTAMP_NOT_AVAILABLE else timestamp_ms,
        timestamp_type=None
        if kind == TIMESTAMP_NOT_AVAILABLE
        else ("create" if kind == TIMESTAMP_CREATE_TIME else "log_append"),
        key=message.key(),
        value=message.value(),
        headers=message.headers() or [],  # type: ignore[arg-type] # always a list of (str, bytes)
    )
