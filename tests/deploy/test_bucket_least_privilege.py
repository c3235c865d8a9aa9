"""What the client's role may do in a bucket and a queue is enough for each action, not more."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from local.msk import DEFAULT_ROLE
from local.msk.roles import ACCOUNT, REGION
from msk_client.errors import NotAuthorized
from tests.deploy.acting import function_on
from tests.deploy.expand import listed
from tests.deploy.granted import held_against
from tests.deploy.main_template import at_existing
from tests.deploy.pipeline_template import KEY
from tests.deploy.test_pipeline_least_privilege import parts_of
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from local.aws import LocalAws
    from local.msk import LocalMsk

BUCKET, TOPIC = "client-bucket", "client.topic"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:client-failed"
LETTER = json.dumps(
    {"dead_letter": 1, "record": {"topic": "t", "partition": 0, "offset": 0, "value": "v"}}
)

Call = Any
"""Invokes the function."""


def export(call: Call, aws: LocalAws) -> None:
    """Into an empty bucket; and once more in smaller objects, the first of which is in the way."""
    s3 = aws.client("s3")
    for one in s3.list_objects_v2(Bucket=BUCKET, Prefix="lake/client").get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=one["Key"])
    event = {"action": "consume", "topic": TOPIC, "until": {"offsets": {"0": 2}}}
    assert call(event | {"destination": True})["count"] == 2
    assert call(event | {"destination": {"object_bytes": 1}})["adopted_count"] == 2


def send(call: Call, aws: LocalAws) -> None:
    """An object as it is, and the same version of it from a record on."""
    stored = aws.client("s3").put_object(Bucket=BUCKET, Key="lake/in.ndjson", Body=b"1\n2\n")
    event = {"action": "produce", "topic": TOPIC, "source": f"s3://{BUCKET}/lake/in.ndjson"}
    assert call(event)["produced"] == 2
    place = {"record": 1, "etag": stored["ETag"], "version_id": stored["VersionId"]}
    assert call(event | {"resume": place})["produced"] == 1


def replay(call: Call, aws: LocalAws) -> None:
    """All letters below a prefix; and a queue's, first to look at them, then to send them."""
    aws.client("s3").put_object(Bucket=BUCKET, Key="lake/dead/1.ndjson", Body=LETTER.encode())
    sqs = aws.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName="client-failed")["QueueUrl"])
    url = sqs.create_queue(QueueName="client-failed")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=LETTER)
    event = {"action": "replay", "topic": TOPIC}
    assert call(event | {"source": f"s3://{BUCKET}/lake/dead/"})["replayed"] == 1
    assert call(event | {"source": url, "dry_run": True})["found"] == 1
    assert call(event | {"source": url})["replayed"] == 1


DEEDS = {"consume": export, "produce": send, "replay": replay}


@pytest.fixture(autouse=True, scope="module")
def _things(msk: LocalMsk, aws: LocalAws) -> None:
    """A topic with two records, and a bucket with versions."""
    eyes = Eyes(msk.plaintext)
    eyes.create_topic(name=TOPIC)
    eyes.produce(TOPIC, [b"1", b"2"])
    aws.client("s3").create_bucket(Bucket=BUCKET)
    aws.client("s3").put_bucket_versioning(
        Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )


@pytest.mark.parametrize("action", DEEDS)
def test_nothing_is_lacking_or_spare(msk: LocalMsk, aws: LocalAws, action: str) -> None:
    """With the deployed policy the action works in all its ways, and without any part not."""
    stack = at_existing(
        AllowedActions=action,
        Bucket=BUCKET,
        BucketPrefix="lake/",
        BucketKeyArn=KEY,
        S3PrefixListId="pl-01234567",
        ReplayQueueArn=QUEUE,
    )
    own = ("s3:", "kms:", "sqs:R", "sqs:D", "sqs:C")
    statements = [
        s for s in stack.statements("FunctionRole") if listed(s["Action"])[0].startswith(own)
    ]
    variables = stack.environment("Function") | aws.environment() | {"AWS_DEFAULT_REGION": REGION}
    with function_on(msk, DEFAULT_ROLE, variables) as call:
        with held_against(statements, KEY):
            DEEDS[action](call, aws)
        spare = []
        for item, rest in parts_of(statements):
            # A dry run that can't give messages back says nothing: they aren't there after it.
            with held_against(rest, KEY), suppress(NotAuthorized, AssertionError):
                DEEDS[action](call, aws)
                spare.append(item)
    assert spare == []
