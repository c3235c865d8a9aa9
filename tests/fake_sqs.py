"""Queues in memory that satisfy the port."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msk_client.errors import StorageUnavailable
from msk_client.sqs.ports import MAX_BATCH, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from msk_client.deadline import Deadline
    from msk_client.errors import MskClientError


@dataclass
class FakeSqs:
    """Messages by their queue's URL."""

    messages: dict[str, list[str]] = field(default_factory=dict)
    fail: Callable[[str], MskClientError | None] = lambda _: None
    """What a body is refused with."""
    deleted: dict[str, list[str]] = field(default_factory=dict)
    received: int = 0

    def send(
        self,
        url: str,
        bodies: Sequence[str],
        deadline: Deadline,  # noqa: ARG002 - it waits for nothing
        group: str | None = None,
    ) -> list[MskClientError | None]:
        """See the port."""
        assert (group is None) != url.endswith(".fifo")
        verdicts = [self.fail(body) for body in bodies]
        taken = [body for body, verdict in zip(bodies, verdicts, strict=True) if verdict is None]
        self.messages.setdefault(url, []).extend(taken)
        return verdicts

    def receive(self, url: str, deadline: Deadline) -> list[Message]:
        """See the port; what was received and not deleted doesn't come again."""
        if deadline.passed:
            raise StorageUnavailable("The time ran out.")
        taken = self.messages.get(url, [])[:MAX_BATCH]
        self.messages[url] = self.messages.get(url, [])[MAX_BATCH:]
        found = [Message(body, f"receipt-{self.received + i}") for i, body in enumerate(taken)]
        self.received += len(found)
        return found

    def delete(self, url: str, messages: Sequence[Message], deadline: Deadline) -> None:
        """See the port."""
        assert not deadline.passed
        self.deleted.setdefault(url, []).extend(message.body for message in messages)

    def release(self, url: str, messages: Sequence[Message], deadline: Deadline) -> None:
        """See the port."""
        assert not deadline.passed
        self.messages.setdefault(url, []).extend(message.body for message in messages)
