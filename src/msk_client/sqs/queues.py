"""SQS as this function uses it: messages are sent in batches, within a deadline."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from msk_client.errors import RecordTooLarge, StorageUnavailable
from msk_client.sqs import failures
from msk_client.sqs.ports import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msk_client.deadline import Deadline
    from msk_client.errors import MskClientError

PATIENCE_S = 30.0
CONNECT_S = 5.0
SILENCE_S = 15.0
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
AT_ONCE = 10
BATCH_BYTES = 256 * 1024
"""A batch ends here; what is larger goes alone."""


class SqsQueues:
    """The port by botocore.

    Where and as whom: the queue's URL tells the region, botocore's own variables the rest.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="sqs")
        self._clients: dict[str | None, Any] = {}

    def send(
        self, url: str, bodies: Sequence[str], deadline: Deadline
    ) -> list[MskClientError | None]:
        """See the port."""
        verdicts: list[MskClientError | None] = [None] * len(bodies)
        for indexes in _batches(bodies, verdicts, url):
            for index, verdict in self._send(url, bodies, indexes, deadline).items():
                verdicts[index] = verdict
        return verdicts

    def _send(
        self, url: str, bodies: Sequence[str], indexes: list[int], deadline: Deadline
    ) -> dict[int, MskClientError]:
        """Try until SQS has taken or refused each, or the time is up; answers what isn't taken."""
        patience = deadline.within(self._patience_s)
        pause_s = FIRST_PAUSE_S
        refused: dict[int, MskClientError] = {}
        while True:
            failed = self._try(url, bodies, indexes, deadline)
            refused |= {i: verdict for i, verdict in failed.items() if not verdict.retriable}
            again = {i: verdict for i, verdict in failed.items() if verdict.retriable}
            if not again or patience.left_s <= pause_s:
                return refused | again
            indexes = list(again)
            time.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - a jitter is no secret
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _try(
        self, url: str, bodies: Sequence[str], indexes: list[int], deadline: Deadline
    ) -> dict[int, MskClientError]:
        entries = [{"Id": str(i), "MessageBody": bodies[i]} for i in indexes]
        try:
            call = self._threads.submit(self._call, url, entries)
            answer = call.result(max(0.1, deadline.left_s))
        except FutureTimeout:
            late = StorageUnavailable(
                f"SQS did not take messages for {url} within the invocation's time. Try again, or"
                " give the function a longer timeout."
            )
            return dict.fromkeys(indexes, late)
        except (ClientError, BotoCoreError) as problem:
            return dict.fromkeys(indexes, failures.translate(problem, url))
        return {int(one["Id"]): failures.of_entry(one, url) for one in answer.get("Failed", [])}

    def _call(self, url: str, entries: list[dict[str, str]]) -> dict[str, Any]:
        region = failures.region_of(url)
        if region not in self._clients:
            self._clients[region] = _client(region)
        answer: dict[str, Any] = self._clients[region].send_message_batch(
            QueueUrl=url, Entries=entries
        )
        return answer


def _batches(
    bodies: Sequence[str], verdicts: list[MskClientError | None], url: str
) -> Iterator[list[int]]:
    """Group messages as SQS takes them; one that is too large gets its verdict at once."""
    batch: list[int] = []
    size = 0
    for index, body in enumerate(bodies):
        own = len(body.encode())
        if own > MAX_MESSAGE_BYTES:
            verdicts[index] = RecordTooLarge(
                f"A message of {own} bytes for {url} is larger than SQS takes"
                f" ({MAX_MESSAGE_BYTES})."
            )
            continue
        if batch and (len(batch) == AT_ONCE or size + own > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(index)
        size += own
    if batch:
        yield batch


@cache
def queues() -> SqsQueues:
    """SQS's clients, kept from one invocation of this environment to the next."""
    return SqsQueues()


def _client(region: str | None) -> Any:  # noqa: ANN401 - botocore makes its classes at run time
    from botocore.config import Config  # noqa: PLC0415 - dear at cold start
    from botocore.session import get_session  # noqa: PLC0415 - same

    config = Config(
        retries={"total_max_attempts": 1},  # ours know the deadline
        connect_timeout=CONNECT_S,
        read_timeout=SILENCE_S,
    )
    return get_session().create_client("sqs", region_name=region, config=config)
