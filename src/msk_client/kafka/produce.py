"""Sends records and finds out, for each, whether it is in the log."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from functools import partial
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException

from msk_client import errors
from msk_client.kafka import failures
from msk_client.kafka.clients import PRODUCER
from msk_client.kafka.metadata import topic_of
from msk_client.kafka.outcomes import REFUSED_NOW, REFUSED_TOGETHER
from msk_client.ports import Outcome, Produced

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from confluent_kafka import Message, Producer
    from confluent_kafka.admin._metadata import TopicMetadata

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients
    from msk_client.records import Outgoing

WAIT_S = 0.1
POLL_EVERY = 1000
GATHER_S = 0.1
PROOF_S = 0.6
"""Purging ends this much before the deadline: one interval of statistics, which prove who left."""

Group = list[int]
"""Indexes of records that were refused together and are sent again as a batch of their own."""


class Sender:
    """One produce call."""

    def __init__(
        self, clients: Clients, topic: str, records: Sequence[Outgoing], deadline: Deadline
    ) -> None:
        self.clients = clients
        self.settings = clients.settings
        self.topic = topic
        self.records = records
        self.deadline = deadline
        self.sending_until = deadline.earlier(min(PROOF_S, deadline.left_s / 3))
        self.outcomes: dict[int, Outcome] = {}
        self.refused: dict[int, KafkaError] = {}
        self.purged: dict[int, KafkaError] = {}
        self.where: dict[int, int] = {}
        self.waiting = 0

    def run(self) -> Produced:
        """Send everything; afterwards nothing is left in the client that could leave later."""
        self._check_topic()
        self.started = time.monotonic()
        self.connection = self.clients.get(PRODUCER)
        self._send(range(len(self.records)))
        self._send_refused_again()
        if self.waiting or self.purged or self.connection.fatal:
            self._settle()
        return Produced(self.num_partitions, [self.outcomes[i] for i in range(len(self.records))])

    @property
    def producer(self) -> Producer:
        """The client. Nothing but the connection keeps it, so that dropping it ends it."""
        return self.connection.client

    def _check_topic(self) -> None:
        """Look the topic up, twice with a new client.

        An idempotent producer asks for its id when a broker's connection comes up, else only every
        500 ms. The first answer makes librdkafka drop the bootstrap connection and forget to open
        the next one; the second question opens it.
        """
        found = self._ask()
        connection = self.clients.get(PRODUCER)
        if not connection.settled:
            connection.settled = True
            found = self._ask()
        topic = topic_of(found, self.settings)
        if topic is None:
            raise errors.UnknownTopic(
                f"Topic {self.topic!r} doesn't exist on {self.settings.endpoint}."
            )
        self.num_partitions = topic.num_partitions

    def _ask(self) -> TopicMetadata:
        try:
            answer = self.clients.ask(
                PRODUCER, lambda c, s: c.list_topics(self.topic, timeout=s), self.deadline
            )
        except KafkaException as problem:
            operation = failures.describe_topic(self.topic)
            raise failures.translate(problem.args[0], operation, self.settings) from problem
        found: TopicMetadata = answer.topics[self.topic]
        return found

    def _send(self, indexes: Iterable[int]) -> None:
        """Hand the records to librdkafka and wait until each is reported or the time is up."""
        for count, index in enumerate(indexes):
            if count % POLL_EVERY == 0:
                self.connection.listen()
            self._hand_over(index)
        while self._flush(min(WAIT_S, self.sending_until.left_s)):
            if self.sending_until.passed or self._hopeless():
                return

    def _flush(self, timeout_s: float) -> int:
        """Serve delivery reports; answers how many are missing."""
        try:
            return self.producer.flush(timeout_s)
        except KafkaException as problem:
            self.connection.hear(problem.args[0])
            return len(self.producer)

    def _hand_over(self, index: int) -> None:
        record = self.records[index]
        partition_id = self.where.get(index, record.partition)
        if partition_id >= self.num_partitions:
            self._reject(index, errors.InvalidRequest(self._no_such_partition(partition_id)))
            return
        while index not in self.outcomes:
            try:
                # Positional: keywords cost more than half a microsecond a record.
                self.producer.produce(
                    self.topic,
                    record.value,
                    record.key,
                    partition_id,
                    partial(self._reported, index),
                    None,
                    record.timestamp_ms,
                    record.headers,  # type: ignore[arg-type] # lists are invariant
                )
            except BufferError:
                self._make_room(index)
            except KafkaException as problem:
                self._not_taken(index, problem.args[0])
            else:
                self.waiting += 1
                return

    def _no_such_partition(self, partition_id: int) -> str:
        last = self.num_partitions - 1
        return f"partition {partition_id} does not exist: topic {self.topic!r} has 0 to {last}."

    def _make_room(self, index: int) -> None:
        """The client's queue is full: let it work, unless there is no time."""
        self.connection.listen(WAIT_S)
        if self.sending_until.passed or self._hopeless():
            self.outcomes[index] = Outcome("not_delivered", error=self._cause())

    def _not_taken(self, index: int, error: KafkaError) -> None:
        """The client itself refused the record: it never left."""
        if error.code() == KafkaError._FATAL:
            self.outcomes[index] = Outcome("not_delivered", error=self._cause())
        else:
            self._reject(index, self._translate(error))

    def _reject(self, index: int, error: errors.MskClientError) -> None:
        self.outcomes[index] = Outcome("rejected", error=error)

    def _reported(self, index: int, error: KafkaError | None, message: Message) -> None:
        """Take a delivery report."""
        self.waiting -= 1
        self.connection.ledger.report(error, message)
        if error is None:
            self.connection.progress()
            _, timestamp_ms = message.timestamp()
            self.outcomes[index] = Outcome(
                "delivered", message.partition(), message.offset(), timestamp_ms
            )
            return
        partition_id = message.partition()
        if partition_id is not None and partition_id >= 0:
            self.where[index] = partition_id
        if error.code() in REFUSED_TOGETHER:
            self.refused[index] = error
        elif error.code() in REFUSED_NOW and not self.connection.lost_a_connection:
            self._reject(index, self._translate(error))
        else:
            self.purged[index] = error

    # What the broker refused together is sent again in halves, at last alone.

    def _send_refused_again(self) -> None:
        """Find the records for which whole batches were refused; only those stay refused."""
        queues: dict[int, deque[Group]] = defaultdict(deque)
        self._divide(list(self.refused), queues)
        while any(queues.values()) and not self.sending_until.passed:
            groups = [queue.popleft() for queue in queues.values() if queue]
            for index in (index for group in groups for index in group):
                del self.refused[index]
            self._send(index for group in groups for index in group)
            for group in groups:
                self._judge(group, queues)
        for index in self.refused:
            self.outcomes[index] = Outcome("not_delivered", error=self._no_time_to_split())

    def _judge(self, group: Group, queues: dict[int, deque[Group]]) -> None:
        """A record that was refused alone is rejected; several are divided further."""
        again = [index for index in group if index in self.refused]
        if len(group) == 1 and again:
            self._reject(group[0], self._translate(self.refused.pop(group[0])))
        elif again:
            self._divide(again, queues)

    def _divide(self, indexes: list[int], queues: dict[int, deque[Group]]) -> None:
        """Put the refused records of each partition back in two groups, in their order.

        Where the broker named the bad records of a batch, their neighbours form one group.
        """
        by_partition: dict[int, Group] = defaultdict(list)
        for index in indexes:
            by_partition[self.where[index]].append(index)
        for partition_id, refused in by_partition.items():
            neighbours = [i for i in refused if self._is_neighbour(i)]
            named = [i for i in refused if not self._is_neighbour(i)] if neighbours else []
            for index in named:
                self._reject(index, self._translate(self.refused.pop(index)))
            half = (len(refused) + 1) // 2
            groups = [neighbours] if neighbours else [refused[:half], refused[half:]]
            queues[partition_id].extendleft(reversed([group for group in groups if group]))

    def _is_neighbour(self, index: int) -> bool:
        return self.refused[index].code() == KafkaError._INVALID_DIFFERENT_RECORD

    def _no_time_to_split(self) -> errors.MskClientError:
        return errors.DeadlineExceeded(
            "The broker refused the record together with others of its batch, and there was no time"
            " to send it alone."
        )

    # The end: nothing may leave later, and each record left over needs a true status.

    def _hopeless(self) -> bool:
        """Whether waiting is of no use: a fatal error, no valid login, no broker for too long."""
        if self.connection.fatal is not None or self.connection.renewal_failure is not None:
            return True
        if self.connection.down_for_s() <= self.settings.connect_timeout_s:
            return False
        return not self._cluster_answers()

    def _cluster_answers(self) -> bool:
        """A cluster that answers is electing a leader or catching up: worth waiting for."""
        try:
            self.producer.list_topics(self.topic, timeout=1)
        except KafkaException:
            return False
        self.connection.progress()
        return True

    def _settle(self) -> None:
        """Purge, drop the client, and tell what never left from what may be in the log."""
        cause = self._cause()
        self.producer.purge()
        since_s = self.connection.ledger.forget_statistics()
        self._flush(GATHER_S)
        unanswered = None
        until = self.deadline.within(PROOF_S)
        while unanswered is None and not until.passed:
            self.connection.listen(0.02)
            unanswered = self.connection.ledger.unanswered(self.topic, since_s)
        self.clients.drop(PRODUCER)
        for index in range(len(self.records)):
            if index not in self.outcomes:
                self.outcomes[index] = self._left_over(index, unanswered, cause)

    def _left_over(
        self, index: int, unanswered: dict[int, int] | None, cause: errors.MskClientError
    ) -> Outcome:
        error = self.purged.get(index)
        never_sent = (
            error is not None
            and error.code() in (KafkaError._PURGE_QUEUE, KafkaError._FATAL)
            and unanswered is not None
            and unanswered.get(self.where.get(index, -1), sum(unanswered.values())) <= 0
        )
        return Outcome("not_delivered" if never_sent else "unknown", error=cause)

    def _cause(self) -> errors.MskClientError:
        """Why records were left over."""
        waited_s = time.monotonic() - self.started
        if self.connection.fatal is not None:
            return self._translate(self.connection.fatal)
        if self.connection.gave_up:
            return self.clients.failure(self.connection, waited_s)
        return errors.DeadlineExceeded(
            f"The time ran out {waited_s:.1f} s after sending to topic {self.topic!r} on"
            f" {self.settings.endpoint} began, before the broker had acknowledged everything."
        )

    def _translate(self, error: KafkaError) -> errors.MskClientError:
        return failures.translate(error, failures.write_topic(self.topic), self.settings)
