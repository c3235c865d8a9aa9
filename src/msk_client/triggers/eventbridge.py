"""An event of EventBridge: an envelope whose `detail` is a plain action event.

So arrives what a rule passes on without an input of its own. Where its target has a constant input,
and from EventBridge Scheduler, the action event comes as it is.
"""

from __future__ import annotations

from msk_client.errors import InvalidRequest

MARKS = {"detail-type", "source", "detail"}
SHOWN_CHARACTERS = 80
EXAMPLE = '{"action": "produce", "topic": "my_topic", "records": [{"value": "hello"}]}'


def unwrapped(event: object) -> object:
    """Take the action event out of an envelope; raises `InvalidRequest` where it holds none.

    An event that is no envelope is answered as it is.
    """
    if not isinstance(event, dict) or "action" in event or not event.keys() >= MARKS:
        return event
    detail = event["detail"]
    if isinstance(detail, dict) and "action" in detail:
        return detail
    raise InvalidRequest(
        f"The event is EventBridge's envelope of a {_shown(event['detail-type'])} from"
        f" {_shown(event['source'])}, and its 'detail' holds no action. Give the rule's target a"
        f" constant input (JSON text) such as {EXAMPLE}, or put that into the event's detail; on a"
        " schedule, use EventBridge Scheduler with it as Input."
    )


def _shown(name: object) -> str:
    return repr(name[:SHOWN_CHARACTERS]) if isinstance(name, str) else "nameless event"
