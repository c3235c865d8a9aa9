"""How long a send is worth waiting for, and why it came to nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException

from msk_client import errors
from msk_client.kafka import failures

if TYPE_CHECKING:
    from confluent_kafka import Producer

    from msk_client.kafka.clients import Clients
    from msk_client.kafka.connection import Connection

QUICK_S = 0.3
SHOWN = 3


class Patience:
    """Watches one send over one connection."""

    def __init__(self, clients: Clients, connection: Connection[Producer], topic: str) -> None:
        self.clients = clients
        self.settings = clients.settings
        self.connection = connection
        self.topic = topic
        self.started = time.monotonic()

    def is_over(self) -> bool:
        """Whether waiting is of no use: a fatal error, no valid login, no broker for too long."""
        if self.connection.fatal is not None or self.connection.renewal_failure is not None:
            return True
        if self.connection.down_for_s() <= self.settings.connect_timeout_s:
            return False
        return not self._cluster_answers()

    def _cluster_answers(self) -> bool:
        """A cluster that answers is electing a leader or catching up: worth waiting for."""
        try:
            self.connection.client.list_topics(self.topic, timeout=1)
        except KafkaException:
            return False
        self.connection.progress()
        return True

    def cause(self) -> errors.MskClientError:
        """Why records were left over."""
        waited_s = time.monotonic() - self.started
        if self.connection.fatal is not None:
            operation = failures.write_topic(self.topic)
            return failures.translate(self.connection.fatal, operation, self.settings)
        if self.connection.gave_up:
            return self.clients.failure(self.connection, waited_s)
        lacking = self._out_of_sync()
        if lacking:
            return errors.ThrottledOrBusy(
                f"The cluster did not acknowledge everything for topic {self.topic!r} within"
                f" {waited_s:.1f} s, and has too few replicas in sync: {lacking}. With acks=all it"
                " takes no record below min.insync.replicas: try again when the brokers are back."
            )
        return errors.DeadlineExceeded(
            f"The time ran out {waited_s:.1f} s after sending to topic {self.topic!r} on"
            f" {self.settings.endpoint} began, before the broker had acknowledged everything."
        )

    def _out_of_sync(self) -> str:
        """Name the partitions that lack replicas or a leader; empty where none is known to.

        librdkafka tries again by itself when a broker answers NOT_ENOUGH_REPLICAS, and never says
        so.
        """
        try:
            found = self.connection.client.list_topics(self.topic, timeout=QUICK_S)
        except KafkaException:
            return ""
        partitions = (found.topics[self.topic].partitions or {}).values()
        lacking = [p for p in partitions if p.leader < 0 or len(p.isrs) < len(p.replicas)]
        return ", ".join(
            f"partition {p.id} has {len(p.isrs)} of {len(p.replicas)}"
            + (" and no leader" if p.leader < 0 else "")
            for p in lacking[:SHOWN]
        )
