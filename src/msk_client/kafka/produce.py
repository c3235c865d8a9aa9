"""Sends records and finds out, for each, whether it is in the log."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException

from msk_client import errors
from msk_client.kafka import failures, target
from msk_client.kafka.clients import PRODUCER
from msk_client.kafka.halves import Halves
from msk_client.kafka.outcomes import (
    LEFT_IN_CLIENT,
    NEIGHBOUR_IS_BAD,
    REFUSED_NOW,
    REFUSED_TOGETHER,
)
from msk_client.kafka.patience import Patience
from msk_client.ports import Outcome, Produced, no_such_partition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from confluent_kafka import Message, Producer

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients
    from msk_client.records import Outgoing

WAIT_S = 0.1
POLL_EVERY = 1000
GATHER_S = 0.1
PROOF_S = 0.6
"""Purging ends this much before the deadline: one interval of statistics, which prove who left."""

NO_TIME_TO_DIVIDE = errors.DeadlineExceeded(
    "The broker refused the record together with others of its batch, and there was no time to send"
    " it alone."
)


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
        self.undecided: dict[int, KafkaError] = {}
        self.kept: set[int] = set()
        self.where: dict[int, int] = {}
        self.waiting = 0

    def run(self) -> Produced:
        """Send everything; afterwards nothing is left in the client that could leave later."""
        highest = max((record.partition for record in self.records), default=-1)
        self.num_partitions = target.num_partitions(
            self.clients, self.topic, highest, self.deadline
        )
        self.connection = self.clients.get(PRODUCER)
        self.patience = Patience(self.clients, self.connection, self.topic)
        self._send(range(len(self.records)))
        self._send_refused_again()
        if self.waiting or self.undecided or self.kept:
            self._settle()
        return Produced(self.num_partitions, [self.outcomes[i] for i in range(len(self.records))])

    @property
    def producer(self) -> Producer:
        """The client. Nothing but the connection keeps it, so that dropping it ends it."""
        return self.connection.client

    def _send(self, indexes: Iterable[int]) -> None:
        """Hand the records to librdkafka and wait until each is reported or the time is up."""
        for count, index in enumerate(indexes):
            if count % POLL_EVERY == 0:
                self.connection.listen()
            self._hand_over(index)
        while self._flush(min(WAIT_S, self.sending_until.left_s)):
            if self.sending_until.passed or self.patience.is_over():
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
            self._reject(index, no_such_partition(partition_id, self.topic, self.num_partitions))
            return
        while True:
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
                if self._no_room():
                    self.kept.add(index)
                    return
            except KafkaException as problem:
                self._not_taken(index, problem.args[0])
                return
            else:
                self.waiting += 1
                return

    def _no_room(self) -> bool:
        """The client's queue is full: let it work, unless there is no time."""
        self.connection.listen(WAIT_S)
        return self.sending_until.passed or self.patience.is_over()

    def _not_taken(self, index: int, error: KafkaError) -> None:
        """The client itself refused the record: it never left."""
        if error.code() == KafkaError._FATAL:
            self.kept.add(index)
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
            self.undecided[index] = error

    def _send_refused_again(self) -> None:
        """What was refused together is sent again in halves, at last alone."""
        halves = Halves(self.where)
        self._divide(list(self.refused), halves)
        while halves and not (self.sending_until.passed or self.patience.is_over()):
            groups = halves.next_groups()
            for index in (index for group in groups for index in group):
                del self.refused[index]
            self._send(index for group in groups for index in group)
            for group in groups:
                self._divide([i for i in group if i in self.refused], halves, alone=len(group) == 1)
        for index in self.refused:
            self.outcomes[index] = Outcome("not_delivered", error=NO_TIME_TO_DIVIDE)

    def _divide(self, refused: list[int], halves: Halves, *, alone: bool = False) -> None:
        """Reject what is known to be bad itself, and put the rest back in smaller groups."""
        neighbours = {i for i in refused if self.refused[i].code() == NEIGHBOUR_IS_BAD}
        bad = refused if alone else halves.add(refused, neighbours)
        for index in bad:
            self._reject(index, self._translate(self.refused.pop(index)))

    def _settle(self) -> None:
        """Purge, drop the client, and tell what never left from what may be in the log."""
        self.producer.purge()
        since_s = self.connection.ledger.forget_statistics()
        self._flush(GATHER_S)
        cause = self.patience.cause()
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
        if index in self.kept:
            return Outcome("not_delivered", error=cause)
        error = self.undecided.get(index)
        if error is not None and error.code() not in LEFT_IN_CLIENT:
            return Outcome("unknown", error=self._translate(error))
        never_sent = (
            error is not None
            and error.code() != KafkaError._PURGE_INFLIGHT
            and unanswered is not None
            and unanswered.get(self.where.get(index, -1), sum(unanswered.values())) <= 0
        )
        return Outcome("not_delivered" if never_sent else "unknown", error=cause)

    def _translate(self, error: KafkaError) -> errors.MskClientError:
        return failures.translate(error, failures.write_topic(self.topic), self.settings)
