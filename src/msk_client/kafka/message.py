"""Reads a record out of librdkafka's message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_NOT_AVAILABLE

from msk_client.records import Record

if TYPE_CHECKING:
    from confluent_kafka import Message


def record_of(message: Message) -> Record:
    """Make a `Record` of librdkafka's message."""
    kind, timestamp_ms = message.timestamp()
    return Record(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        timestamp_ms=None if kind == TIMESTAMP_NOT_AVAILABLE else timestamp_ms,
        timestamp_type=None
        if kind == TIMESTAMP_NOT_AVAILABLE
        else ("create" if kind == TIMESTAMP_CREATE_TIME else "log_append"),
        key=message.key(),
        value=message.value(),
        headers=message.headers() or [],  # type: ignore[arg-type] # always a list of (str, bytes)
    )
