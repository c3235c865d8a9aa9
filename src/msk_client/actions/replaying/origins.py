"""Where a replayed record came from: what it is sent with, and where it may not go unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from msk_client.actions.replay import TopicSource
from msk_client.errors import InvalidRequest
from msk_client.records import Outgoing

if TYPE_CHECKING:
    from msk_client.actions.replay import Replay
    from msk_client.records import Record

Summary = dict[tuple[str, int], dict[str, Any]]
"""Topic and partition -> what an answer says of the records that came from there."""

HEADER = "x-replayed-from"
"""`topic/partition/offset`."""


def place(record: Record) -> str:
    """Name a record in an error."""
    return (
        f"The record at offset {record.offset} of partition {record.partition} of topic"
        f" {record.topic!r}"
    )


def sum_up(partitions: Summary, record: Record) -> None:
    """Count a record where it came from."""
    at, offset = (record.topic, record.partition), record.offset
    empty = {"topic": at[0], "partition": at[1], "count": 0}
    told = partitions.setdefault(at, empty | {"first_offset": offset, "last_offset": offset})
    told["count"] += 1
    told["first_offset"] = min(told["first_offset"], offset)
    told["last_offset"] = max(told["last_offset"], offset)


def outgoing(record: Record) -> Outgoing:
    """Send all that it had, but for its partition, which its key decides."""
    origin = f"{record.topic}/{record.partition}/{record.offset}".encode()
    timestamp_ms = max(0, record.timestamp_ms or 0)
    return Outgoing(
        record.key, record.value, [*record.headers, (HEADER, origin)], timestamp_ms=timestamp_ms
    )


def goes_back(record: Record, request: Replay) -> bool:
    """Tell whether a record would be where it is, or where it was given up."""
    return request.topic is UNSET or request.topic in _topics(record, request)


def refuse_source(record: Record, request: Replay) -> None:
    """Refuse to send a record where it is, or where it was given up, unless confirmed."""
    if request.confirm or not goes_back(record, request):
        return
    raise InvalidRequest(
        f"{place(record)} would go back into topic {request.topic!r}, where it came from, and stand"
        " there twice, or meet again what gave it up: name another topic, or confirm it with"
        ' "confirm": true.'
    )


def _topics(record: Record, request: Replay) -> set[str]:
    """Where a record stood, is read from, and was replayed from before."""
    before = [value for name, value in record.headers if name == HEADER and value is not None]
    read_from = {request.source.topic} if isinstance(request.source, TopicSource) else set()
    return {record.topic, *read_from, *(_topic_of(origin) for origin in before)}


def _topic_of(origin: bytes) -> str:
    return origin.decode(errors="replace").rsplit("/", 2)[0]
