"""A stream gives up where the cluster is lost, whatever came just before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from confluent_kafka import (  # noqa: TID251 - what a client is, and says
    KafkaError,
    KafkaException,
    Producer,
)

from msk_client.deadline import Deadline
from msk_client.errors import BrokerUnreachable
from msk_client.kafka import target
from msk_client.kafka.connection import Connection
from msk_client.kafka.stream import Stream

if TYPE_CHECKING:
    import pytest

    from msk_client.kafka.clients import Clients
    from msk_client.kafka.iam import Token


class LostProducer:
    """Acknowledges what it was given, and says in the same breath that all brokers are gone."""

    connection: Connection[Producer]

    def __init__(self) -> None:
        self.reports: list[Any] = []

    def produce(self, *arguments: Any) -> None:  # noqa: ANN401 - as the library's
        """Keep the record's callback."""
        self.reports.append(arguments[4])

    def poll(self, _: float) -> int:
        """Serve what has come."""
        for report in self.reports:
            report(None, None)
        if self.reports:
            self.connection.hear(KafkaError(KafkaError._ALL_BROKERS_DOWN))
        self.reports = []
        return 0

    def list_topics(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - as the library's
        """Nobody answers."""
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))


def test_a_loss_heard_with_reports_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports served in the same poll as the loss of all brokers don't make up for it."""
    producer = LostProducer()
    connection = Connection(cast("Producer", producer), cast("Token", None), 0.0)
    producer.connection = connection
    clients = SimpleNamespace(
        get=lambda _: connection,
        settings=SimpleNamespace(connect_timeout_s=0.0),
        failure=lambda *_: BrokerUnreachable("gone"),
    )
    monkeypatch.setattr(target, "num_partitions", lambda *_: 1)
    stream = Stream(cast("Clients", clients), "orders", Deadline.after(60))
    assert stream.put([b"1", b"2"])
    stream.put([])
    assert stream.over
