"""Topics, offsets and consumer groups, by librdkafka's AdminClient."""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any, TypeVar

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.cimpl import NewTopic as LibraryNewTopic

from msk_client import errors
from msk_client.kafka import failures
from msk_client.kafka.clients import ADMIN
from msk_client.kafka.lookup import OffsetLookup, timeout_s
from msk_client.kafka.metadata import topic_of
from msk_client.ports import Broker, Cluster, NewTopic, Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients
    from msk_client.kafka.failures import Operation
    from msk_client.ports import Mark, Offsets

T = TypeVar("T")
LEADER_POLL_S = 0.02
RETRY_S = 0.05
NEWS_S = 2.0
"""How long a broker may take to hear of a topic that another one has already."""


class Admin:
    """The administrative half of the `Kafka` port."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.settings = clients.settings

    def topic(self, name: str, deadline: Deadline) -> Topic | None:
        """See the port."""
        answer = self._metadata(name, deadline)
        return topic_of(answer.topics[name], self.settings)

    def topics(self, deadline: Deadline) -> list[Topic]:
        """See the port."""
        found = self._metadata(None, deadline).topics.values()
        return [topic for one in found if (topic := topic_of(one, self.settings)) is not None]

    def cluster(self, deadline: Deadline) -> Cluster:
        """See the port. Metadata tells it all, and needs no permission beyond Connect."""
        answer = self._metadata(None, deadline)
        brokers = [Broker(b.id, b.host, b.port) for b in answer.brokers.values()]
        brokers.sort(key=lambda broker: broker.id)
        return Cluster(answer.cluster_id, answer.controller_id, brokers)

    def _metadata(self, topic: str | None, deadline: Deadline) -> Any:  # noqa: ANN401 - untyped there
        operation = failures.describe_topic(topic) if topic else failures.DESCRIBE_CLUSTER
        try:
            if topic is None:
                return self.clients.ask(ADMIN, lambda c, s: c.list_topics(timeout=s), deadline)
            return self.clients.ask(ADMIN, lambda c, s: c.list_topics(topic, timeout=s), deadline)
        except KafkaException as problem:
            raise failures.translate(problem.args[0], operation, self.settings) from problem

    def create_topic(self, topic: NewTopic, deadline: Deadline, *, validate_only: bool) -> None:
        """See the port."""
        self.topic(topic.name, deadline)
        wanted = LibraryNewTopic(
            topic.name,
            num_partitions=topic.num_partitions,
            replication_factor=topic.replication_factor or -1,
            config=topic.config,
        )
        futures = self.clients.get(ADMIN).client.create_topics(
            [wanted], request_timeout=timeout_s(deadline), validate_only=validate_only
        )
        self._result(futures[topic.name], failures.create_topic(topic.name), deadline)
        if not validate_only:
            self._await_leaders(topic.name, topic.num_partitions, deadline)

    def _await_leaders(self, name: str, num_partitions: int, deadline: Deadline) -> None:
        """A topic just made answers "unknown" or "no leader" until the brokers have heard of it."""
        while True:
            found = self._metadata(name, deadline).topics[name]
            led = [p for p in found.partitions.values() if p.leader >= 0]
            if len(led) >= num_partitions:
                return
            if deadline.left_s <= LEADER_POLL_S:
                raise errors.ThrottledOrBusy(
                    f"Topic {name!r} was created, but only {len(led)} of its {num_partitions}"
                    " partitions have a leader yet: use it in a few seconds."
                )
            time.sleep(LEADER_POLL_S)

    def offsets(
        self,
        topic: str,
        partitions: Sequence[int],
        places: Sequence[Mark | int],
        deadline: Deadline,
    ) -> list[Offsets]:
        """See the port."""
        lookup = OffsetLookup(self.clients, topic, partitions, places)
        limit = deadline.within(self.settings.connect_timeout_s)
        while (found := lookup.ask(limit)) is None:
            if limit.left_s <= RETRY_S:
                raise lookup.failure()
            time.sleep(RETRY_S)
            if self.topic(topic, limit) is None:  # the client learns here who leads now
                raise errors.UnknownTopic(
                    f"Topic {topic!r} doesn't exist on {self.settings.endpoint} (any more)."
                )
        return found

    def live_members(self, group: str, deadline: Deadline) -> int:
        """See the port."""

        def ask() -> int:
            futures = self.clients.get(ADMIN).client.describe_consumer_groups(
                [group], request_timeout=timeout_s(deadline)
            )
            return len(self._result(futures[group], operation, deadline).members)

        operation = failures.describe_group(group)
        try:
            return self._until_coordinated(ask, deadline)
        except errors.UnexpectedKafkaError as problem:
            cause = problem.__cause__
            if isinstance(cause, KafkaException) and _is_no_group(cause.args[0]):
                return 0
            raise

    def committed(
        self, group: str, topic: str, partitions: Sequence[int], deadline: Deadline
    ) -> Offsets:
        """See the port."""
        wanted = [TopicPartition(topic, partition) for partition in partitions]

        def ask() -> list[TopicPartition]:
            futures = self.clients.get(ADMIN).client.list_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group, wanted)],
                request_timeout=timeout_s(deadline),
            )
            return self._partitions(futures[group], failures.describe_group(group), deadline)

        found = self._until_coordinated(ask, deadline)
        return {p.partition: p.offset for p in found if p.offset >= 0}

    def commit(self, group: str, topic: str, offsets: Offsets, deadline: Deadline) -> None:
        """See the port."""
        wanted = [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]

        def ask() -> None:
            futures = self.clients.get(ADMIN).client.alter_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group, wanted)],
                request_timeout=timeout_s(deadline),
            )
            self._partitions(futures[group], failures.commit_group(group), deadline)

        self._until_coordinated(ask, deadline)

    def _until_coordinated(self, ask: Callable[[], T], deadline: Deadline) -> T:
        """Ask again while a group's coordinator moves, loads, or hasn't heard of a new topic yet.

        librdkafka gives up at once.
        """
        news = deadline.within(NEWS_S)
        while True:
            try:
                return ask()
            except errors.ThrottledOrBusy:
                if deadline.left_s <= RETRY_S:
                    raise
            except errors.UnknownTopic:
                if news.left_s <= RETRY_S:
                    raise
            time.sleep(RETRY_S)

    def _partitions(
        self,
        future: Future[ConsumerGroupTopicPartitions],
        operation: Operation,
        deadline: Deadline,
    ) -> list[TopicPartition]:
        partitions = self._result(future, operation, deadline).topic_partitions or []
        self._check(partitions, operation)
        return partitions

    def _check(self, partitions: Sequence[TopicPartition], operation: Operation) -> None:
        """Raise a partition's error: librdkafka returns them in the answer and raises none."""
        for partition in partitions:
            if partition.error is not None:
                detail = f"Partition {partition.partition}."
                raise failures.translate(partition.error, operation, self.settings, detail)

    def _result(self, future: Future[T], operation: Operation, deadline: Deadline) -> T:
        """Wait for an answer of librdkafka; raises our class for its error."""
        try:
            return future.result(timeout=deadline.left_s + 0.2)
        except KafkaException as problem:
            raise failures.translate(problem.args[0], operation, self.settings) from problem
        except FutureTimeout:
            raise errors.DeadlineExceeded(
                f"The time ran out while {operation.doing} on {self.settings.endpoint}: no answer."
                " Give the function a longer timeout."
            ) from None


def _is_no_group(error: KafkaError) -> bool:
    return error.code() in (KafkaError.GROUP_ID_NOT_FOUND, KafkaError._UNKNOWN_GROUP)
