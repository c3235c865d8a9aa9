"""Asks for a topic, and reads librdkafka's answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError, KafkaException

from msk_client.kafka import failures
from msk_client.ports import Topic

if TYPE_CHECKING:
    from confluent_kafka.admin._metadata import TopicMetadata

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients, Kind
    from msk_client.kafka.connection import C
    from msk_client.settings import Settings

PASSING = (KafkaError.LEADER_NOT_AVAILABLE, KafkaError.REPLICA_NOT_AVAILABLE)
NEWS_POLL_S = 0.02


def find_topic(clients: Clients, kind: Kind[C], name: str, deadline: Deadline) -> Topic | None:
    """Look a topic up; None where there is none.

    One that was made a moment ago is waited for: a broker may hear of it later than the one that
    was asked before.
    """
    while True:
        found = topic_of(ask_for_topic(clients, kind, name, deadline), clients.settings)
        if found is not None or not clients.made_just_now(name) or deadline.left_s <= NEWS_POLL_S:
            return found
        time.sleep(NEWS_POLL_S)


def ask_for_topic(clients: Clients, kind: Kind[C], name: str, deadline: Deadline) -> TopicMetadata:
    """Ask for a topic's metadata; raises our class for librdkafka's error."""
    try:
        answer = clients.ask(kind, lambda c, s: c.list_topics(name, timeout=s), deadline)
    except KafkaException as problem:
        operation = failures.describe_topic(name)
        raise failures.translate(problem.args[0], operation, clients.settings) from problem
    found: TopicMetadata = answer.topics[name]
    return found


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
