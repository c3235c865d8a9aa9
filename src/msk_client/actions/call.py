"""What an action gets beside its request, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msk_client import errors
from msk_client.answer import MAX_ANSWER_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.deadline import Deadline
    from msk_client.ports import Kafka
    from msk_client.settings import Settings


@dataclass(frozen=True)
class Answer:
    """An HTTP-like status and the body's fields."""

    body: dict[str, Any]
    status: int = 200


@dataclass
class Call:
    """One invocation: its cluster, settings, time and counters."""

    open_kafka: Callable[[Deadline], Kafka]
    settings: Settings
    deadline: Deadline
    request_id: str
    counts: dict[str, int] = field(default_factory=dict)
    """Metrics of this call: `Records`, `Bytes`, ..."""

    max_answer_bytes: int = MAX_ANSWER_BYTES
    """What whoever called lets through, as the runtime writes it."""

    @cached_property
    def kafka(self) -> Kafka:
        """The cluster, opened at its first use: what is wrong with the event is said before."""
        return self.open_kafka(self.deadline)

    def allow_action(self, action: str, *, destructive: bool = False) -> None:
        """Raise `NotAuthorized` where ALLOWED_ACTIONS forbids `action`."""
        if not self.allows_action(action, destructive=destructive):
            why = (
                "destructive actions must always be listed"
                if self.settings.allowed_actions is None
                else f"it lists {', '.join(self.settings.allowed_actions) or 'none'}"
            )
            raise errors.NotAuthorized(
                f"This function's setting ALLOWED_ACTIONS does not allow {action} ({why})."
            )

    def allows_action(self, action: str, *, destructive: bool = False) -> bool:
        """Tell whether ALLOWED_ACTIONS (globs) allows `action`."""
        allowed = self.settings.allowed_actions
        if allowed is None:
            return not destructive
        if destructive:
            return action in allowed
        return _matches(action, allowed)

    def allows_topic(self, topic: str) -> bool:
        """Tell whether ALLOWED_TOPICS (globs) allows `topic`."""
        return _matches(topic, self.settings.allowed_topics)

    def allow_topic(self, topic: str) -> None:
        """Raise `NotAuthorized` where ALLOWED_TOPICS forbids `topic`."""
        if not self.allows_topic(topic):
            raise errors.NotAuthorized(
                f"This function's setting ALLOWED_TOPICS does not allow topic {topic!r}: it lists"
                f" {', '.join(self.settings.allowed_topics or ())}."
            )

    def allow_group(self, group: str) -> None:
        """Raise `NotAuthorized` where ALLOWED_GROUPS forbids `group`."""
        if not _matches(group, self.settings.allowed_groups):
            raise errors.NotAuthorized(
                f"This function's setting ALLOWED_GROUPS does not allow consumer group {group!r}:"
                f" it lists {', '.join(self.settings.allowed_groups or ())}."
            )


def _matches(name: str, globs: tuple[str, ...] | None) -> bool:
    return globs is None or any(fnmatchcase(name, glob) for glob in globs)
