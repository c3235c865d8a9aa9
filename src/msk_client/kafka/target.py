"""Looks a topic up for a producer, no more often than needed and without the traps of doing so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msk_client import errors
from msk_client.kafka.clients import PRODUCER
from msk_client.kafka.connection import KnownPartitions
from msk_client.kafka.metadata import find_topic

if TYPE_CHECKING:
    from confluent_kafka import Producer

    from msk_client.deadline import Deadline
    from msk_client.kafka.clients import Clients, Kind

KNOWN_S = 2.0
"""A topic looked up no longer ago than this isn't looked up again."""


def num_partitions(
    clients: Clients,
    topic: str,
    highest: int,
    deadline: Deadline,
    kind: Kind[Producer] = PRODUCER,
) -> int:
    """Tell how many partitions a topic has; raises `UnknownTopic`.

    `highest` is the highest partition that is asked for: the topic may have got more since it was
    last looked up.
    """
    connection = clients.get(kind)
    known = connection.partitions.get(topic)
    if (
        known is not None
        and highest < known.count
        and 0 <= clients.clock() - known.asked_at_s < KNOWN_S
    ):
        connection.begin()
        return known.count
    count = _look_up(clients, topic, deadline, kind)
    clients.get(kind).partitions[topic] = KnownPartitions(count, clients.clock())
    return count


def _look_up(clients: Clients, topic: str, deadline: Deadline, kind: Kind[Producer]) -> int:
    """Ask the cluster for the topic, twice with a new client.

    An idempotent producer asks for its id when a broker's connection comes up, else only every
    500 ms. The first answer makes librdkafka drop the bootstrap connection and forget to open the
    next one; the second question opens it.
    """
    found = find_topic(clients, kind, topic, deadline)
    connection = clients.get(kind)
    if not connection.settled:
        connection.settled = True
        found = find_topic(clients, kind, topic, deadline)
    if found is None:
        raise errors.UnknownTopic(f"Topic {topic!r} doesn't exist on {clients.settings.endpoint}.")
    return found.num_partitions
