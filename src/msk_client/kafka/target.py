"""Looks a topic up for a producer, no more often than needed and without the traps of doing so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException

from msk_client import errors
from msk_client.kafka import failures
from msk_client.kafka.clients import PRODUCER
from msk_client.kafka.connection import KnownPartitions
from msk_client.kafka.metadata import topic_of

if TYPE_CHECKING:
    from confluent_kafka.admin._metadata import TopicMetadata

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients

KNOWN_S = 2.0
"""A topic looked up no longer ago than this isn't looked up again."""


def num_partitions(clients: Clients, topic: str, highest: int, deadline: Deadline) -> int:
    """Tell how many partitions a topic has; raises `UnknownTopic`.

    `highest` is the highest partition that is asked for: the topic may have got more since it was
    last looked up.
    """
    connection = clients.get(PRODUCER)
    known = connection.partitions.get(topic)
    if known is not None and highest < known.count and time.monotonic() - known.asked_at < KNOWN_S:
        connection.begin()
        return known.count
    count = _look_up(clients, topic, deadline)
    clients.get(PRODUCER).partitions[topic] = KnownPartitions(count, time.monotonic())
    return count


def _look_up(clients: Clients, topic: str, deadline: Deadline) -> int:
    """Ask the cluster for the topic, twice with a new client.

    An idempotent producer asks for its id when a broker's connection comes up, else only every
    500 ms. The first answer makes librdkafka drop the bootstrap connection and forget to open the
    next one; the second question opens it.
    """
    answer = _ask(clients, topic, deadline)
    connection = clients.get(PRODUCER)
    if not connection.settled:
        connection.settled = True
        answer = _ask(clients, topic, deadline)
    found = topic_of(answer, clients.settings)
    if found is None:
        raise errors.UnknownTopic(f"Topic {topic!r} doesn't exist on {clients.settings.endpoint}.")
    return found.num_partitions


def _ask(clients: Clients, topic: str, deadline: Deadline) -> TopicMetadata:
    try:
        answer = clients.ask(PRODUCER, lambda c, s: c.list_topics(topic, timeout=s), deadline)
    except KafkaException as problem:
        operation = failures.describe_topic(topic)
        raise failures.translate(problem.args[0], operation, clients.settings) from problem
    found: TopicMetadata = answer.topics[topic]
    return found
