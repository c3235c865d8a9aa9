"""Action events that nobody waits for: an object too large for one invocation goes on by itself."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msk_client.errors import DeadlineExceeded, MskClientError
from msk_client.triggers import direct

if TYPE_CHECKING:
    from msk_client.actions.call import Answer, Call

FIFO = ".fifo"
LOG = logging.getLogger("msk_client.mapping")
RESERVE_S = 3.0
"""So much of the time (or a quarter) is left for the message: SQS's client is made for it."""


def run(event: dict[str, Any], call: Call) -> Answer:
    """Carry out one of several action events; their counts add up.

    Records of an object that are left out are logged. Raises what the action does, and where the
    object's rest can't go on.
    """
    before = dict(call.counts)
    call.counts.clear()
    try:
        done = _run(event, call)
        if "source" in done.body:
            for failed in done.body.get("results", []):
                LOG.warning("record left out", extra={"source": done.body["source"], **failed})
        _go_on(event, done, call)
    finally:
        for name, count in before.items():
            call.counts[name] = call.counts.get(name, 0) + count
    return done


def _run(event: dict[str, Any], call: Call) -> Answer:
    """Carry out an event; a failure tells which one it was: whoever sees it sent another."""
    try:
        return direct.run(event, _leaving_time(call))
    except MskClientError as problem:
        if "source" not in event or event.get("action") != "produce":
            raise
        raise type(problem)(
            f"{problem} By hand it is sent by this event, into which a 'resume' goes:"
            f" {json.dumps(event)}"
        ) from problem


def leave(event: dict[str, Any], call: Call) -> None:
    """Leave an action event to a later invocation; raises what SQS says."""
    url = call.settings.input.continue_queue_url
    problem = None if url is None else _send(url, event, call)
    if problem is not None:
        raise type(problem)(f"{problem} {event['source']} is not sent.")
    call.counts["Continued"] = call.counts.get("Continued", 0) + 1


def _leaving_time(call: Call) -> Call:
    """Make the same call with an earlier end, where there is a queue to go on by."""
    if call.settings.input.continue_queue_url is None:
        return call
    return replace(call, deadline=call.deadline.earlier(min(RESERVE_S, call.deadline.left_s / 4)))


def _go_on(event: dict[str, Any], answer: Answer, call: Call) -> None:
    """Send the rest of a produce event to CONTINUE_QUEUE_URL, where its answer has a position.

    Raises `DeadlineExceeded` with the position where that is not set, or what SQS says.
    """
    position = answer.body.get("position")
    if position is None:
        return
    rest = event | {"resume": position}
    url = call.settings.input.continue_queue_url
    if url is None:
        raise DeadlineExceeded(
            f"The time ran out when {event['source']} was sent up to record {position['record']}:"
            " set CONTINUE_QUEUE_URL to a queue that calls this function, and the rest is sent by"
            f" itself. By hand, send this event: {json.dumps(rest)}"
        )
    problem = _send(url, rest, call)
    if problem is not None:
        raise type(problem)(
            f"{problem} The rest of {event['source']} is not sent. By hand, send this event:"
            f" {json.dumps(rest)}"
        )
    call.counts["Continued"] = call.counts.get("Continued", 0) + 1


def is_continuation(queue_arn: object, call: Call) -> bool:
    """Tell whether a queue (`arn:aws:sqs:REGION:ACCOUNT:NAME`) is CONTINUE_QUEUE_URL's."""
    url = call.settings.input.continue_queue_url
    if url is None or not isinstance(queue_arn, str):
        return False
    return queue_arn.split(":")[-2:] == urlsplit(url).path.split("/")[-2:]


def _send(url: str, event: dict[str, Any], call: Call) -> MskClientError | None:
    from msk_client.sqs.queues import queues  # noqa: PLC0415 - dear at cold start

    group = hashlib.sha256(event["source"].encode()).hexdigest() if url.endswith(FIFO) else None
    body = json.dumps(event, separators=(",", ":"))
    try:
        (verdict,) = queues().send(url, [body], call.deadline, group)
    except MskClientError as problem:
        return problem
    return verdict
