"""What is needed of SQS: the port that botocore's client and the tests' fake both are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.errors import MskClientError

MAX_MESSAGE_BYTES = 1024 * 1024
"""SQS takes no larger message."""


class Queues(Protocol):
    """SQS. Every call ends by its deadline."""

    def send(
        self, url: str, bodies: Sequence[str], deadline: Deadline
    ) -> list[MskClientError | None]:
        """Send messages to a standard queue; says of each why it wasn't taken, or None.

        One that isn't known to be taken may be there all the same. Bodies must hold characters
        that XML has; ASCII does. Never raises `MskClientError`: what concerns all is said of each.
        """
        ...
