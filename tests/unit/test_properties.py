"""The librdkafka properties that carry this function's promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from msk_client.client_options import OUR_PROPERTIES
from msk_client.kafka import properties
from msk_client.settings import Settings
from tests.unit.invoking import SETTINGS

Make = Callable[[Settings], dict[str, object]]
KINDS: dict[str, Make] = {
    "admin": properties.common,
    "producer": properties.producer,
    "reader": lambda s: properties.consumer(s, read_committed=True),
    "uncommitted reader": lambda s: properties.consumer(s, read_committed=False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_client_logs_in_over_tls(kind: str) -> None:
    """Every kind of client uses TLS and an IAM token, and creates no topic by asking for it."""
    expected = {
        "bootstrap.servers": SETTINGS.endpoint,
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "OAUTHBEARER",
        "allow.auto.create.topics": False,
    }
    assert expected.items() <= KINDS[kind](SETTINGS).items()


def test_a_producer_keeps_its_promises() -> None:
    """A producer is idempotent, spreads keys as Java does, and never gives up by itself."""
    expected = {
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "message.timeout.ms": 0,
        "compression.type": "lz4",
    }
    assert expected.items() <= properties.producer(SETTINGS).items()


@pytest.mark.parametrize(
    ("kind", "isolation"),
    [("reader", "read_committed"), ("uncommitted reader", "read_uncommitted")],
)
def test_a_reader_keeps_its_promises(kind: str, isolation: str) -> None:
    """A reader never commits, never jumps to another offset, and knows where the log ends."""
    expected = {
        "enable.auto.commit": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "isolation.level": isolation,
    }
    assert expected.items() <= KINDS[kind](SETTINGS).items()


@pytest.mark.parametrize("kind", KINDS)
def test_options_of_the_environment_count(kind: str) -> None:
    """Options that are allowed replace this function's own defaults in every kind of client."""
    settings = replace(SETTINGS, client_options={"socket.timeout.ms": 1, "linger.ms": 2})
    made = KINDS[kind](settings)
    assert (1, 2) == (made["socket.timeout.ms"], made["linger.ms"])


@pytest.mark.parametrize(
    "name",
    [
        *("bootstrap.servers", "security.protocol", "sasl.mechanisms", "allow.auto.create.topics"),
        *("enable.idempotence", "partitioner", "message.timeout.ms", "statistics.interval.ms"),
        *("group.id", "enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset"),
        *("enable.partition.eof", "isolation.level"),
    ],
)
def test_promises_cannot_be_overridden(name: str) -> None:
    """Each property on which a promise rests is one that the environment may not set."""
    assert any(name in make(SETTINGS) for make in KINDS.values())
    assert OUR_PROPERTIES.fullmatch(name)


def test_a_ca_file_is_trusted() -> None:
    """A CA file of the environment is what certificates are checked with; none is the default."""
    settings = replace(SETTINGS, ca_file="/certificates/ca.pem")
    assert "/certificates/ca.pem" == properties.common(settings)["ssl.ca.location"]
    assert "ssl.ca.location" not in properties.common(SETTINGS)
