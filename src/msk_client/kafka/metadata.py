"""Reads librdkafka's answer about a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import KafkaError

from msk_client.kafka import failures
from msk_client.ports import Topic

if TYPE_CHECKING:
    from confluent_kafka.admin._metadata import TopicMetadata

    from msk_client.settings import Settings

PASSING = (KafkaError.LEADER_NOT_AVAILABLE, KafkaError.REPLICA_NOT_AVAILABLE)


def topic_of(found: TopicMetadata, settings: Settings) -> Topic | None:
    """Make a `Topic`; None where there is none; raises where it can't be looked up."""
    name = found.topic or ""
    error = found.error
    if error is not None and error.code() not in PASSING:
        if error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        raise failures.translate(error, failures.describe_topic(name), settings)
    partitions = found.partitions or {}
    replicas = max((len(p.replicas) for p in partitions.values()), default=0)
    return Topic(name, len(partitions), replicas)
