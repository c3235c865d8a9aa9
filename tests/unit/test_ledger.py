"""The count of records that were sent and not answered."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, cast

import pytest
from confluent_kafka import KafkaError  # noqa: TID251 - what a delivery report says

from msk_client.kafka.outcomes import Ledger

if TYPE_CHECKING:
    from confluent_kafka import Message  # noqa: TID251 - a delivery report


class Report:
    """A delivery report."""

    def __init__(self, partition: int | None, topic: str | None = "orders") -> None:
        self._where = topic, partition

    def topic(self) -> str | None:
        """See `confluent_kafka.Message`."""
        return self._where[0]

    def partition(self) -> int | None:
        """See `confluent_kafka.Message`."""
        return self._where[1]


def report(partition: int) -> Message:
    """Make a delivery report of a partition."""
    return cast("Message", Report(partition))


def statistics(at_s: float, **sent: int) -> str:
    """Make librdkafka's statistics: how many messages were sent to each partition `p<n>`."""
    partitions = {p.lstrip("p"): {"txmsgs": n} for p, n in sent.items()} | {"-1": {"txmsgs": 9}}
    topics = {"orders": {"partitions": partitions}, "other": {"partitions": {"0": {"txmsgs": 5}}}}
    return json.dumps({"ts": int(at_s * 1e6), "topics": topics})


def test_sent_less_answered_is_unanswered() -> None:
    """What was sent to a partition and not answered is counted, the unassigned one left out."""
    ledger = Ledger()
    since_s = ledger.forget_statistics()
    ledger.report(None, report(0))
    ledger.report(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE), report(0))
    ledger.report(KafkaError(KafkaError._INVALID_DIFFERENT_RECORD), report(1))
    ledger.keep(statistics(since_s + 1, p0=3, p1=1, p2=0))
    assert {0: 1, 1: 0, 2: 0} == ledger.unanswered("orders", since_s)


@pytest.mark.parametrize("code", ["_PURGE_QUEUE", "_PURGE_INFLIGHT", "_MSG_TIMED_OUT", "_FATAL"])
def test_the_clients_own_reports_answer_nothing(code: str) -> None:
    """A report that doesn't come from a broker doesn't count as an answer."""
    ledger = Ledger()
    ledger.report(KafkaError(getattr(KafkaError, code)), report(0))
    ledger.keep(statistics(2.0, p0=1))
    assert {0: 1} == ledger.unanswered("orders", 1.0)


def test_old_statistics_prove_nothing() -> None:
    """Statistics made before the moment in question are no proof, nor are none at all."""
    ledger = Ledger()
    assert ledger.unanswered("orders", 1.0) is None
    ledger.keep(statistics(1.0, p0=0))
    assert ledger.unanswered("orders", 1.0) is None
    assert ledger.unanswered("orders", 0.9) is not None


def test_statistics_can_be_forgotten() -> None:
    """Forgetting the statistics answers the present on the clock that they are stamped with."""
    ledger = Ledger()
    ledger.keep(statistics(time.monotonic() + 60, p0=0))
    before = time.monotonic()
    since_s = ledger.forget_statistics()
    assert before <= since_s <= time.monotonic()
    assert ledger.unanswered("orders", since_s) is None


def test_a_topic_without_statistics_was_sent_nothing() -> None:
    """A topic that the statistics don't know was sent nothing."""
    ledger = Ledger()
    ledger.keep(statistics(2.0))
    assert Counter() == ledger.unanswered("unknown", 1.0)
