"""Where a mapping sends what it gives up: a queue, an SNS topic, a bucket, a Kafka topic.

The documents are as AWS's guide shows them ("Capturing discarded batches", "Using a Kafka topic as
an on-failure destination"); a bucket and a Kafka topic get the records too.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from confluent_kafka import Producer  # noqa: TID251 - the mapping is a client of its own

from local.lambda_runtime.environment import FUNCTION_NAME
from local.msk.roles import REGION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.aws import LocalAws
    from local.lambda_runtime import Invocation
    from local.mapping.events import Polled
    from local.mapping.options import Options

FUNCTION_ARN = f"arn:aws:lambda:{REGION}:012345678912:function:{FUNCTION_NAME}"
_DELIVERY_S = 30.0


class Destination:
    """The on-failure destination of one mapping; without one, what is given up is gone."""

    def __init__(
        self,
        options: Options,
        bootstrap: str,
        aws: LocalAws | None,
        login: Mapping[str, object],
    ) -> None:
        self._options = options
        self._bootstrap = bootstrap
        self._aws = aws
        self._login = login
        self.num_delivered = 0

    def take(
        self,
        records: Sequence[Polled],
        condition: str,
        tries: int,
        last: Invocation | None,
    ) -> None:
        """Send what is given up."""
        where = self._options.on_failure
        if where is None:
            return
        told = self._told(records, condition, tries, last)
        if where.startswith("kafka://"):
            self._to_kafka(where.removeprefix("kafka://"), records, told)
        else:
            self._to_aws(where, records, told)
        self.num_delivered += len(records)

    def _told(
        self, records: Sequence[Polled], condition: str, tries: int, last: Invocation | None
    ) -> dict[str, Any]:
        response = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
        return {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": FUNCTION_ARN,
                "condition": condition,
                "approximateInvokeCount": tries,
            },
            "responseContext": None if last is None else response,
            "version": "1.0",
            "timestamp": _time(time.time() * 1000),
            "KafkaBatchInfo": self._batch(records),
        }

    def _batch(self, records: Sequence[Polled]) -> dict[str, Any]:
        parts: dict[str, list[Polled]] = {}
        for one in records:
            parts.setdefault(one.key, []).append(one)
        return {
            "batchSize": len(records),
            "eventSourceArn": self._options.source_arn,
            "bootstrapServers": self._bootstrap,
            "payloadSize": sum(one.size_bytes for one in records),
            "recordsInfo": {
                key: {
                    "firstRecordOffset": str(several[0].offset),
                    "lastRecordOffset": str(several[-1].offset),
                    "firstRecordTimestamp": _time(several[0].timestamp_ms),
                    "lastRecordTimestamp": _time(several[-1].timestamp_ms),
                }
                for key, several in parts.items()
            },
        }

    def _payload(self, records: Sequence[Polled]) -> dict[str, Any]:
        lists: dict[str, list[Any]] = {}
        for one in records:
            lists.setdefault(one.key, []).append(json.loads(one.text))
        return {
            "eventSource": self._options.event_source,
            "eventSourceArn": self._options.source_arn,
            "bootstrapServers": self._bootstrap,
            "records": lists,
        }

    def _to_aws(self, arn: str, records: Sequence[Polled], told: dict[str, Any]) -> None:
        if self._aws is None:
            raise ValueError(f"{arn} needs local AWS services")
        _, _, service, _, _, name = arn.split(":", 5)
        client = self._aws.client(service)
        if service == "sqs":
            url = client.get_queue_url(QueueName=name)["QueueUrl"]
            client.send_message(QueueUrl=url, MessageBody=json.dumps(told))
        elif service == "sns":
            client.publish(TopicArn=arn, Message=json.dumps(told))
        else:
            whole = told | {"payload": json.dumps(self._payload(records))}
            client.put_object(Bucket=name, Key=_key(records), Body=json.dumps(whole).encode())

    def _to_kafka(self, topic: str, records: Sequence[Polled], told: dict[str, Any]) -> None:
        """One message for each record, under the record's own key."""
        producer = Producer({**self._login})
        for one in records:
            info = self._batch([one]) | {
                "recordInfo": {"offset": str(one.offset), "timestamp": _time(one.timestamp_ms)}
            }
            del info["recordsInfo"]
            document = told | {"KafkaBatchInfo": info, "payload": self._payload([one])}
            producer.produce(topic, json.dumps(document).encode(), one.raw_key)
        if producer.flush(_DELIVERY_S):
            raise RuntimeError(f"topic {topic} did not take what the mapping gave up")


def _key(records: Sequence[Polled]) -> str:
    """As for streams; for Kafka the guide doesn't say."""
    now = datetime.now(UTC)
    day, second = now.strftime("%Y/%m/%d"), now.strftime("%Y-%m-%dT%H.%M.%S")
    return f"aws/lambda/mapping/{records[0].key}/{day}/{second}-{uuid.uuid4()}"


def _time(at_ms: float) -> str:
    whole = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return whole.replace("+00:00", "Z")
