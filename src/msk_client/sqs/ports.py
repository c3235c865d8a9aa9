"""What is needed of SQS: the port that botocore's client and the tests' fake both are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.errors import MskClientError

MAX_BATCH = 10
MAX_BATCH_BYTES = 1_048_576
"""Of all bodies of a request together; also the largest message."""


@dataclass(frozen=True)
class Message:
    """A message that was received."""

    id: str
    """The same each time that it is received."""
    body: str
    receipt: str
    """By which it is deleted."""


class Queues(Protocol):
    """SQS. Every call ends by its deadline.

    What fails for a whole queue is raised: `NotAuthorized`, `AuthenticationFailed`,
    `UnknownObject`, `StorageUnavailable` or `StorageRefused`, naming queue and permission.
    """

    def send(
        self, url: str, bodies: Sequence[str], deadline: Deadline, group: str | None = None
    ) -> list[MskClientError | None]:
        """Send messages; answers for each why it could not be sent, None where it was.

        A FIFO queue needs a `group`; a body that is sent again within 5 minutes is dropped there.
        """
        ...

    def receive(self, url: str, deadline: Deadline) -> list[Message]:
        """Take at most 10 messages that are there; none where the queue is empty (for now)."""
        ...

    def delete(self, url: str, messages: Sequence[Message], deadline: Deadline) -> None:
        """Delete messages that were received; raises if one can't be, which comes again."""
        ...

    def release(self, url: str, messages: Sequence[Message], deadline: Deadline) -> None:
        """Let messages that were received come again at once."""
        ...
