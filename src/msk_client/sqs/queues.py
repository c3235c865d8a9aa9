"""SQS as this function uses it, within a deadline."""

from __future__ import annotations

import hashlib
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from msk_client.aws.clients import client
from msk_client.errors import StorageRefused, StorageUnavailable
from msk_client.sqs import failures
from msk_client.sqs.ports import MAX_BATCH, MAX_BATCH_BYTES, Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from msk_client.deadline import Deadline
    from msk_client.errors import MskClientError

PATIENCE_S = 10.0
"""How long one call is tried again while SQS fails to serve it."""

CONNECT_S = 3.0
SILENCE_S = 10.0
PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
THREADS = 4
REGION = re.compile(r"https://(?:[\w-]+\.)?sqs\.(?P<region>[a-z0-9-]+)\.(?:amazonaws|api\.aws)")


class SqsQueues:
    """The port by botocore.

    Where and as whom: the region in a queue's URL, and botocore's own variables.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sqs")

    def send(
        self, url: str, bodies: Sequence[str], deadline: Deadline, group: str | None = None
    ) -> list[MskClientError | None]:
        """See the port."""
        verdicts: list[MskClientError | None] = [None] * len(bodies)
        left = []
        for i, body in enumerate(bodies):
            if len(body.encode()) > MAX_BATCH_BYTES:
                verdicts[i] = _too_large(url, body)
            else:
                left.append(i)
        for batch in _batches(left, bodies):
            for i, verdict in self._send_batch(url, batch, bodies, deadline, group).items():
                verdicts[i] = verdict
        return verdicts

    def receive(self, url: str, deadline: Deadline) -> list[Message]:
        """See the port."""
        wanted = {"MaxNumberOfMessages": MAX_BATCH, "WaitTimeSeconds": 1}
        answer = self._call("receive_message", "sqs:ReceiveMessage", url, deadline, wanted)
        found = answer.get("Messages", [])
        return [Message(one["MessageId"], one["Body"], one["ReceiptHandle"]) for one in found]

    def delete(self, url: str, messages: Sequence[Message], deadline: Deadline) -> None:
        """See the port."""
        self._of_each(url, "delete_message_batch", "sqs:DeleteMessage", messages, deadline)

    def release(self, url: str, messages: Sequence[Message], deadline: Deadline) -> None:
        """See the port."""
        name, action = "change_message_visibility_batch", "sqs:ChangeMessageVisibility"
        self._of_each(url, name, action, messages, deadline, {"VisibilityTimeout": 0})

    def _of_each(  # noqa: PLR0913, PLR0917 - one request, in every part
        self,
        url: str,
        name: str,
        action: str,
        messages: Sequence[Message],
        deadline: Deadline,
        fields: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Do something with messages that were received, some in each request; then tell failures.

        A FIFO queue refuses a message whose visibility timeout has ended.
        """
        failed: list[Mapping[str, object]] = []
        for start in range(0, len(messages), MAX_BATCH):
            some = messages[start : start + MAX_BATCH]
            entries = [
                {"Id": str(i), "ReceiptHandle": message.receipt, **fields}
                for i, message in enumerate(some)
            ]
            answer = self._call(name, action, url, deadline, {"Entries": entries})
            failed += answer.get("Failed", [])
        if failed:
            raise failures.of_entry(failed[0], action, url)

    def _send_batch(
        self,
        url: str,
        batch: Sequence[int],
        bodies: Sequence[str],
        deadline: Deadline,
        group: str | None,
    ) -> dict[int, MskClientError]:
        """Send messages of one request, those that SQS could not take now once more."""
        entries = [_entry(i, bodies[i], group) for i in batch]
        failed: dict[int, MskClientError] = {}
        for _ in range(2):
            answer = self._call(
                "send_message_batch", "sqs:SendMessage", url, deadline, {"Entries": entries}
            )
            failed = {
                int(one["Id"]): failures.of_entry(one, "sqs:SendMessage", url)
                for one in answer.get("Failed", [])
            }
            entries = [one for one in entries if _may_pass(failed.get(int(one["Id"])))]
            if not entries:
                break
        return failed

    def _call(
        self, name: str, action: str, url: str, deadline: Deadline, fields: Mapping[str, object]
    ) -> dict[str, Any]:
        """Try until SQS has answered, in a thread, so that the deadline holds whatever happens."""
        patience = deadline.within(self._patience_s)
        pause_s = PAUSE_S
        while True:
            try:
                return self._threads.submit(_ask, name, url, fields).result(deadline.left_s)
            except FutureTimeout:
                raise StorageUnavailable(
                    f"SQS did not answer {action} on {url} within the invocation's time. Try"
                    " again, or give the function a longer timeout. In a VPC without NAT it needs"
                    " an interface endpoint for SQS."
                ) from None
            except (ClientError, BotoCoreError) as problem:
                if not failures.may_pass(problem) or patience.left_s <= pause_s:
                    raise failures.translate(problem, action, url) from problem
            time.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - a jitter is no secret
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


@cache
def queues() -> SqsQueues:
    """SQS's client, kept from one invocation of this environment to the next."""
    return SqsQueues()


def _ask(name: str, url: str, fields: Mapping[str, object]) -> dict[str, Any]:
    """Call botocore's client; its `name` is the method's."""
    region = REGION.match(url)
    asked = _client(None if region is None else region["region"])
    answer: dict[str, Any] = getattr(asked, name)(QueueUrl=url, **fields)
    return answer


@cache
def _client(region: str | None) -> Any:  # noqa: ANN401 - botocore makes its classes at run time
    return client("sqs", region, connect_timeout=CONNECT_S, read_timeout=SILENCE_S)


def _batches(indexes: Sequence[int], bodies: Sequence[str]) -> Iterator[list[int]]:
    """Cut into requests of as many messages and bytes as SQS takes."""
    batch: list[int] = []
    size = 0
    for i in indexes:
        more = len(bodies[i].encode())
        if batch and (len(batch) == MAX_BATCH or size + more > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(i)
        size += more
    if batch:
        yield batch


def _entry(index: int, body: str, group: str | None) -> dict[str, str]:
    entry = {"Id": str(index), "MessageBody": body}
    if group is None:
        return entry
    digest = hashlib.sha256(body.encode()).hexdigest()
    return entry | {"MessageGroupId": group, "MessageDeduplicationId": digest}


def _may_pass(problem: MskClientError | None) -> bool:
    return problem is not None and problem.retriable


def _too_large(url: str, body: str) -> StorageRefused:
    return StorageRefused(
        f"A message of {len(body.encode())} bytes is too large for {url}: SQS takes"
        f" {MAX_BATCH_BYTES}."
    )
