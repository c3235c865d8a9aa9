"""Objects, messages and HTTP requests reach the function in AWS's runtime emulator."""

from __future__ import annotations

import base64
import json
import os
import signal
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.lambda_runtime import SRC, Emulator
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.aws import LocalAws
    from local.lambda_runtime import Invocation
    from local.msk import LocalMsk

EVENTS = Path(__file__).parents[2] / "events"
HANDLERS = Path(__file__).parent / "handlers"
BUCKET = "my-bucket"
COUNT = 60_000


@pytest.fixture(scope="module", name="eyes")
def the_super_user(msk: LocalMsk) -> Eyes:
    """Plain clients of the cluster."""
    return Eyes(msk.plaintext)


@pytest.fixture(scope="module", name="topic")
def a_topic(eyes: Eyes) -> str:
    """Where objects and messages go."""
    return eyes.create_topic()


@pytest.fixture(scope="module", name="function")
def the_function(msk: LocalMsk, aws: LocalAws, topic: str) -> Iterator[Emulator]:
    """One execution environment for all kinds of events."""
    settings = {"S3_EVENT_TOPIC": topic, "SQS_TOPIC": topic, "SQS_PARTIAL_RESPONSE": "true"}
    with Emulator(msk.environment() | aws.environment() | settings) as function:
        yield function


def file(name: str) -> dict[str, Any]:
    """Read a trigger's event file."""
    event: dict[str, Any] = json.loads((EVENTS / "triggers" / f"{name}.json").read_text())
    return event


def answered(invocation: Invocation) -> dict[str, Any]:
    """The answer; fails with the function's own words."""
    assert invocation.error_type is None, f"{invocation.error_type}: {invocation.error_message}"
    assert isinstance(invocation.payload, dict)
    return invocation.payload


@pytest.mark.parametrize("name", [path.stem for path in (EVENTS / "triggers").glob("http_*.json")])
def test_http_requests(function: Emulator, name: str) -> None:
    """Each door's request is carried out, and a failure is an answer with a status."""
    answer = answered(function.invoke(file(name)))
    assert 200 == answer["statusCode"]
    assert 1 == json.loads(answer["body"])["produced"]
    body = json.dumps({"action": "consume", "topic": "nowhere"})
    answer = answered(function.invoke(file(name) | {"body": body, "isBase64Encoded": False}))
    assert 404 == answer["statusCode"]
    assert "UnknownTopic" == json.loads(answer["body"])["errorType"]


@pytest.mark.parametrize(("door", "limit"), [
    ("http_function_url", 6_291_556), ("http_load_balancer", 1_000_000),
])  # fmt: skip
def test_large_requests_and_answers(function: Emulator, eyes: Eyes, door: str, limit: int) -> None:
    """Nearly as much as Lambda takes goes in as base64, and comes out in pages that fit."""
    name = eyes.create_topic()
    value = 'é"\\' * 20_000
    event = {"action": "produce", "topic": name, "records": [{"value": value}] * 35}
    request = file("http_function_url") | {
        "body": base64.b64encode(json.dumps(event, ensure_ascii=False).encode()).decode(),
        "isBase64Encoded": True,
    }
    assert 35 == json.loads(answered(function.invoke(request))["body"])["produced"]
    read: list[str] = []
    start: object = "beginning"
    while len(read) < 35:
        body = json.dumps({"action": "consume", "topic": name, "from": start})
        done = function.invoke(file(door) | {"body": body, "isBase64Encoded": False})
        assert len(done.raw) <= limit
        page = json.loads(answered(done)["body"])
        read += [record.get("value") for record in page["records"]]
        start = {"offsets": page["next"]}
    assert [value] * 35 == read


@pytest.mark.parametrize("name", ["s3_object_created", "s3_object_created_eventbridge"])
def test_objects(function: Emulator, eyes: Eyes, topic: str, name: str) -> None:
    """What S3 tells of is sent."""
    before = len(eyes.records(topic))
    (told,) = answered(function.invoke(file(name)))["body"]["objects"]
    assert (3, True) == (told["produced"], told["complete"])
    assert before + 3 == len(eyes.records(topic))


@pytest.mark.parametrize("name", ["sqs_batch", "sqs_batch_fifo"])
def test_messages(function: Emulator, eyes: Eyes, topic: str, name: str) -> None:
    """Messages become records, and the answer says which of them come again."""
    before = len(eyes.records(topic))
    event = file(name)
    event["Records"][0]["body"] = "oops"
    answer = answered(function.invoke(event))
    failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
    groups = [one["attributes"].get("MessageGroupId", i) for i, one in enumerate(event["Records"])]
    expected = {
        one["messageId"]
        for one, group in zip(event["Records"], groups, strict=True)
        if group == groups[0]
    }
    assert expected == failed
    assert before + len(groups) - len(expected) == len(eyes.records(topic))


class Queue:
    """A queue that calls the function, as Lambda's mapping lets it."""

    def __init__(self, aws: LocalAws) -> None:
        self._sqs = aws.client("sqs")
        self._name = uuid.uuid4().hex
        made = self._sqs.create_queue(QueueName=self._name, Attributes={"VisibilityTimeout": "0"})
        self.url: str = made["QueueUrl"]

    def work_off(self, function: Callable[[dict[str, Any]], Invocation]) -> int:
        """Bring one message after another until none is left; answers how many calls there were."""
        calls = 0
        while True:
            found = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=1)
            if not found.get("Messages"):
                return calls
            (message,) = found["Messages"]
            record = {
                "messageId": message["MessageId"],
                "body": message["Body"],
                "attributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{self._name}",
            }
            calls += 1
            assert calls < 100
            if function({"Records": [record]}).error_type is None:
                receipt = message["ReceiptHandle"]
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)


@pytest.mark.soak
def test_a_large_object_survives_being_killed(
    msk: LocalMsk, aws: LocalAws, eyes: Eyes, rounds: Callable[[int, int], int]
) -> None:
    """An object that takes many calls, some of them killed, is in the log in its order."""
    topic, queue = eyes.create_topic(), Queue(aws)
    environment = msk.environment() | aws.environment()
    settings = {"SQS_PARTIAL_RESPONSE": "true", "CONTINUE_QUEUE_URL": queue.url}
    kills = iter(range(rounds(2, 10)))
    lines = [b"%d" % i for i in range(COUNT)]
    key = uuid.uuid4().hex
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"\n".join(lines))

    def call(event: dict[str, Any]) -> Invocation:
        with Emulator(
            environment | settings, handler="slow_source.lambda_handler", path=(SRC, HANDLERS),
            timeout_s=4,
        ) as function:  # fmt: skip
            killer = threading.Timer(2.0, _kill, (function,))
            if next(kills, None) is not None:
                killer.start()
            try:
                return function.invoke(event)
            finally:
                killer.cancel()

    event = {"action": "produce", "topic": topic, "source": f"s3://{BUCKET}/{key}"}
    aws.client("sqs").send_message(QueueUrl=queue.url, MessageBody=json.dumps(event))
    began_s = time.monotonic()
    calls = queue.work_off(call)
    found = [message.value() for message in eyes.records(topic)]
    assert lines == list(dict.fromkeys(found))
    assert calls > 2, f"it took {time.monotonic() - began_s:.1f} s"


def _kill(function: Emulator) -> None:
    with suppress(LookupError, ProcessLookupError):
        os.kill(function.pid(), signal.SIGKILL)
