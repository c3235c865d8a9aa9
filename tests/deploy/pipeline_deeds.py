"""What the pipeline's jobs do, each so that it uses every permission that its role has for it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.msk.roles import CLUSTER_ARN
from tests.deploy.pipeline_template import (
    COPY,
    DRAIN,
    KEY,
    LOAD,
    MAPPING,
    QUEUE,
    QUEUED,
    deployed,
)
from tests.unit.batches import batch_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws import LocalAws
    from tests.integration.eyes import Eyes

TOPIC, TARGET, GROUP = "pipeline.in", "pipeline.out", "pipeline-lake"
LAKE, INBOX = "pipeline-lake", "pipeline-inbox"
MANY = b'{"n":1}\n' * 60_000
"""More than is sent in `SHORT_MS` where only a few records may be on their way at once."""

SHORT_MS = 8_000
GOOD = b'{"n":1}'


@dataclass
class Stage:
    """Where a job's deeds are done."""

    eyes: Eyes
    aws: LocalAws
    call: Callable[..., dict[str, Any]]
    continue_url: str

    def put(self, content: bytes) -> dict[str, Any]:
        """Store an object below the prefix; answers EventBridge's event of it."""
        key = f"in/{uuid.uuid4().hex}.ndjson"
        stored = self.aws.client("s3").put_object(Bucket=INBOX, Key=key, Body=content)
        told = {"key": key, "etag": stored["ETag"].strip('"'), "version-id": stored["VersionId"]}
        detail = {"bucket": {"name": INBOX}, "object": told}
        return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def _store(stage: Stage) -> None:
    """A batch, and the same records once more in a smaller one, whose object is there then."""
    batch = batch_event({0: [GOOD, GOOD]}, topic=TOPIC)
    assert stage.call(batch)["RecordsStored"] == 2
    assert stage.call(batch_event({0: [GOOD]}, topic=TOPIC))["ObjectsAdopted"] == 1


def _give_up(stage: Stage) -> None:
    """A record that can't be decoded."""
    batch = batch_event({0: [GOOD, b"\xff"]}, topic=TOPIC, first_offset=10)
    assert stage.call(batch)["RecordsDeadLettered"] == 1


def _copy(stage: Stage) -> None:
    batch = batch_event({0: [GOOD, GOOD]}, topic=TOPIC)
    assert stage.call(batch)["RecordsStored"] == 2


def _drain(stage: Stage) -> None:
    """As scheduled; and again by a run that knows nothing of the first, in smaller objects.

    One record has no place in the format.
    """
    stage.eyes.commit(GROUP, TOPIC, {0: 0})
    (schedule,) = deployed(JOBS["drain"][0]).of_type("AWS::Scheduler::Schedule").values()
    event = json.loads(schedule["Target"]["Input"])
    first = stage.call(event)
    assert (first["drained"], first["dead_letter_count"]) == (True, 1)
    stage.eyes.commit(GROUP, TOPIC, {0: 0})
    again = stage.call(event | {"destination": {"object_bytes": 1}})
    assert (again["count"], again["drained"], again["dead_letter_count"]) == (0, True, 1)


def _load(stage: Stage) -> None:
    """As a bucket with versions tells, and as one without."""
    versioned = stage.put(GOOD)
    plain = stage.put(GOOD)
    del plain["detail"]["object"]["version-id"]
    for told in (versioned, plain):
        (done,) = stage.call(told)["objects"]
        assert done["produced"] == 1


def _go_on(stage: Stage) -> None:
    """Send what the time allows, then go on by the message that was left for it."""
    stage.call(stage.put(MANY), SHORT_MS)
    sqs = stage.aws.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=stage.continue_url)["Messages"]
    sqs.delete_message(QueueUrl=stage.continue_url, ReceiptHandle=message["ReceiptHandle"])
    arn = sqs.get_queue_attributes(QueueUrl=stage.continue_url, AttributeNames=["QueueArn"])
    event = json.loads(message["Body"])
    event["resume"]["record"] = 59_999
    assert not stage.call(_messages(arn["Attributes"]["QueueArn"], json.dumps(event)))[
        "batchItemFailures"
    ]


def _take_message(stage: Stage) -> None:
    assert not stage.call(_messages(QUEUE, '{"key": "k", "value": "v"}'))["batchItemFailures"]


def _messages(queue_arn: str, *bodies: str) -> dict[str, Any]:
    records = [
        {
            "messageId": str(i),
            "receiptHandle": "r",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": "us-east-1",
        }
        for i, body in enumerate(bodies)
    ]
    return {"Records": records}


NAMES = {"Topic": TOPIC, "ClusterArn": CLUSTER_ARN}
OUT = {"Bucket": LAKE, "BucketPrefix": "lake/", "BucketKeyArn": KEY}
LETTERS = {"DecodeValues": "json"}
JOBS: dict[str, tuple[dict[str, str], tuple[Callable[[Stage], None], ...]]] = {
    "store": (MAPPING | NAMES | OUT | LETTERS | {"DeadLetters": "s3"}, (_store, _give_up)),
    "give up": (MAPPING | NAMES | LETTERS | {"Sink": "log", "DeadLetters": "queue"}, (_give_up,)),
    "copy": (COPY | NAMES | {"TargetTopic": TARGET}, (_copy,)),
    "drain": (
        DRAIN | NAMES | OUT | {"GroupId": GROUP, "OutputFormat": "raw", "DeadLetters": "s3"},
        (_drain,),
    ),
    "load": (
        LOAD
        | NAMES
        | {"Topic": TARGET, "Bucket": INBOX, "BucketPrefix": "in/", "BucketKeyArn": KEY},
        (_load, _go_on),
    ),
    "messages": (QUEUED | NAMES | {"Topic": TARGET}, (_take_message,)),
}
"""Job -> its parameters, and what it does."""
