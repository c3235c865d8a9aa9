"""Dead letters in a queue: one message a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.errors import MskClientError
    from msk_client.pipeline.letters import Letter
    from msk_client.sqs.ports import Queues


class QueueLetters:
    """A letter that is larger than SQS takes can't be kept: S3 takes any."""

    def __init__(self, queues: Queues, url: str) -> None:
        self._queues = queues
        self._url = url

    def send(
        self, letters: Sequence[Letter], deadline: Deadline
    ) -> dict[tuple[str, int, int], MskClientError]:
        """See the protocol."""
        verdicts = self._queues.send(self._url, [one.text for one in letters], deadline)
        return {
            (one.topic, one.partition, one.offset): _advised(verdict)
            for one, verdict in zip(letters, verdicts, strict=True)
            if verdict is not None
        }


def _advised(verdict: MskClientError) -> MskClientError:
    return type(verdict)(f"{verdict} The record can't be kept as a dead letter by ESM_DEAD_LETTER.")
