"""Topics and offsets, by librdkafka's AdminClient."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.cimpl import NewTopic as LibraryNewTopic

from msk_client import errors
from msk_client.kafka import failures
from msk_client.kafka.answers import timeout_s, wait_for
from msk_client.kafka.clients import ADMIN, RETRY_S
from msk_client.kafka.lookup import OffsetLookup
from msk_client.kafka.metadata import ask_for_topic, find_topic, topic_of
from msk_client.ports import Broker, Cluster, NewTopic, Topic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confluent_kafka.admin._metadata import ClusterMetadata

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients
    from msk_client.ports import Mark, Offsets

LEADER_POLL_S = 0.02


class Admin:
    """The administrative half of the `Kafka` port."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.settings = clients.settings

    def topic(self, name: str, deadline: Deadline) -> Topic | None:
        """See the port."""
        return find_topic(self.clients, ADMIN, name, deadline)

    def topic_id(self, name: str, deadline: Deadline) -> str | None:
        """See the port. Brokers tell it since Kafka 2.8."""
        client = self.clients.get(ADMIN).client
        wanted = TopicCollection([name])
        future = client.describe_topics(wanted, request_timeout=timeout_s(deadline))[name]
        operation = failures.describe_topic(name)
        try:
            found = wait_for(future, operation, self.settings, deadline).topic_id
        except KafkaException as problem:
            raise failures.translate(problem.args[0], operation, self.settings) from problem
        return str(found) if found is not None and found.get_most_significant_bits() else None

    def topics(self, deadline: Deadline) -> list[Topic]:
        """See the port."""
        found = self._metadata(deadline).topics.values()
        return [topic for one in found if (topic := topic_of(one, self.settings)) is not None]

    def cluster(self, deadline: Deadline) -> Cluster:
        """See the port. Metadata tells it all, and needs no permission beyond Connect."""
        answer = self._metadata(deadline)
        brokers = [Broker(b.id, str(b.host), b.port) for b in answer.brokers.values()]
        brokers.sort(key=lambda broker: broker.id)
        return Cluster(answer.cluster_id, answer.controller_id, brokers)

    def _metadata(self, deadline: Deadline) -> ClusterMetadata:
        try:
            answer: ClusterMetadata = self.clients.ask(
                ADMIN, lambda c, s: c.list_topics(timeout=s), deadline
            )
        except KafkaException as problem:
            operation = failures.DESCRIBE_CLUSTER
            raise failures.translate(problem.args[0], operation, self.settings) from problem
        return answer

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
        operation = failures.create_topic(topic.name)
        try:
            wait_for(futures[topic.name], operation, self.settings, deadline)
        except KafkaException as problem:
            failure = failures.translate(problem.args[0], operation, self.settings)
            if isinstance(failure, errors.TopicExists):
                self.clients.note_made(topic.name)
            raise failure from problem
        if not validate_only:
            self.clients.note_made(topic.name)
            self._await_leaders(topic.name, topic.num_partitions, deadline)

    def _await_leaders(self, name: str, num_partitions: int, deadline: Deadline) -> None:
        """A topic just made answers "unknown" or "no leader" until the brokers have heard of it."""
        while True:
            partitions = ask_for_topic(self.clients, ADMIN, name, deadline).partitions or {}
            led = [p for p in partitions.values() if p.leader >= 0]
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
