"""Reads a record out of librdkafka's message."""

from __future__ import annotations

from operator import methodcaller
from typing import TYPE_CHECKING, Literal

from confluent_kafka import (
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_LOG_APPEND_TIME,
    TIMESTAMP_NOT_AVAILABLE,
)

from msk_client.records import Record

if TYPE_CHECKING:
    from confluent_kafka import Message

    from msk_client.records import Headers

headers_of = methodcaller("headers")
"""`message.headers()`, but called so that Python checks at once whether the binding has failed.

Where a method call has become hot, Python 3.11 and later leave the check out, and the failure would
come up in whatever is called next (run).
"""

TYPES: dict[int, Literal["create", "log_append"] | None] = {
    TIMESTAMP_NOT_AVAILABLE: None,
    TIMESTAMP_CREATE_TIME: "create",
    TIMESTAMP_LOG_APPEND_TIME: "log_append",
}
UNREADABLE_HEADERS = "the headers are left out, because the name of one is not UTF-8"


def record_of(message: Message) -> Record:
    """Make a `Record` of librdkafka's message."""
    kind, timestamp_ms = message.timestamp()
    headers, error = _headers(message)
    return Record(  # by position, which takes half the time
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        None if kind == TIMESTAMP_NOT_AVAILABLE else timestamp_ms,
        TYPES[kind],
        message.key(),
        message.value(),
        headers,
        error,
    )


def _headers(message: Message) -> tuple[Headers, str | None]:
    """Take the headers, and what is wrong with them.

    For a name that isn't UTF-8 the binding fails, and asked again it gives a list with a hole that
    ends the process (run). One such record must not end every read.
    """
    try:
        return headers_of(message) or [], None
    except SystemError:
        return [], UNREADABLE_HEADERS
