"""What was given up, in every form that it is kept in. No I/O.

Lambda's on-failure destinations for Kafka (AWS Lambda developer guide, "Capturing discarded
batches"): an object in S3 has the whole event as text in `payload`, a record of a Kafka topic has
it as an object; a message of SQS or SNS has no payload, but tells the offsets, so that the records
can be read again from where they came. Beside them this function's own dead letters, one to a line
or message.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import msgspec

from msk_client.actions.request import TOPIC
from msk_client.batch import Batch, is_batch, parse
from msk_client.errors import InvalidRequest
from msk_client.records import Record, RecordInput, encode

ON_FAILURE = "KafkaBatchInfo"
OURS = "dead_letter"
BROKEN = "it can't be read: its letter holds what the event had, which is broken"


@dataclass(frozen=True)
class Gap:
    """A range of a partition that is only told of: both offsets are in it."""

    topic: str
    partition: int
    first: int
    last: int


@dataclass
class Letters:
    """What one object, message or record holds."""

    records: list[Record] = field(default_factory=list)
    """One with `error` can't be sent."""
    gaps: list[Gap] = field(default_factory=list)
    cluster: Batch | None = None
    """Where the gaps are, without records."""


def read(text: str | bytes, named: str) -> Letters:
    """Read letters; raises `InvalidRequest` for what is none, which is `named` then."""
    try:
        whole = text.decode() if isinstance(text, bytes) else text
        return _of_json(json.loads(whole), named)
    except json.JSONDecodeError:
        found = Letters()
        for number, line in enumerate(whole.split("\n"), 1):
            if line.strip():
                found.records += _of_line(line, f"line {number} of {named}").records
        return found
    except (ValueError, RecursionError):
        raise _none(named, "it is not JSON in UTF-8") from None


def _of_line(line: str, named: str) -> Letters:
    try:
        return _of_json(json.loads(line), named)
    except (ValueError, RecursionError):
        raise _none(named, "it is not JSON in UTF-8") from None


class _Marked(msgspec.Struct):
    info: msgspec.Raw = msgspec.field(name=ON_FAILURE)


def looks_like_one(value: bytes | None) -> bool:
    """Tell whether a record's value is an on-failure record of Lambda, and not only quotes one."""
    if value is None or ON_FAILURE.encode() not in value:
        return False
    try:
        msgspec.json.decode(value, type=_Marked)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _none(named: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        f"There is nothing to replay in {named}: {why}. It takes what Lambda sends to an on-failure"
        " destination of a mapping for Kafka, and this function's own dead letters."
    )


def _of_json(found: object, named: str) -> Letters:
    if not isinstance(found, dict):
        raise _none(named, "it is no JSON object")
    if OURS in found:
        return Letters([_ours(found, named)])
    if ON_FAILURE in found:
        return _on_failure(found, named)
    if found.get("Type") == "Notification" and isinstance(found.get("Message"), str):
        return read(found["Message"], named)  # SNS wraps what it hands on to a queue
    raise _none(named, "it has neither KafkaBatchInfo nor dead_letter")


def _on_failure(found: dict[str, Any], named: str) -> Letters:
    payload = found.get("payload")
    if payload is None:
        return _told_of(found[ON_FAILURE], named)
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except (ValueError, RecursionError):
            raise _none(named, "its payload is not JSON") from None
    if not isinstance(payload, dict) or not is_batch(payload):
        raise _none(named, "its payload is no event of a mapping for Kafka")
    try:
        parts = parse(payload).parts
    except InvalidRequest as problem:
        raise _none(named, f"its payload can't be read. {problem}") from problem
    if not all(TOPIC.search(part.topic) for part in parts):
        raise _none(named, "its payload has records of what is no topic's name")
    return Letters([record for part in parts for record in part.records])


def _told_of(info: object, named: str) -> Letters:
    """Read the offsets of a message without payload."""
    try:
        gaps = [_gap(name, told) for name, told in info["recordsInfo"].items()]  # type: ignore[index] # a wrong type is caught
        servers = str(info.get("bootstrapServers") or "").split(",")  # type: ignore[attr-defined] # same
        arn = info.get("eventSourceArn")  # type: ignore[attr-defined] # same
    except (TypeError, KeyError, ValueError, AttributeError):
        raise _none(named, "its KafkaBatchInfo.recordsInfo tells no offsets") from None
    if not isinstance(arn, str | None):
        raise _none(named, "its KafkaBatchInfo.eventSourceArn is no text")
    brokers = tuple(server.strip() for server in servers if server.strip())
    return Letters([], gaps, Batch("aws:kafka", arn, brokers, []))


def _gap(name: str, told: dict[str, Any]) -> Gap:
    """`"orders-0": {"firstRecordOffset": "41", "lastRecordOffset": "57"}`."""
    topic, _, partition = name.rpartition("-")
    gap = Gap(topic, int(partition), int(told["firstRecordOffset"]), int(told["lastRecordOffset"]))
    if not TOPIC.search(topic) or not 0 <= gap.first <= gap.last:
        raise ValueError(name)
    return gap


def _ours(letter: dict[str, Any], named: str) -> Record:
    """Read one of this function's own dead letters."""
    shown = letter.get("record")
    broken = letter.get("event_record")
    if not isinstance(shown, dict):
        if not isinstance(broken, dict):
            raise _none(named, "the dead letter has neither record nor event_record")
        return Record(*_place(broken, named), None, None, None, None, [], BROKEN)
    try:
        timed = shown | {"timestamp": shown.get("timestamp") or None}  # 0 can't be sent
        record = msgspec.convert(timed, RecordInput, strict=True)
    except msgspec.ValidationError as problem:
        raise _none(named, f"its record has not the form of one: {str(problem)[:200]}") from None
    sent = encode(record, record.topic or "", named)
    return Record(
        *_place(shown, named),
        sent.timestamp_ms or None,
        None,
        sent.key,
        sent.value,
        sent.headers,
        record.error,
    )


def _place(shown: dict[str, Any], named: str) -> tuple[str, int, int]:
    place = shown.get("topic"), shown.get("partition"), shown.get("offset")
    topic_fits = isinstance(place[0], str) and TOPIC.search(place[0])
    if not (topic_fits and type(place[1]) is type(place[2]) is int):
        raise _none(named, "its record has no topic, partition and offset")
    return place  # type: ignore[return-value] # just checked
