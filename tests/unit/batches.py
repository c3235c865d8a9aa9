"""Batches of a mapping for the tests."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ARN = "arn:aws:kafka:eu-west-1:123456789012:cluster/other/5c6f2a1e-7d3b-4e0a-9b52-0d1f6c8e4a37-2"
SERVERS = "b-1.other.a1b2c3.c2.kafka.eu-west-1.amazonaws.com:9098"
BROKEN = object()
"""A value that is no base64."""


def batch_event(
    partitions: Mapping[int, Sequence[object]],
    first_offset: int = 0,
    topic: str = "orders",
    **fields: str,
) -> dict[str, Any]:
    """Make an event: partition -> values, the first of each at `first_offset`."""
    records = {
        f"{topic}-{partition}": [
            record(topic, partition, first_offset + i, value) for i, value in enumerate(values)
        ]
        for partition, values in partitions.items()
    }
    head = {"eventSource": "aws:kafka", "eventSourceArn": ARN, "bootstrapServers": SERVERS}
    return head | {"records": records} | fields


def record(topic: str, partition: int, offset: int, value: object) -> dict[str, Any]:
    """Make a record; None is a tombstone."""
    shown: dict[str, Any] = {
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "timestamp": 1_700_000_000_000 + offset,
        "timestampType": "CREATE_TIME",
        "key": base64.b64encode(b"k%d" % offset).decode(),
        "headers": [],
    }
    if value is BROKEN:
        return shown | {"value": "?"}
    if isinstance(value, bytes):
        shown["value"] = base64.b64encode(value).decode()
    return shown


def places(event: Mapping[str, Any]) -> set[tuple[int, int]]:
    """Answer partition and offset of every record."""
    return {(r["partition"], r["offset"]) for part in event["records"].values() for r in part}
