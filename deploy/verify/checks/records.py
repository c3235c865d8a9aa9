"""Records in and out, through this run's topic."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

from deploy.verify.assumption import DECISIONS, OPERATIONS, Assumption
from deploy.verify.verdict import Verdict, not_checked, refuted, settled
from msk_client.answer import MAX_ANSWER_BYTES

if TYPE_CHECKING:
    from deploy.verify.reply import Reply
    from deploy.verify.subject import Subject

LARGE_BYTES = 4 * 1024 * 1024
ACCENT = "\u00e9"  # two bytes of UTF-8, six where it is escaped
WIDE = ACCENT * 50_000
SMALL = {"value": "x" * 50}
NUM_WIDE, NUM_SMALL = 31, 1500
SLACK_BYTES = 1000
"""A page that is filled with small records ends this near its limit."""


def round_trip(subject: Subject) -> Verdict:
    """Write one record of each sort with idempotence, and read them back."""
    sent: list[dict[str, Any]] = [
        {"key": "k", "value": '{"id":1}', "headers": [["trace", "abc"], ["none", None]]},
        {"key": "k", "value": None, "headers": []},
        {"key": None, "value_base64": "/wA=", "headers": [["b", {"base64": "AAH/"}]]},
    ]
    written = subject.produce(*sent)
    found = subject.body(_from(subject, written, max_records=len(sent)))["records"]
    same = [{name: record[name] for name in each} for each, record in zip(sent, found, strict=True)]
    return settled(same == sent, f"{len(sent)} records, from offset {found[0]['offset']}")


def large_record(subject: Subject) -> Verdict:
    """Write and read a record of 4 MiB that can't be compressed."""
    value = base64.b64encode(os.urandom(LARGE_BYTES)).decode()
    written = subject.produce({"value_base64": value})
    (found,) = subject.body(_from(subject, written, max_records=1))["records"]
    same = found.get("value_base64") == value
    return settled(same, f"{LARGE_BYTES} random bytes; what an event carries can't be 8 MiB")


def answer_limit(subject: Subject) -> Verdict:
    """Read a page that is filled to the last byte that Lambda is said to let through."""
    written = subject.produce(*[{"value": WIDE}] * NUM_WIDE)
    subject.produce(*[{"value": WIDE}] * NUM_WIDE)
    subject.produce(*[SMALL] * NUM_SMALL, results="none")
    reply = subject.ask(_from(subject, written))
    if reply.error_type is not None:
        return refuted(reply.quoted)
    evidence = f"{len(reply.raw)} bytes arrived, stopped by {reply.body['stopped']}"
    # Where it is escaped, the page ends among the wide records already.
    slack = SLACK_BYTES + (len(json.dumps(WIDE)) if _escaped(reply) else 0)
    return settled(MAX_ANSWER_BYTES - slack < len(reply.raw) <= MAX_ANSWER_BYTES, evidence)


def unescaped(subject: Subject) -> Verdict:
    """Read what isn't ASCII, and look at the bytes."""
    written = subject.produce({"value": ACCENT})
    reply = subject.ask(_from(subject, written, max_records=1))
    if reply.error_type is not None:
        return not_checked(f"consume failed: {reply.quoted}")
    how = "escaped" if _escaped(reply) else "as UTF-8"
    return settled(not _escaped(reply), f"the answer came {how}")


def bookmark(subject: Subject) -> Verdict:
    """Commit for a group of this run, and go on from there."""
    subject.produce({"value": "a"}, {"value": "b"})
    which = {"topic": subject.topic, "group": subject.options.group}
    event = {"action": "consume", **which, "commit": True, "max_records": 1}
    first = subject.body(event)
    subject.left_behind.append(f"consumer group {subject.options.group}")
    second = subject.body(event)
    went_on = second["records"][0]["offset"] == first["next"]["0"]
    evidence = f"committed {first['committed']} at {first['next']}, went on there: {went_on}"
    return settled(first["committed"] and went_on, evidence)


def _from(subject: Subject, written: dict[str, Any], **fields: object) -> dict[str, Any]:
    """Return the event that reads what was just written."""
    start = {"offsets": {"0": written["results"][0]["offset"]}}
    return {"action": "consume", "topic": subject.topic, "from": start, **fields}


def _escaped(reply: Reply) -> bool:
    return ACCENT.encode() not in reply.raw


ASSUMPTIONS = (
    Assumption(
        "round-trip",
        "An idempotent write works, and keys, headers, tombstones and bytes come back as sent.",
        OPERATIONS + "guarantees",
        round_trip,
        "Send events/produce_records.json, then consume the topic.",
    ),
    Assumption(
        "large-record",
        "A topic for 8 MiB takes and returns a record of 4 MiB.",
        OPERATIONS + "errors",
        large_record,
        "Send an event with such a record.",
    ),
    Assumption(
        "bookmark",
        "Committed offsets can be written and read by a client that never joins.",
        DECISIONS + "groups-are-asked-through-a-consumer-not-through-the-adminclient",
        bookmark,
        "Send events/consume_with_bookmark.json twice.",
    ),
    Assumption(
        "answer-limit",
        "Lambda lets an answer of 6,291,556 bytes through.",
        OPERATIONS + "consume",
        answer_limit,
        "Consume a topic of more than 7 MB and count the answer's bytes.",
    ),
    Assumption(
        "unescaped",
        "The base image sets AWS_EXECUTION_ENV, so that answers aren't escaped.",
        DECISIONS + "answers-measured-with-the-runtimes-own-encoder",
        unescaped,
        "Consume a record with a letter beyond ASCII and look at the answer's bytes.",
    ),
)
