"""Asks the leaders of a topic's partitions for offsets."""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING

from confluent_kafka import (
    OFFSET_INVALID,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin._listoffsets import OffsetSpec

from msk_client import errors
from msk_client.kafka import failures
from msk_client.kafka.answers import GRACE_S, timeout_s
from msk_client.kafka.clients import ADMIN
from msk_client.kafka.codes import class_of
from msk_client.ports import Mark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from confluent_kafka.admin._listoffsets import ListOffsetsResultInfo

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients
    from msk_client.ports import Offsets

    Answers = dict[TopicPartition, Future[ListOffsetsResultInfo]]

ATTEMPT_S = 2.0
NO_OFFSET = -1
EARLIEST: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call] # untyped there
LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call] # untyped there

PASSING = (
    errors.ThrottledOrBusy,  # the leader moves
    errors.BrokerUnreachable,
    errors.DeadlineExceeded,  # of the attempt
    errors.UnknownTopic,  # or not known there yet
)


class OffsetLookup:
    """The offsets of some places in some partitions of a topic."""

    def __init__(
        self,
        clients: Clients,
        topic: str,
        partitions: Sequence[int],
        places: Sequence[Mark | int],
    ) -> None:
        self.clients = clients
        self.topic = topic
        self.partitions = partitions
        self.places = places
        self.silent: dict[int, str] = {}

    def ask(self, deadline: Deadline) -> list[Offsets] | None:
        """Ask once, all questions at the same time; None where a leader doesn't answer.

        librdkafka asks the leader that it knows of, also one that is dead, for as long as it may,
        and then answers an invalid offset without an error (run). So it may only for a while; the
        caller lets it learn who leads now, and asks again.
        """
        attempt = deadline.within(ATTEMPT_S)
        answers = [self._list_offsets(place, attempt) for place in self.places]
        self.silent.clear()
        found = [
            {asked.partition: self._offset(asked, future, attempt) for asked, future in a.items()}
            for a in answers
        ]
        if self.silent:
            return None
        return [{p: each[p] for p in self.partitions if each[p] != NO_OFFSET} for each in found]

    def failure(self) -> errors.ThrottledOrBusy:
        """Make the exception for leaders that don't answer."""
        partitions = ", ".join(map(str, sorted(self.silent)))
        return errors.ThrottledOrBusy(
            f"Nobody answers for partition(s) {partitions} of topic {self.topic!r} on"
            f" {self.clients.settings.endpoint}: a leader is down, moves, or can't be reached."
            f" Try again in a few seconds. [librdkafka: {self.silent[min(self.silent)]}]"
        )

    def _list_offsets(self, place: Mark | int, deadline: Deadline) -> Answers:
        level = (
            IsolationLevel.READ_COMMITTED
            if place is Mark.STABLE_END
            else IsolationLevel.READ_UNCOMMITTED
        )
        return self.clients.get(ADMIN).client.list_offsets(
            {TopicPartition(self.topic, p): _spec(place) for p in self.partitions},
            isolation_level=level,
            request_timeout=timeout_s(deadline),
        )

    def _offset(
        self, asked: TopicPartition, future: Future[ListOffsetsResultInfo], deadline: Deadline
    ) -> int:
        try:
            found = future.result(timeout_s(deadline) + GRACE_S).offset
        except FutureTimeout:
            self.silent[asked.partition] = "no answer"
            return NO_OFFSET
        except KafkaException as problem:
            error: KafkaError = problem.args[0]
            if error.code() != KafkaError._NOENT and not issubclass(
                class_of(error.code()), PASSING
            ):
                operation = failures.describe_topic(self.topic)
                raise failures.translate(error, operation, self.clients.settings) from problem
            self.silent[asked.partition] = error.str()
            return NO_OFFSET
        if found == OFFSET_INVALID:
            self.silent[asked.partition] = "no answer"
        return found


def _spec(place: Mark | int) -> OffsetSpec:
    if isinstance(place, Mark):
        return EARLIEST if place is Mark.BEGINNING else LATEST
    spec: OffsetSpec = OffsetSpec.for_timestamp(place)
    return spec
