"""A Kafka client in a Lambda function, as most people would write it from the documentation.

It mirrors the README of confluent-kafka (a stock `Producer` with a delivery callback for each
record, `poll(0)` in the loop and `flush()` behind it; a consumer's `poll` loop; an `AdminClient`
for each administrative call), the README of AWS's MSK signer (an `oauth_cb`, with its
milliseconds turned into the seconds that librdkafka wants) and the quick start of Powertools
(Logger and Metrics). The producer is kept for warm calls, as Lambda's best practices ask.

It does the same work as `msk_client`, less strictly, and nothing in it is slowed down: acks=all
without idempotence is librdkafka's default, partitions are assigned rather than joined as a group
(a rebalance would cost up to 3 s more), and the topic is looked up first, which spares the
consumer half a second. An idle end of 2 s is the usual way to tell that a topic is read.
"""
# ruff: noqa: TID251 - not part of the function

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined] # as documented

from .clients import config, producer

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import KafkaError, Message

IDLE_S = 2.0
TIMEOUT_S = 30.0

logger = Logger(service="straightforward")
metrics = Metrics(namespace="Straightforward", service="straightforward")


@logger.inject_lambda_context
@metrics.log_metrics(capture_cold_start_metric=True)
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Carry out the action that the event names."""
    body = ACTIONS[event["action"].replace("-", "_")](event)
    logger.info("done", extra={"action": event["action"]})
    return {"statusCode": 200, "body": body}


def produce(event: dict[str, Any]) -> dict[str, Any]:
    """Send the records and return what became of each."""
    client, topic, records = producer(), event["topic"], event["records"]
    results: list[dict[str, Any]] = [{"status": "unknown"}] * len(records)
    for index, record in enumerate(records):
        client.produce(
            topic,
            value=as_bytes(record["value"]),
            key=as_bytes(record.get("key")),
            on_delivery=partial(take_report, results, index),
        )
        client.poll(0)
    client.flush(TIMEOUT_S)
    produced = sum(result["status"] == "delivered" for result in results)
    metrics.add_metric("RecordsProduced", MetricUnit.Count, produced)
    return {
        "topic": topic,
        "produced": produced,
        "failed": len(records) - produced,
        "results": results,
    }


def as_bytes(value: object) -> bytes | None:
    """Return text as UTF-8 and anything else as JSON."""
    if value is None:
        return None
    return (value if isinstance(value, str) else json.dumps(value)).encode()


def take_report(
    results: list[dict[str, Any]], index: int, error: KafkaError | None, message: Message
) -> None:
    """Keep a delivery report in the place of its record."""
    if error is not None:
        results[index] = {"status": "failed", "error": error.str()}
        return
    results[index] = {
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": message.timestamp()[1],
        "status": "delivered",
    }


def consume(event: dict[str, Any]) -> dict[str, Any]:
    """Read the topic from its beginning until nothing has come for a while."""
    topic = event["topic"]
    consumer = Consumer(config(**{"group.id": "straightforward", "enable.auto.commit": False}))
    found = consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in found])
    records = []
    while (message := consumer.poll(IDLE_S)) is not None:
        if message.error():
            raise RuntimeError(str(message.error()))
        records.append(as_json(message))
    consumer.close()
    metrics.add_metric("RecordsConsumed", MetricUnit.Count, len(records))
    return {"topic": topic, "records": records, "count": len(records)}


def as_json(message: Message) -> dict[str, Any]:
    """Return a record as the answer shows it."""
    key, value = message.key(), message.value()
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp": message.timestamp()[1],
        "key": key.decode() if key is not None else None,
        "value": value.decode() if value is not None else None,
        "headers": [as_pair(header) for header in message.headers() or []],
    }


def as_pair(header: Any) -> list[str | None]:  # noqa: ANN401 - its type is a riddle there
    """Return a header's name and its text."""
    name, raw = header
    return [name, None if raw is None else raw.decode()]


def create_topic(event: dict[str, Any]) -> dict[str, Any]:
    """Create the topic and wait until the broker has."""
    topic, num_partitions = event["topic"], event.get("num_partitions", 1)
    admin = AdminClient(config())
    new = NewTopic(topic, num_partitions=num_partitions)
    admin.create_topics([new])[topic].result(TIMEOUT_S)
    return {"topic": topic, "num_partitions": num_partitions}


def list_topics(_event: dict[str, Any]) -> dict[str, Any]:
    """List the topics with their number of partitions."""
    found = AdminClient(config()).list_topics(timeout=TIMEOUT_S).topics.values()
    return {
        "topics": [
            {"name": topic.topic, "num_partitions": len(topic.partitions)} for topic in found
        ]
    }


ACTIONS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "produce": produce,
    "consume": consume,
    "create_topic": create_topic,
    "list_topics": list_topics,
}
