"""A batch of records as Lambda's event source mapping for Kafka delivers it. No I/O.

`{"eventSource": "aws:kafka", "records": {"orders-0": [{"topic": "orders", "value": "aGk=", ...}]}}`
(AWS Lambda developer guide, "Using Lambda with Amazon MSK"). A topic's name may hold hyphens, so
topic and partition are read from the records; the map's key is only repeated in answers.
"""

from __future__ import annotations

from binascii import a2b_base64
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from msk_client.errors import InvalidRequest
from msk_client.records import Record

if TYPE_CHECKING:
    from msk_client.records import Headers

MSK = "aws:kafka"
SELF_MANAGED = "SelfManagedKafka"
SOURCES = (MSK, SELF_MANAGED)
TIMESTAMP_TYPES: dict[str, Literal["create", "log_append"]] = {
    "CREATE_TIME": "create",
    "LOG_APPEND_TIME": "log_append",
}
LOWEST_BYTE, HIGHEST_BYTE = -128, 255
"""Java's bytes are signed; unsigned ones are taken too."""


class Part(msgspec.Struct, frozen=True):
    """The records of one partition, by offset."""

    key: str
    """What the event calls the partition; a partial response repeats it."""
    topic: str
    partition: int
    records: list[Record]
    """One whose key, value or headers could not be read has `error`."""
    raw: list[dict[str, Any]]
    """The same records as the event has them."""


class Batch(msgspec.Struct, frozen=True):
    """One event of a mapping."""

    source: str
    source_arn: str | None
    """The cluster's; a self-managed cluster has none."""
    bootstrap_servers: tuple[str, ...]
    parts: list[Part]

    @property
    def count(self) -> int:
        """How many records there are."""
        return sum(len(part.records) for part in self.parts)


def is_batch(event: object) -> bool:
    """Tell whether an event comes from a mapping for Kafka."""
    return isinstance(event, dict) and event.get("eventSource") in SOURCES


def parse(event: dict[str, Any]) -> Batch:
    """Read an event; raises `InvalidRequest` where it isn't what Lambda sends.

    A record of which only key, value or headers are broken is kept, with `error`.
    """
    records = event.get("records")
    if not isinstance(records, dict):
        raise _broken("records", "is no object")
    for name in ("bootstrapServers", "eventSourceArn"):
        if not isinstance(event.get(name), str | None):
            raise _broken(name, "is no text")
    servers = event.get("bootstrapServers") or ""
    return Batch(
        source=event["eventSource"],
        source_arn=event.get("eventSourceArn"),
        bootstrap_servers=tuple(name.strip() for name in servers.split(",") if name.strip()),
        parts=[_part(key, raw) for key, raw in records.items() if raw],
    )


def _broken(path: str, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"The mapping's event is broken: {path} {what}. Lambda sends 'records' as an object of"
        " lists, each record with topic, partition and offset: see events/triggers/kafka_batch.json."
    )


def _part(key: str, raw: object) -> Part:
    path = f"records[{key!r}]"
    if not isinstance(raw, list):
        raise _broken(path, "is no list")
    topic, partition, _ = _place(raw[0], f"{path}[0]")
    records = [_record(one, path, i) for i, one in enumerate(raw)]
    last = -1
    for i, record in enumerate(records):
        if record.topic != topic or record.partition != partition:
            raise _broken(f"{path}[{i}]", "is of another partition than the first record")
        if record.offset <= last:
            raise _broken(f"{path}[{i}].offset", "is not above the one before")
        last = record.offset
    return Part(key, topic, partition, records, raw)


def _record(raw: dict[str, Any], path: str, index: int) -> Record:
    """Read one record quickly; what is wrong with it is found out where something is."""
    try:
        get = raw.get
        key, value, headers = get("key"), get("value"), get("headers")
        timestamp = get("timestamp")
        record = Record(
            raw["topic"],
            raw["partition"],
            raw["offset"],
            timestamp if timestamp is not None and timestamp >= 0 else None,
            TIMESTAMP_TYPES.get(get("timestampType")),  # type: ignore[arg-type] # None has no entry
            None if key is None else a2b_base64(key, strict_mode=True),
            None if value is None else a2b_base64(value, strict_mode=True),
            _headers(headers) if headers else [],
            None,
            get("keySchemaMetadata"),
            get("valueSchemaMetadata"),
        )
        if type(record.offset) is int:
            return record
    except (TypeError, ValueError, KeyError, AttributeError):
        pass
    return _unreadable(raw, f"{path}[{index}]")


def _headers(listed: list[dict[str, list[int] | None]]) -> Headers:
    return [
        (name, None if value is None else _bytes(value))
        for one in listed
        for name, value in one.items()
    ]


def _bytes(value: list[int]) -> bytes:
    try:
        return bytes([*value])  # a number would make that many zeros
    except ValueError:
        if min(value) < LOWEST_BYTE or max(value) > HIGHEST_BYTE:
            raise
        return bytes([one & 0xFF for one in value])


def _place(raw: object, path: str) -> tuple[str, int, int]:
    """Read a record's coordinates; without them nothing can be said of it at all."""
    if not isinstance(raw, dict):
        raise _broken(path, "is no object")
    for name, kind in (("topic", str), ("partition", int), ("offset", int)):
        if type(raw.get(name)) is not kind:
            raise _broken(f"{path}.{name}", "is missing or of a wrong type")
    return raw["topic"], raw["partition"], raw["offset"]


def _unreadable(raw: dict[str, Any], path: str) -> Record:
    """Keep a record's coordinates, and say what of it can't be read."""
    topic, partition, offset = _place(raw, path)
    faults = []
    for name in ("key", "value"):
        text = raw.get(name)
        try:
            a2b_base64("" if text is None else text, strict_mode=True)
        except (TypeError, ValueError):
            faults.append(f"its {name} is not base64")
    try:
        _headers(raw.get("headers") or [])
    except (TypeError, ValueError, AttributeError):
        faults.append("its headers are not lists of bytes by name")
    told = " and ".join(faults) or "its timestamp is no number"
    return Record(topic, partition, offset, None, None, None, None, [], told)
