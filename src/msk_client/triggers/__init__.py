"""The kinds of events: a plain action event, what carries one, and what other services send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from msk_client.actions.call import Call


MARKS = frozenset({"requestContext", "eventSource", "Records", "Event", "detail-type"})
"""Fields by which the triggers recognise their events: without one it is an action event."""


def may_be_of_a_service(event: object) -> bool:
    """Tell whether one of the triggers may recognise an event."""
    return isinstance(event, dict) and not MARKS.isdisjoint(event)


class Trigger(Protocol):
    """A module for a kind of event that is answered in a way of its own."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """What logs and metrics call it."""
        ...

    def recognises(self, event: object) -> bool:
        """Tell whether an event is one of these."""
        ...

    def topic_name(self, event: dict[str, Any]) -> str | None:
        """Tell the topic for the log."""
        ...

    def answer(self, event: dict[str, Any], call: Call) -> dict[str, Any]:
        """Carry the event out, and answer what its sender understands."""
        ...
