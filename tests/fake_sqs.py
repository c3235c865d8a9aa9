"""Queues in memory that satisfy the port."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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

    def send(
        self,
        url: str,
        bodies: Sequence[str],
        deadline: Deadline,  # noqa: ARG002 - it waits for nothing
    ) -> list[MskClientError | None]:
        """See the port."""
        verdicts = [self.fail(body) for body in bodies]
        taken = [body for body, verdict in zip(bodies, verdicts, strict=True) if verdict is None]
        self.messages.setdefault(url, []).extend(taken)
        return verdicts
