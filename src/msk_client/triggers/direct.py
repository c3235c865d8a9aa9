"""A plain action event: `{"action": "produce", "topic": "orders", ...}`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from msk_client.actions import ACTIONS
from msk_client.actions.examples import EXAMPLE
from msk_client.actions.request import TOPIC, decode
from msk_client.errors import InvalidRequest

if TYPE_CHECKING:
    from msk_client.actions.call import Answer, Call


def action_name(event: object) -> str:
    """Tell which action an event names; raises `InvalidRequest`. `-` and `_` are the same."""
    if not isinstance(event, dict) or "action" not in event:
        raise InvalidRequest(
            "The event has no 'action': this function carries out one of"
            f" {', '.join(ACTIONS)}. For example: {EXAMPLE}"
        )
    given = event["action"]
    name = given.replace("-", "_") if isinstance(given, str) else None
    if name not in ACTIONS:
        near = get_close_matches(str(name)[:80], ACTIONS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(ACTIONS)}."
        shown = repr(given[:80]) if isinstance(given, str) else "not a string"
        raise InvalidRequest(f"Field 'action' is {shown}: {hint} For example: {EXAMPLE}")
    return name


def topic_name(event: dict[str, Any]) -> str | None:
    """Tell an event's topic for the log; None where it's no name that a topic can have."""
    topic = event.get("topic")
    return topic if isinstance(topic, str) and TOPIC.search(topic) else None


def run(event: dict[str, Any], call: Call) -> Answer:
    """Carry out an action event."""
    name = action_name(event)
    action = ACTIONS[name]
    call.allow_action(name, destructive=action.destructive)
    return action.run(decode(event, action.request), call)
