"""Sends records one after another for as long as there are some, and tells how far it came.

Unlike `produce.py` it keeps no more of them than are on their way, and doesn't say of each what
became of it: only up to which record all are settled, and which of those were refused.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException, Producer

from msk_client.errors import MskClientError
from msk_client.kafka import failures, properties, target
from msk_client.kafka.clients import Kind
from msk_client.kafka.outcomes import REFUSED_TOGETHER
from msk_client.kafka.patience import Patience
from msk_client.kafka.produce import GATHER_S, PROOF_S, WAIT_S, Sender
from msk_client.kafka.window import Window
from msk_client.ports import Outcome, Streamed, no_such_partition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients
    from msk_client.kafka.window import Report
    from msk_client.ports import Bulk
    from msk_client.records import Outgoing

STREAMER = Kind("streamer", Producer, properties.streamer)
ANY = -1
MARGIN = 1.5
"""How much longer than estimated the rest may be on its way."""

KEPT = KafkaError(KafkaError._QUEUE_FULL)


class Stream:
    """One stream of records to a topic."""

    def __init__(self, clients: Clients, topic: str, deadline: Deadline) -> None:
        self.num_partitions = target.num_partitions(clients, topic, ANY, deadline, STREAMER)
        self.topic = topic
        self._clients = clients
        self._deadline = deadline
        self._sending_until = deadline.earlier(min(PROOF_S, deadline.left_s / 3))
        self._connection = clients.get(STREAMER)
        self._patience = Patience(clients, self._connection, topic)
        self._window = Window()
        self._refused: dict[int, Outcome] = {}
        self._keeping = False
        """Whether the client's queue stayed full to the end: what comes then is kept."""
        self._cause: MskClientError | None = None

    def put(self, records: Bulk) -> bool:
        """See the port."""
        while not self._window.has_room(len(records)):
            if self._has_ended():
                return False
            self._listen(WAIT_S)
        self._listen()
        if self._has_ended():
            return False
        if records:
            self._hand_over(records)
        return True

    @property
    def over(self) -> bool:
        """See the port."""
        return self._is_late() or self._patience.is_over()

    def _is_late(self) -> bool:
        return (
            self._cause is not None
            or self._sending_until.left_s < self._rest_s()
            or self._sending_until.passed
        )

    def _has_ended(self) -> bool:
        """Tell whether nothing more is taken; where the cluster ended it, keep why."""
        if self._is_late():
            return True
        if self._patience.is_over():
            self._cause = self._patience.cause()
        return self._cause is not None

    @property
    def refused(self) -> int:
        """See the port."""
        return len(self._refused)

    def finish(self) -> Streamed:
        """See the port."""
        until = self._sending_until
        while self._window.base < self._window.end and self._cause is None:
            if until.passed or self._patience.is_over():
                self._cause = self._patience.cause()
                break
            self._listen(WAIT_S)
        if self._window.base < self._window.end:
            self._give_up()
        settled = self._window.base
        refused = {number: o for number, o in self._refused.items() if number < settled}
        return Streamed(settled, self._window.settled_bytes, refused, self._cause)

    def _rest_s(self) -> float:
        """How long what is on its way will need, going by what came before."""
        return MARGIN * self._window.latency_s if self._window.bytes_on_their_way else 0.0

    def _listen(self, timeout_s: float = 0) -> None:
        """Serve delivery reports, and deal with what came back."""
        before, was_lost = self._window.base, self._connection.down_for_s() > 0
        self._connection.listen(timeout_s)
        self._window.advance()
        # An error that was heard together with reports may be younger than they, and comes once.
        if self._window.base > before and was_lost:
            self._connection.progress()
        if self._window.failed and self._cause is None:
            self._deal_with_failures()

    def _hand_over(self, records: Bulk) -> None:
        if isinstance(records[0], bytes):
            self._hand_over_values(records)  # type: ignore[arg-type] # all are like the first
        else:
            self._hand_over_records(records)  # type: ignore[arg-type] # same

    def _hand_over_values(self, values: Sequence[bytes]) -> None:
        # Positional, and nothing in between: what is done here is done for each of millions.
        topic, produce = self.topic, self._connection.client.produce
        for report, value in zip(
            self._window.take(values, sum(map(len, values))), values, strict=True
        ):
            try:
                produce(topic, value, None, ANY, report)
            except (BufferError, KafkaException) as problem:
                self._not_taken(problem, report, partial(produce, topic, value, None, ANY, report))

    def _hand_over_records(self, records: Sequence[Outgoing]) -> None:
        topic, produce = self.topic, self._connection.client.produce
        size = sum(len(r.key or b"") + len(r.value or b"") for r in records)
        first = self._window.end
        for i, report in enumerate(self._window.take(records, size)):
            r = records[i]
            if r.partition >= self.num_partitions:
                error = no_such_partition(r.partition, topic, self.num_partitions)
                report(None, None)
                self._refused[first + i] = Outcome("rejected", error=error)
                continue
            try:
                produce(topic, r.value, r.key, r.partition, report, None, r.timestamp_ms, r.headers)  # type: ignore[arg-type] # lists are invariant
            except (BufferError, KafkaException) as problem:
                rest: tuple[Any, ...] = (r.partition, report, None, r.timestamp_ms, r.headers)
                self._not_taken(problem, report, partial(produce, topic, r.value, r.key, *rest))

    def _not_taken(self, problem: Exception, report: Report, again: partial[None]) -> None:
        """Wait for room in the client's queue; what it refuses itself is a failed record."""
        while isinstance(problem, BufferError):
            if self._keeping or self._sending_until.passed or self._patience.is_over():
                self._keeping = True
                report(KEPT, None)
                return
            self._connection.listen(WAIT_S)
            try:
                again()
            except (BufferError, KafkaException) as next_problem:
                problem = next_problem
            else:
                return
        report(problem.args[0], None)

    def _deal_with_failures(self) -> None:
        """Send what was refused with its neighbours in halves; any other failure ends the stream.

        They stand later in the log than those that were on their way meanwhile.
        """
        others = [e for e in self._window.failed.values() if e.code() not in REFUSED_TOGETHER]
        if others:
            fatal = self._connection.fatal or others[0]
            left = fatal.code() == KafkaError._QUEUE_FULL
            self._cause = self._patience.cause() if left else self._translate(fatal)
            return
        numbers = sorted(self._window.failed)
        records = [self._window.record(number) for number in numbers]
        try:
            produced = Sender(self._clients, self.topic, records, self._sending_until).run()
        except MskClientError as problem:  # the cluster is gone: none of them was sent again
            self._cause = problem
            return
        for number, outcome in zip(numbers, produced.outcomes, strict=True):
            if outcome.status in {"delivered", "rejected"}:
                self._window.settle(number)
            else:
                self._cause = self._cause or outcome.error
            if outcome.status == "rejected":
                self._refused[number] = outcome
        self._window.advance()

    def _give_up(self) -> None:
        """Take back what is on its way: nothing may leave after the call."""
        self._connection.client.purge()
        self._connection.listen(GATHER_S)
        self._window.advance()
        self._clients.drop(STREAMER)

    def _translate(self, error: KafkaError) -> MskClientError:
        return failures.translate(error, failures.write_topic(self.topic), self._clients.settings)
