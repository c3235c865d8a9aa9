"""The librdkafka properties of each kind of client. Defaults that are good enough aren't named."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msk_client.settings import Settings

CLIENT_ID = "msk-lambda-client"
IDLE_LIMIT_S = 50.0
"""A connection idle for longer isn't trusted: load balancers and freezes drop them silently."""

STATISTICS_INTERVAL_MS = 500
MAX_MESSAGE_BYTES = 10 * 1024 * 1024
"""Above MSK Serverless' 8 MiB: the topic's own limit decides, not the client's."""


def common(settings: Settings) -> dict[str, object]:
    """Properties of every client."""
    properties: dict[str, object] = {
        "bootstrap.servers": settings.endpoint,
        "client.id": CLIENT_ID,
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "OAUTHBEARER",
        "allow.auto.create.topics": False,
        "connections.max.idle.ms": int(IDLE_LIMIT_S * 1000),
        "enable.metrics.push": False,  # MSK Serverless doesn't know KIP-714
        "reconnect.backoff.ms": 20,  # half of it is waited at the first request of a cold start
        "reconnect.backoff.max.ms": 1000,
        "socket.connection.setup.timeout.ms": max(1000, settings.connect_timeout_ms),
        "socket.timeout.ms": 10_000,
    }
    if settings.ca_file is not None:
        properties["ssl.ca.location"] = settings.ca_file
    return properties | settings.client_options


def producer(settings: Settings) -> dict[str, object]:
    """acks=all, idempotent, Java's partitioner; the invocation's deadline ends a send, not these.

    The statistics tell which partitions had anything sent to them: see `outcomes.py`.
    """
    ours = {
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "message.timeout.ms": 0,
        "statistics.interval.ms": STATISTICS_INTERVAL_MS,
    }
    tunable = {"linger.ms": 5, "compression.type": "lz4", "message.max.bytes": MAX_MESSAGE_BYTES}
    return tunable | common(settings) | ours


def streamer(settings: Settings) -> dict[str, object]:
    """As a producer; nobody asks what never left, so that there are no statistics."""
    return producer(settings) | {"statistics.interval.ms": 0}


def consumer(settings: Settings, *, read_committed: bool) -> dict[str, object]:
    """Assigns by hand, never joins; small queues, so that memory follows what is asked for."""
    ours = {
        "group.id": CLIENT_ID,  # required by the client, never joined nor committed to
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",  # the default jumps to the end without a word
        "enable.partition.eof": True,
        "isolation.level": "read_committed" if read_committed else "read_uncommitted",
    }
    tunable = {
        # How long a fetch beyond the last record waits: paid to see that only markers are left,
        # and by the next call for a fetch that this one left behind.
        "fetch.wait.max.ms": 1,
        "fetch.queue.backoff.ms": 5,
        "fetch.message.max.bytes": 1024 * 1024,
        "fetch.max.bytes": 8 * 1024 * 1024,
        "queued.max.messages.kbytes": 8 * 1024,
        "receive.message.max.bytes": 100_000_000,
    }
    return tunable | common(settings) | ours
