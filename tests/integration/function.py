"""The function on a real Kafka, with an S3 and an SQS, and what tests put into those."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from msk_client import handler
from tests.integration.conftest import Context

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws import LocalAws
    from local.msk import LocalMsk

BUCKET = "my-bucket"


class Function:
    """The function with an S3 and an SQS."""

    def __init__(self, aws: LocalAws, msk: LocalMsk, invoke_on: Callable[..., object]) -> None:
        self.s3, self.sqs = aws.client("s3"), aws.client("sqs")
        self._environment = {"AWS_DEFAULT_REGION": "us-east-1", **aws.environment()}
        self._msk = msk
        self._invoke_on = invoke_on
        self.set()

    def set(self, **settings: str) -> None:
        """Begin a new environment with these settings."""
        self._invoke_on(self._msk, None, **self._environment, **settings)

    def __call__(self, event: dict[str, Any], remaining_ms: int = 60_000) -> dict[str, Any]:
        """Answer what the caller gets."""
        return handler.lambda_handler(event, Context(remaining_ms))

    def body(self, event: dict[str, Any], remaining_ms: int = 60_000) -> dict[str, Any]:
        """Answer an action's body."""
        found: dict[str, Any] = self(event, remaining_ms)["body"]
        return found

    def store(self, body: bytes, key: str = "", **fields: object) -> str:
        """Write an object; answers its key."""
        key = key or uuid.uuid4().hex
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, **fields)
        return key

    def queue(self, *, fifo: bool = False) -> str:
        """Make a queue; answers its URL."""
        name = uuid.uuid4().hex + (".fifo" if fifo else "")
        attributes = {"FifoQueue": "true"} if fifo else {}
        url: str = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    def batch(self, url: str, count: int = 10) -> dict[str, Any]:
        """Receive messages, and make the event that Lambda's mapping makes of them."""
        received = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=count, AttributeNames=["All"], VisibilityTimeout=1
        )
        name = url.rpartition("/")[2]
        return {
            "Records": [
                {
                    "messageId": one["MessageId"],
                    "receiptHandle": one["ReceiptHandle"],
                    "body": one["Body"],
                    "attributes": one.get("Attributes", {}),
                    "messageAttributes": {},
                    "eventSource": "aws:sqs",
                    "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{name}",
                    "awsRegion": "us-east-1",
                }
                for one in received.get("Messages", [])
            ]
        }

    def settle(self, url: str, event: dict[str, Any], answer: dict[str, Any]) -> None:
        """Delete what hasn't failed, as Lambda's mapping does."""
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for record in event["Records"]:
            if record["messageId"] not in failed:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])
