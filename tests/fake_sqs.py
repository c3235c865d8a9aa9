"""Queues in memory that satisfy the port."""

from __future__ import annotations

import hashlib
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
    """Messages by their queue's URL; two with the same body are the same one."""

    messages: dict[str, list[str]] = field(default_factory=dict)
    fail: Callable[[str], MskClientError | None] = lambda _: None
    """What a body is refused with."""
    deleted: dict[str, list[str]] = field(default_factory=dict)
    deletions: int = 0
    """How often it was asked to delete some."""
    received: int = 0
    forgetful: bool = False
    """Whether the visibility timeout of what is received ends at once."""

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
        """See the port; what was received comes again when it is released, or if `forgetful`."""
        if deadline.passed:
            raise StorageUnavailable("The time ran out.")
        taken = self.messages.get(url, [])[:MAX_BATCH]
        self.messages[url] = self.messages.get(url, [])[MAX_BATCH:]
        if self.forgetful:
            self.messages[url] += taken
        self.received += len(taken)
        return [
            Message(hashlib.sha256(body.encode()).hexdigest()[:16], body, f"{self.received}-{i}")
            for i, body in enumerate(taken)
        ]

    def delete(self, url: str, messages: Sequence[Message], deadline: Deadline) -> None:
        """See the port."""
        assert not deadline.passed
        self.deletions += bool(messages)
        for message in messages:
            self.deleted.setdefault(url, []).append(message.body)
            if self.forgetful:
                self.messages[url].remove(message.body)

    def release(self, url: str, messages: Sequence[Message], deadline: Deadline) -> None:
        """See the port."""
        assert not deadline.passed
        there = self.messages.setdefault(url, [])
        there += [message.body for message in messages if message.body not in there]
