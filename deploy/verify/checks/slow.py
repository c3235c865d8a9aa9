"""Checks that wait for minutes: only with --slow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deploy.verify.assumption import DESIGN, OPERATIONS, Assumption
from deploy.verify.checks.limits import retries
from deploy.verify.verdict import Verdict, confirmed, give_up, refuted, settled

if TYPE_CHECKING:
    from deploy.verify.subject import Subject

PING = {"action": "ping"}
IDLE_S = 45
SESSION_S = 17 * 60
RETRIES_S = 5 * 60
POLL_S = 20
REQUEST_ID = re.compile(r'"request_id":\s*"([^"]+)"')
LOST = ("Disconnected", "Connection reset", "Broken pipe")


def idle_connection(subject: Subject) -> Verdict:
    """Ping, be silent for 45 s, ping again in the same environment."""
    subject.body(PING)
    subject.sleep(IDLE_S)
    reply = subject.ask(PING)
    if reply.cold is not False:
        give_up("another environment served the second ping")
    lost = [word for word in LOST if word in reply.log_tail]
    return settled(reply.error_type is None and not lost, f"after {IDLE_S} s: {reply.quoted}")


def long_session(subject: Subject) -> Verdict:
    """Keep one connection busy for longer than a token lives."""
    subject.body(PING)
    for waited_s in range(IDLE_S, SESSION_S + IDLE_S, IDLE_S):
        subject.sleep(IDLE_S)
        reply = subject.invoke(PING)
        if reply.error_type is not None:
            return refuted(f"after {waited_s} s: {reply.quoted}")
        if reply.cold is not False:
            give_up(f"another environment served the ping after {waited_s} s")
    return confirmed(f"one environment answered for {SESSION_S} s, past its token's 900 s")


def before_the_kill(subject: Subject) -> Verdict:
    """Wait for a record that doesn't come until the function's time is over."""
    event = {"action": "consume", "topic": subject.topic, "from": "end", "wait_ms": 900_000}
    reply = subject.invoke(event)
    killed = reply.error_type == "Sandbox.Timedout" or "Task timed out" in reply.error_message
    return settled(not killed, f"timeout {subject.configuration['Timeout']} s: {reply.quoted}")


def retries_observed(subject: Subject) -> Verdict:
    """Send an asynchronous event that fails, and count its log lines."""
    name = subject.options.topic + "-retried"
    since_ms = int(subject.clock() * 1000)
    subject.invoke({"action": "consume", "topic": name}, asynchronously=True)
    failures: list[str] = []
    for _ in range(0, RETRIES_S, POLL_S):
        subject.sleep(POLL_S)
        failures = _failures(subject, name, since_ms)
    ids = {match[1] for line in failures if (match := REQUEST_ID.search(line))}
    evidence = f"{len(failures)} tries in {RETRIES_S} s, under {len(ids)} request id(s)"
    return settled(len(failures) == 1 + retries(subject) and len(ids) == 1, evidence)


def _failures(subject: Subject, topic: str, since_ms: int) -> list[str]:
    found = subject.clients["logs"].filter_log_events(
        logGroupName=subject.log_group,
        filterPattern=f'"failed" "{topic}" "request_id"',
        startTime=since_ms,
    )
    return [str(event["message"]) for event in found["events"]]


ASSUMPTIONS = (
    Assumption(
        "idle-connection",
        "The cluster leaves a connection open that is idle for 45 s.",
        DESIGN + "freeze-and-thaw",
        idle_connection,
        slow=True,
    ),
    Assumption(
        "long-session",
        "A connection lives on past its token, by logging in again.",
        DESIGN + "how-a-token-is-made",
        long_session,
        slow=True,
    ),
    Assumption(
        "before-the-kill",
        "The function answers before Lambda ends it, when its time runs out.",
        DESIGN + "deadlines",
        before_the_kill,
        slow=True,
    ),
    Assumption(
        "retries-observed",
        "A repeated asynchronous event keeps its request id, on which stamp rests.",
        OPERATIONS + "guarantees",
        retries_observed,
        slow=True,
    ),
)
