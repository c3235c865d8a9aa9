"""Dead letters in a queue: one message a record."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from msk_client.errors import MskClientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.pipeline.letters import Letter
    from msk_client.sqs.ports import Queues

FIFO = ".fifo"
GROUP_CHARACTERS = 128
"""Of a message group's name."""


class QueueLetters:
    """A letter that is larger than SQS takes can't be kept: S3 takes any.

    In a FIFO queue the letters of a partition are a group, and keep their order.
    """

    def __init__(self, queues: Queues, url: str) -> None:
        self._queues = queues
        self._url = url

    def send(
        self, letters: Sequence[Letter], deadline: Deadline
    ) -> dict[tuple[str, int, int], MskClientError]:
        """See the protocol."""
        if not self._url.endswith(FIFO):
            return self._send(letters, deadline, None)
        failed: dict[tuple[str, int, int], MskClientError] = {}
        for group, several in groupby(letters, _group):
            failed |= self._send(list(several), deadline, group)
        return failed

    def _send(
        self, letters: Sequence[Letter], deadline: Deadline, group: str | None
    ) -> dict[tuple[str, int, int], MskClientError]:
        bodies = [one.text for one in letters]
        try:
            verdicts = self._queues.send(self._url, bodies, deadline, group)
        except MskClientError as problem:  # which may have come behind the first messages
            verdicts = [problem] * len(letters)
        return {
            (one.topic, one.partition, one.offset): _advised(verdict)
            for one, verdict in zip(letters, verdicts, strict=True)
            if verdict is not None
        }


def _group(letter: Letter) -> str:
    return f"{letter.topic}-{letter.partition}"[-GROUP_CHARACTERS:]


def _advised(verdict: MskClientError) -> MskClientError:
    return type(verdict)(f"{verdict} The record can't be kept as a dead letter by ESM_DEAD_LETTER.")
