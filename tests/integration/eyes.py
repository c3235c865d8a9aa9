"""The tests' own eyes and hands: plain clients of the super user, past everything of ours."""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager
from ctypes import CDLL, c_char_p, c_int, c_size_t, c_ssize_t, c_void_p
from pathlib import Path
from typing import TYPE_CHECKING, Any

import confluent_kafka
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewPartitions, NewTopic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from confluent_kafka import Message
    from confluent_kafka.admin._metadata import PartitionMetadata

TIMEOUT_S = 30.0
PATIENCE_S = 60.0
LIBRARIES = Path(confluent_kafka.__file__).parent.with_suffix(".libs")

Value = bytes | None


class Eyes:
    """Clients of the plaintext listener; nothing is forbidden there."""

    def __init__(self, servers: str) -> None:
        self.servers = servers
        self.admin = AdminClient({"bootstrap.servers": servers})

    def create_topic(
        self,
        num_partitions: int = 1,
        config: Mapping[str, str] | None = None,
        name: str = "",
        replicas: Sequence[int] = (),
    ) -> str:
        """Make a topic with a random name (or this one) and wait until it can be used."""
        name = name or f"t-{uuid.uuid4().hex[:12]}"
        where: Any = {"replica_assignment": [list(replicas)]} if replicas else {}
        new = NewTopic(name, num_partitions=num_partitions, config=dict(config or {}), **where)
        try:
            self.admin.create_topics([new])[name].result(TIMEOUT_S)
        except KafkaException as problem:
            # librdkafka's answer while it learns that a broker came back; the topic is made.
            if problem.args[0].code() != KafkaError._DESTROY_BROKER:
                raise
        while not self._usable(name, num_partitions):
            pass
        return name

    def _usable(self, name: str, num_partitions: int) -> bool:
        found = self.admin.list_topics(name, timeout=TIMEOUT_S).topics[name]
        led = [p for p in (found.partitions or {}).values() if p.leader >= 0]
        return len(led) == num_partitions

    def await_in_sync(self, name: str, count: int) -> None:
        """Wait until the first partition of a topic has so many replicas in sync."""
        while [len(p.isrs) for p in self.partitions(name).values()][:1] != [count]:
            pass

    def partitions(self, name: str) -> dict[int, PartitionMetadata]:
        """A topic's partitions; none while the broker that is asked hasn't heard of it."""
        return self.admin.list_topics(name, timeout=TIMEOUT_S).topics[name].partitions or {}

    def add_partitions(self, name: str, total: int) -> None:
        """Let a topic have more partitions and wait until they can be used."""
        self.admin.create_partitions([NewPartitions(name, total)])[name].result(TIMEOUT_S)
        while not self._usable(name, total):
            pass

    def delete_topic(self, name: str) -> None:
        """Delete a topic and wait until the broker no longer shows it."""
        self.admin.delete_topics([name])[name].result(TIMEOUT_S)
        while self.admin.list_topics(name, timeout=TIMEOUT_S).topics[name].error is None:
            pass

    def producer(self, **config: object) -> Producer:
        """Make a producer that stores what it is given, as it is given."""
        large = {"message.max.bytes": 10_000_000, "queue.buffering.max.kbytes": 1_000_000}
        return Producer({"bootstrap.servers": self.servers, **large, **config})

    def produce(  # noqa: PLR0913 - what a record is made of
        self,
        topic: str,
        values: Sequence[Value],
        partition: int = 0,
        *,
        keys: Sequence[Value] | None = None,
        timestamps_ms: Sequence[int] | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> None:
        """Write records and wait until all are in the log."""
        producer = self.producer()
        for i, value in enumerate(values):
            producer.produce(
                topic,
                value,
                keys[i] if keys else None,
                partition,
                timestamp=timestamps_ms[i] if timestamps_ms else 0,
                headers=list(headers),
            )
            producer.poll(0)
        assert producer.flush(TIMEOUT_S) == 0

    @contextmanager
    def transaction(
        self, topic: str, values: Sequence[Value], partition: int = 0, *, commit: bool = True
    ) -> Iterator[Producer]:
        """Write records in a transaction, which is open inside the `with` and has ended after."""
        producer = self.producer(**{"transactional.id": f"tx-{uuid.uuid4().hex[:12]}"})
        producer.init_transactions(TIMEOUT_S)
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value, partition=partition)
        assert producer.flush(TIMEOUT_S) == 0
        yield producer
        before = self.watermarks(topic, partition)
        (producer.commit_transaction if commit else producer.abort_transaction)(TIMEOUT_S)
        while self.watermarks(topic, partition) == before:  # the marker is written later
            pass

    def transact(
        self, topic: str, values: Sequence[Value], partition: int = 0, *, commit: bool = True
    ) -> None:
        """Write records in a transaction that is committed or aborted."""
        with self.transaction(topic, values, partition, commit=commit):
            pass

    def compact(self, topic: str) -> None:
        """Have a topic of one partition compacted, after last records that close the segment."""
        before = len(self.records(topic))
        with self._compacting():
            while len(self.records(topic)) >= before:
                self.produce(topic, [b"last"], keys=[b"last"])

    @contextmanager
    def _compacting(self) -> Iterator[None]:
        """Let the broker close segments and compact them at once."""
        settings = {
            "log.roll.ms": "1",
            "log.cleaner.backoff.ms": "20",
            "log.cleaner.min.cleanable.ratio": "0",
            "log.cleaner.max.compaction.lag.ms": "1",
        }
        self._configure_broker(settings)
        try:
            yield
        finally:
            self._configure_broker(dict.fromkeys(settings))

    def _configure_broker(self, settings: Mapping[str, str | None]) -> None:
        """Set dynamic configs of the first broker; None takes one back to its default."""
        broker = ConfigResource(ResourceType.BROKER, "1")
        for name, value in settings.items():
            kind = AlterConfigOpType.DELETE if value is None else AlterConfigOpType.SET
            broker.add_incremental_config(ConfigEntry(name, value, incremental_operation=kind))
        for future in self.admin.incremental_alter_configs([broker]).values():
            future.result(TIMEOUT_S)

    def delete_records(self, topic: str, before: Mapping[int, int]) -> None:
        """Delete what lies below these offsets."""
        for partition, offset in before.items():
            while not self._deleted(TopicPartition(topic, partition, offset)):
                pass

    def _deleted(self, before: TopicPartition) -> bool:
        """Delete, unless the leader of a new topic doesn't know yet that it is the leader."""
        (future,) = self.admin.delete_records([before]).values()
        try:
            future.result(TIMEOUT_S)
        except KafkaException as problem:
            if problem.args[0].code() != KafkaError.NOT_LEADER_FOR_PARTITION:
                raise
            return False
        return True

    def watermarks(self, topic: str, partition: int = 0) -> tuple[int, int]:
        """Look up the log's beginning and its high watermark."""
        consumer = self._consumer("eyes")
        where = TopicPartition(topic, partition)
        try:
            low, high = consumer.get_watermark_offsets(where, timeout=TIMEOUT_S)
        finally:
            consumer.close()
        return low, high

    def await_end(self, topic: str, partition: int, offset: int) -> None:
        """Wait until a partition's high watermark is at least `offset`; raises after a minute."""
        until = time.monotonic() + PATIENCE_S
        while self.watermarks(topic, partition)[1] < offset:
            assert time.monotonic() < until, f"offset {offset} of partition {partition} is missing"

    def records(self, topic: str, partition: int = 0) -> list[Message]:
        """Read all records of a partition, those of aborted and open transactions too."""
        consumer = self._consumer("eyes")
        found: list[Message] = []
        try:
            consumer.assign([TopicPartition(topic, partition, 0)])
            while True:
                message = consumer.poll(TIMEOUT_S)
                assert message is not None
                if message.error() is not None:
                    return found
                found.append(message)
        finally:
            consumer.close()

    def commit(self, group: str, topic: str, offsets: Mapping[int, int]) -> None:
        """Commit offsets for a group without joining it."""
        consumer = self._consumer(group)
        try:
            wanted = [TopicPartition(topic, p, offset) for p, offset in offsets.items()]
            consumer.commit(offsets=wanted, asynchronous=False)
        finally:
            consumer.close()

    def committed(self, group: str, topic: str, partitions: Sequence[int] = (0,)) -> dict[int, int]:
        """Look up a group's committed offsets; partitions without one are left out."""
        consumer = self._consumer(group)
        try:
            wanted = [TopicPartition(topic, p) for p in partitions]
            found = consumer.committed(wanted, timeout=TIMEOUT_S)
        finally:
            consumer.close()
        return {p.partition: p.offset for p in found if p.offset >= 0}

    @contextmanager
    def member(self, group: str, topic: str, **config: object) -> Iterator[Consumer]:
        """Be a live member of a group while the `with` lasts."""
        consumer = self._consumer(group, **config)
        joined: list[object] = []
        consumer.subscribe([topic], on_assign=lambda _, partitions: joined.append(partitions))
        try:
            while not joined:
                consumer.poll(0.05)
            yield consumer
        finally:
            consumer.close()

    def _consumer(self, group: str, **config: object) -> Consumer:
        ours = {
            "bootstrap.servers": self.servers,
            "group.id": group,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "isolation.level": "read_uncommitted",
            "fetch.wait.max.ms": 10,
        }
        return Consumer(ours | config)


def produce_header(servers: str, topic: str, name: bytes) -> None:
    """Write a record with a header of any name, as programs in other languages can."""
    library = CDLL(str(next(LIBRARIES.glob("librdkafka-*.so*"))))
    library.rd_kafka_conf_new.restype = library.rd_kafka_new.restype = c_void_p
    library.rd_kafka_headers_new.restype = c_void_p
    config = c_void_p(library.rd_kafka_conf_new())
    library.rd_kafka_conf_set(config, b"bootstrap.servers", servers.encode(), None, c_size_t(0))
    producer = c_void_p(library.rd_kafka_new(0, config, None, c_size_t(0)))
    headers = c_void_p(library.rd_kafka_headers_new(c_size_t(2)))
    for key in (b"before", name, b"after"):
        library.rd_kafka_header_add(headers, key, c_ssize_t(len(key)), b"v", c_ssize_t(1))
    end, to_topic, with_value, with_headers = map(c_int, (0, 1, 4, 10))
    place = (to_topic, c_char_p(topic.encode()))
    value = (with_value, c_char_p(b"value"), c_size_t(5))
    assert library.rd_kafka_producev(producer, *place, *value, with_headers, headers, end) == 0
    assert library.rd_kafka_flush(producer, int(TIMEOUT_S * 1000)) == 0
    library.rd_kafka_destroy(producer)
