"""What Lambda lets through, refuses and repeats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deploy.verify.assumption import DECISIONS, OPERATIONS, Assumption
from deploy.verify.verdict import Verdict, confirmed, refuted, settled

if TYPE_CHECKING:
    from deploy.verify.subject import Subject

REQUEST_BYTES = 6 * 1024 * 1024
ASYNCHRONOUS_BYTES = 1024 * 1024
LOCK = Path(__file__).parents[3] / "requirements" / "runtime.lock"
PING = json.dumps({"action": "ping"}).encode()
HELLO_WORLD = {"key1": "value1", "key2": "value2", "key3": "value3"}
TOO_LARGE = 413
DEFAULT_RETRIES = 2


def error_type(subject: Subject) -> Verdict:
    """Send the console's hello-world event."""
    reply = subject.invoke(HELLO_WORLD)
    return settled(reply.error_type == "InvalidRequest", f"the hello-world event: {reply.quoted}")


def request_limit(subject: Subject) -> Verdict:
    """Send pings padded with spaces to the limit, and one byte beyond."""
    largest = subject.invoke(PING.ljust(REQUEST_BYTES))
    if largest.error_type is not None:
        return refuted(f"{REQUEST_BYTES} bytes: {largest.quoted}")
    return _refused(subject, REQUEST_BYTES + 1, asynchronously=False)


def asynchronous_limit(subject: Subject) -> Verdict:
    """The same for asynchronous events, near 1 MB."""
    subject.invoke(PING.ljust(ASYNCHRONOUS_BYTES - 1024), asynchronously=True)
    return _refused(subject, ASYNCHRONOUS_BYTES + 1, asynchronously=True)


def _refused(subject: Subject, size: int, *, asynchronously: bool) -> Verdict:
    try:
        subject.invoke(PING.ljust(size), asynchronously=asynchronously)
    except ClientError as refusal:
        if refusal.response["ResponseMetadata"]["HTTPStatusCode"] != TOO_LARGE:
            raise
        return confirmed(f"{size} bytes are refused: {refusal}")
    return refuted(f"{size} bytes are taken")


def asynchronous_retries(subject: Subject) -> Verdict:
    """Read how often Lambda repeats a failed asynchronous event: 2 where nothing is set."""
    times = retries(subject)
    return confirmed(f"{times}{'' if times == DEFAULT_RETRIES else ', which somebody has set'}")


def retries(subject: Subject) -> int:
    """Return how often Lambda repeats a failed asynchronous event."""
    try:
        found = subject.clients["lambda"].get_function_event_invoke_config(
            FunctionName=subject.options.function
        )
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return DEFAULT_RETRIES
    return int(found.get("MaximumRetryAttempts", DEFAULT_RETRIES))


def libraries(subject: Subject) -> Verdict:
    """Compare the versions that the function names with those that are locked."""
    told = subject.body({"action": "ping"})["versions"]
    locked = LOCK.read_text(encoding="utf-8")
    same = f"confluent-kafka=={told['confluent_kafka']} " in locked
    return settled(same, f"the function runs {told}")


ASSUMPTIONS = (
    Assumption(
        "error-type",
        "A failure reaches the caller as FunctionError, with our class as errorType.",
        OPERATIONS + "errors",
        error_type,
        "Send the console's hello-world event.",
    ),
    Assumption(
        "request-limit",
        "An event of 6 MiB is taken, and one byte more is refused with 413.",
        OPERATIONS + "something-is-wrong",
        request_limit,
        "Send a ping padded with spaces.",
    ),
    Assumption(
        "asynchronous-limit",
        "An asynchronous event goes up to 1 MiB.",
        OPERATIONS + "something-is-wrong",
        asynchronous_limit,
        "Send a ping padded with spaces, with --invocation-type Event.",
    ),
    Assumption(
        "asynchronous-retries",
        "Lambda repeats a failed asynchronous event twice, unless that is set otherwise.",
        OPERATIONS + "calling-it",
        asynchronous_retries,
        "aws lambda get-function-event-invoke-config --function-name NAME",
    ),
    Assumption(
        "libraries",
        "The wheels of the lock load in the base image.",
        DECISIONS + "dependencies-of-the-function",
        libraries,
        "Compare versions in ping's answer with requirements/runtime.lock.",
    ),
)
