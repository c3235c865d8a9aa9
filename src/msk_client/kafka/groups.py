"""Consumer groups, looked up and committed to from outside.

Committed offsets go through a consumer that carries the group's name and never joins. The
AdminClient could do it too, but ends the process when a coordinator moves: librdkafka 2.16 uses a
group that an AdminClient doesn't have (librdkafka#5040), and a look-up that times out while it
waits for a coordinator is answered later, to nobody (librdkafka#3663). Both were seen here, with a
broker killed and with a cluster's very first group. Counting members has no other way; so it comes
after the committed offsets, which prove that there is a coordinator, and with a client that hasn't
looked for this group's coordinator before and can't remember a dead one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from msk_client import errors
from msk_client.kafka import failures, properties
from msk_client.kafka.answers import timeout_s, wait_for
from msk_client.kafka.clients import ADMIN, NEWS_S, RETRY_S, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from confluent_kafka.admin import AdminClient

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients
    from msk_client.kafka.connection import Connection
    from msk_client.kafka.failures import Operation
    from msk_client.ports import Offsets
    from msk_client.settings import Settings

T = TypeVar("T")
SLICE_S = 0.2
POLL_S = 0.002
"""A poll that serves a callback goes on waiting for a record, which never comes."""

NO_GROUP = (KafkaError.GROUP_ID_NOT_FOUND, KafkaError._UNKNOWN_GROUP)
NO_COORDINATOR_YET = (
    KafkaError._TIMED_OUT,
    KafkaError._WAIT_COORD,
    KafkaError._TRANSPORT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.UNSTABLE_OFFSET_COMMIT,
)


class Groups:
    """The part of the `Kafka` port that is about groups."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.settings = clients.settings
        self._group: str | None = None
        self._reports: list[tuple[KafkaError | None, list[TopicPartition]]] = []
        self._describer: object = None
        self._described: set[str] = set()

    # Committed offsets

    def committed(
        self, group: str, topic: str, partitions: Sequence[int], deadline: Deadline
    ) -> Offsets:
        """See the port."""
        wanted = [TopicPartition(topic, partition) for partition in partitions]
        operation = failures.describe_group(group)
        started_s = time.monotonic()
        connection = self._connection(group)
        connection.begin()
        while True:
            try:
                found = connection.client.committed(wanted, timeout=_slice_s(deadline))
            except KafkaException as problem:
                if problem.args[0].code() not in NO_COORDINATOR_YET:
                    raise self._translate(problem.args[0], operation, topic) from problem
            else:
                self._check(found, operation, topic)
                return {p.partition: p.offset for p in found if p.offset >= 0}
            self._hear(connection, operation, topic)
            self._give_up_in_time(connection, operation, deadline, started_s)

    def commit(self, group: str, topic: str, offsets: Offsets, deadline: Deadline) -> None:
        """See the port."""
        wanted = [TopicPartition(topic, partition, offset) for partition, offset in offsets.items()]
        _until_coordinated(lambda: self._commit(group, topic, wanted, deadline), deadline)

    def _commit(
        self, group: str, topic: str, wanted: list[TopicPartition], deadline: Deadline
    ) -> None:
        operation = failures.commit_group(group)
        connection = self._connection(group)
        self._reports.clear()
        # Not with asynchronous=False: that has no timeout.
        connection.client.commit(offsets=wanted, asynchronous=True)
        while not self._reports:
            if deadline.passed:
                self._drop()
                raise errors.DeadlineExceeded(
                    f"The time ran out while {operation.doing} on {self.settings.endpoint}: it is"
                    " not known whether the commit took place. Give the function a longer timeout."
                )
            self._hear(connection, operation, topic)
        error, partitions = self._reports.pop()
        if error is not None:  # librdkafka gives the last partition's error to all of them (run)
            raise self._translate(error, operation, topic)
        self._check(partitions, operation, topic)

    def _connection(self, group: str) -> Connection[Consumer]:
        """Keep the consumer of one group, the last."""
        if self._group != group:
            self._drop()
            self._group = group
        return self.clients.get(self._kind())

    def _drop(self) -> None:
        self.clients.drop(self._kind())

    def _kind(self) -> Kind[Consumer]:
        group = self._group

        def config(settings: Settings) -> dict[str, object]:
            ours = {"group.id": group, "on_commit": lambda *report: self._reports.append(report)}
            return properties.consumer(settings, read_committed=True) | ours

        return Kind("bookmark", Consumer, config)

    def _hear(self, connection: Connection[Consumer], operation: Operation, topic: str) -> None:
        """Serve the callbacks; a refusal to look the coordinator up comes as a message, once."""
        message = connection.client.poll(POLL_S)
        error = None if message is None else message.error()
        if error is not None and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
            self._drop()
            raise self._translate(error, operation, topic)

    def _give_up_in_time(
        self,
        connection: Connection[Consumer],
        operation: Operation,
        deadline: Deadline,
        started_s: float,
    ) -> None:
        waited_s = time.monotonic() - started_s
        patience_s = min(self.settings.connect_timeout_s, waited_s + deadline.left_s)
        if connection.gave_up and waited_s >= patience_s:
            self._drop()
            raise self.clients.failure(connection, waited_s)
        if deadline.passed:
            raise errors.ThrottledOrBusy(
                f"While {operation.doing} on {self.settings.endpoint}: the group's coordinator did"
                f" not answer within {waited_s:.1f} s. It loads or moves, or the broker that it is"
                " on can't be reached. Try again in a few seconds."
            )

    # Members

    def live_members(self, group: str, deadline: Deadline) -> int:
        """See the port. Ask for committed offsets first: see above."""
        return _until_coordinated(lambda: self._live_members(group, deadline), deadline)

    def _live_members(self, group: str, deadline: Deadline) -> int:
        operation = failures.describe_group(group)
        client = self._new_describer(group).client
        future = client.describe_consumer_groups([group], request_timeout=timeout_s(deadline))[
            group
        ]
        try:
            return len(wait_for(future, operation, self.settings, deadline).members)
        except KafkaException as problem:
            error: KafkaError = problem.args[0]
            if error.code() in NO_GROUP:
                return 0
            self.clients.drop(ADMIN)
            raise self._translate(error, operation, "") from problem
        except errors.DeadlineExceeded:
            self.clients.drop(ADMIN)
            raise

    def _new_describer(self, group: str) -> Connection[AdminClient]:
        """An AdminClient that has never looked for this group's coordinator."""
        if self.clients.get(ADMIN) is self._describer and group in self._described:
            self.clients.drop(ADMIN)
        connection = self.clients.get(ADMIN)
        if connection is not self._describer:
            self._describer = connection
            self._described.clear()
        self._described.add(group)
        return connection

    # Errors

    def _check(
        self, partitions: Sequence[TopicPartition], operation: Operation, topic: str
    ) -> None:
        """Raise a partition's error: librdkafka returns them in the answer and raises none."""
        for partition in partitions:
            if partition.error is not None:
                detail = f"Partition {partition.partition}."
                raise self._translate(partition.error, operation, topic, detail)

    def _translate(
        self, error: KafkaError, operation: Operation, topic: str, detail: str = ""
    ) -> errors.MskClientError:
        """A group's offsets of a topic need a permission on the topic as well."""
        if error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            commits = operation.action == failures.commit_group("").action
            operation = failures.read_topic(topic) if commits else failures.describe_topic(topic)
        return failures.translate(error, operation, self.settings, detail)


def _until_coordinated(ask: Callable[[], T], deadline: Deadline) -> T:
    """Ask again while a coordinator moves, loads, or hasn't heard of a new topic yet."""
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


def _slice_s(deadline: Deadline) -> float:
    return max(0.01, min(SLICE_S, deadline.left_s))
