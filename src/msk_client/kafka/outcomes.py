"""What a delivery report proves about a record.

`delivered` and `rejected` rest on the broker's answer. A record that was still in the client when
the time ran out has "never left" only if its partition was sent nothing that stayed unanswered:
after a request timeout librdkafka puts a record back into its queue, from where a purge reports it
as if it had never left (seen on a real broker, and the record was in the log). The client's
statistics count what was handed to each partition's connection, retries included.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError

if TYPE_CHECKING:
    from confluent_kafka import Message

NEIGHBOUR_IS_BAD = KafkaError._INVALID_DIFFERENT_RECORD
"""The broker has named the bad records of the batch, and this isn't one of them."""

REFUSED_TOGETHER = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.RECORD_LIST_TOO_LARGE,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_TIMESTAMP,
        KafkaError.INVALID_MSG,
        KafkaError.UNSUPPORTED_FOR_MESSAGE_FORMAT,
        NEIGHBOUR_IS_BAD,
    }
)
"""The broker refuses a whole batch for one record of it: nothing of the batch is in the log."""

REFUSED_NOW = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.POLICY_VIOLATION,
        KafkaError.NOT_ENOUGH_REPLICAS,
        KafkaError.THROTTLING_QUOTA_EXCEEDED,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
    }
)
"""Refused now, but an earlier try could have been taken, and its answer lost."""

LEFT_IN_CLIENT = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._FATAL})
"""The client gave the record up itself; the broker has said nothing of it."""


class Ledger:
    """Per partition of a producer's life: records answered by the broker, and records sent."""

    def __init__(self) -> None:
        self._answered: Counter[tuple[str, int]] = Counter()
        self._statistics: str | None = None

    def keep(self, statistics: str) -> None:
        """Take librdkafka's latest statistics, a JSON text (its `stats_cb`)."""
        self._statistics = statistics

    def report(self, error: KafkaError | None, message: Message) -> None:
        """Count a delivery report that rests on a broker's answer."""
        code = 0 if error is None else error.code()
        if code >= 0 or code == NEIGHBOUR_IS_BAD:
            self._answered[message.topic() or "", message.partition() or 0] += 1

    def forget_statistics(self) -> float:
        """Drop statistics made before now; answers now on librdkafka's clock (monotonic, s)."""
        self._statistics = None
        return time.monotonic()

    def unanswered(self, topic: str, since_s: float) -> Counter[int] | None:
        """Records sent but not answered, per partition; None while there is no count since then."""
        if self._statistics is None:
            return None
        statistics = json.loads(self._statistics)
        if statistics["ts"] / 1e6 <= since_s:
            return None
        partitions = statistics["topics"].get(topic, {"partitions": {}})["partitions"]
        sent = {int(p): counts["txmsgs"] for p, counts in partitions.items() if int(p) >= 0}
        return Counter({p: n - self._answered[topic, p] for p, n in sent.items()})
