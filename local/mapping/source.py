"""Reads a topic as a member of a consumer group, with the classic protocol, and commits."""

import logging
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from confluent_kafka import (  # noqa: TID251 - the mapping is a client of its own
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from local.mapping.options import Options

_LOG = logging.getLogger(__name__)
_ASK_S = 30.0
_AT_ONCE = 500
_LEAST_S = 0.01
"""A window of 0 takes what is there; it doesn't spin."""

LONGEST_INVOCATION_MS = 15 * 60 * 1000


class Source:
    """The mapping's consumer. `login` are the client's properties that reach the cluster."""

    def __init__(self, options: Options, login: Mapping[str, object]) -> None:
        self._options = options
        self._consumer = Consumer(
            {
                **login,
                "group.id": options.consumer_group,
                "auto.offset.reset": _RESET[options.starting_position],
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "max.poll.interval.ms": LONGEST_INVOCATION_MS,
                "fetch.wait.max.ms": 50,
            }
        )
        self._read: deque[Message] = deque()
        self._assigned: set[tuple[str, int]] = set()
        self._ended: set[tuple[str, int]] = set()
        self._consumer.subscribe([options.topic], on_assign=self._assign, on_revoke=self._revoke)

    def next(self, timeout_s: float, wanted: int) -> Message | None:
        """Answer the next record, None where none comes in time; raises KafkaException.

        `wanted` are as many as a batch has room for: nobody waits for more than those.
        """
        if not self._read:
            self._read.extend(
                self._consumer.consume(min(wanted, _AT_ONCE), max(timeout_s, _LEAST_S))
            )
        while self._read:
            message = self._read.popleft()
            place = (message.topic() or "", message.partition() or 0)
            error = message.error()
            if error is None:
                self._ended.discard(place)
                return message
            if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its local codes are called so
                raise KafkaException(error)
            self._ended.add(place)
        return None

    def put_back(self, message: Message) -> None:
        """Let a record be the next one again."""
        self._read.appendleft(message)

    @property
    def at_end(self) -> bool:
        """Whether everything was read that stood in the partitions when their ends were met."""
        return bool(self._assigned) and self._assigned <= self._ended and not self._read

    def commit(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Commit offsets to read next; a group that was rebalanced meanwhile reads them again."""
        offsets = [TopicPartition(topic, p, offset) for (topic, p), offset in positions.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as problem:
            _LOG.warning("commit refused, the records come again: %s", problem.args[0].str())

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._assigned = {(one.topic, one.partition) for one in partitions}
        self._ended.clear()
        if self._options.starting_timestamp_s is not None:
            consumer.assign(self._by_time(consumer, partitions))

    def _by_time(
        self, consumer: Consumer, partitions: list[TopicPartition]
    ) -> list[TopicPartition]:
        """Where nothing is committed yet, begin at a time."""
        at_ms = int((self._options.starting_timestamp_s or 0) * 1000)
        committed = consumer.committed(partitions, _ASK_S)
        new = [TopicPartition(o.topic, o.partition, at_ms) for o in committed if o.offset < 0]
        return [o for o in committed if o.offset >= 0] + consumer.offsets_for_times(new, _ASK_S)

    def _revoke(self, _: Consumer, __: list[TopicPartition]) -> None:
        self._assigned.clear()
        self._read.clear()

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_RESET = {"TRIM_HORIZON": "earliest", "LATEST": "latest", "AT_TIMESTAMP": "latest"}
