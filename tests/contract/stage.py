"""Prepares what the port can't: the same state in the fake and in a real Kafka."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from msk_client.kafka import MskKafka
from msk_client.records import Outgoing
from msk_client.settings import read
from tests.fake_kafka import FakeKafka
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from local.msk import LocalMsk
    from msk_client.ports import Kafka


class Stage(Protocol):
    """A Kafka, and what the tests do to it behind the port's back."""

    @property
    def kafka(self) -> Kafka:
        """The port."""
        ...

    def topic(self, num_partitions: int = 1) -> str:
        """Make a topic; answers its name."""
        ...

    def write(self, topic: str, values: Sequence[bytes], partition: int = 0) -> None:
        """Append records."""
        ...

    def abort(self, topic: str, count: int, partition: int = 0) -> None:
        """Append this many aborted records and a marker: offsets where nothing can be read."""
        ...

    def delete_before(self, topic: str, offset: int, partition: int = 0) -> None:
        """Do what retention does."""
        ...

    def transaction(self, topic: str, values: Sequence[bytes]) -> AbstractContextManager[None]:
        """Append records to partition 0 that are not yet stable inside the `with`."""
        ...

    def member(self, group: str, topic: str) -> AbstractContextManager[None]:
        """Have a live member in the group inside the `with`."""
        ...


class FakeStage:
    """The fake's insides."""

    def __init__(self) -> None:
        self.kafka = FakeKafka()

    def topic(self, num_partitions: int = 1) -> str:
        """See the protocol."""
        name = f"t-{uuid.uuid4().hex[:12]}"
        self.kafka.add_topic(name, num_partitions)
        return name

    def write(self, topic: str, values: Sequence[bytes], partition: int = 0) -> None:
        """See the protocol."""
        for value in values:
            self.kafka.logs[topic][partition].append(Outgoing(None, value, []))

    def abort(self, topic: str, count: int, partition: int = 0) -> None:
        """See the protocol."""
        self.kafka.logs[topic][partition].gap(count + 1)

    def delete_before(self, topic: str, offset: int, partition: int = 0) -> None:
        """See the protocol."""
        self.kafka.logs[topic][partition].delete_before(offset)

    @contextmanager
    def transaction(self, topic: str, values: Sequence[bytes]) -> Iterator[None]:
        """See the protocol."""
        log = self.kafka.logs[topic][0]
        log.stable = log.high
        self.write(topic, values)
        yield
        log.stable = None
        log.gap()

    @contextmanager
    def member(self, group: str, topic: str) -> Iterator[None]:
        """See the protocol."""
        assert topic in self.kafka.logs
        self.kafka.members[group] = 1
        yield
        del self.kafka.members[group]


class RealStage:
    """The adapter on a real Kafka, and the super user's clients."""

    def __init__(self, msk: LocalMsk) -> None:
        self.kafka = MskKafka(read(msk.environment()))
        self._eyes = Eyes(msk.plaintext)

    def topic(self, num_partitions: int = 1) -> str:
        """See the protocol."""
        return self._eyes.create_topic(num_partitions)

    def write(self, topic: str, values: Sequence[bytes], partition: int = 0) -> None:
        """See the protocol."""
        self._eyes.produce(topic, values, partition)

    def abort(self, topic: str, count: int, partition: int = 0) -> None:
        """See the protocol."""
        self._eyes.transact(topic, [b"aborted"] * count, partition, commit=False)

    def delete_before(self, topic: str, offset: int, partition: int = 0) -> None:
        """See the protocol."""
        self._eyes.delete_records(topic, {partition: offset})

    @contextmanager
    def transaction(self, topic: str, values: Sequence[bytes]) -> Iterator[None]:
        """See the protocol."""
        with self._eyes.transaction(topic, values):
            yield

    @contextmanager
    def member(self, group: str, topic: str) -> Iterator[None]:
        """See the protocol."""
        with self._eyes.member(group, topic):
            yield
