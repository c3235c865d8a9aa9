"""A batch of records as Lambda's event source mapping for Kafka delivers it. No I/O.

`{"eventSource": "aws:kafka", "records": {"orders-0": [{"topic": "orders", "value": "aGk=", ...}]}}`
(AWS Lambda developer guide, "Using Lambda with Amazon MSK"). A topic's name may hold hyphens, so
topic and partition are read from the records; the map's key is only repeated in answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from msk_client.errors import InvalidRequest
from msk_client.records import MAX_INT64, Record

if TYPE_CHECKING:
    from msk_client.records import Headers

MSK = "aws:kafka"
SELF_MANAGED = "SelfManagedKafka"
SOURCES = (MSK, SELF_MANAGED)
TIMESTAMP_TYPES: dict[str, Literal["create", "log_append"]] = {
    "CREATE_TIME": "create",
    "LOG_APPEND_TIME": "log_append",
}
MAX_INT32 = 2**31 - 1
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
        parts=[_part(key, raw) for key, raw in records.items() if raw != []],
    )


def _broken(path: str, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"The mapping's event is broken: {path} {what}. Lambda sends 'records' as an object of"
        " lists, each record with topic, partition and offset, as in events/triggers/"
        "kafka_batch.json."
    )


Partition = Annotated[int, Meta(ge=0, le=MAX_INT32)]
Offset = Annotated[int, Meta(ge=0, le=MAX_INT64)]
Timestamp = Annotated[int, Meta(le=MAX_INT64)]


class Raw(msgspec.Struct, gc=False):
    """A record as the event has it; msgspec reads base64 in a third of the library's time."""

    topic: str
    partition: Partition
    offset: Offset
    timestamp: Timestamp | None = None
    timestamp_type: str | None = msgspec.field(name="timestampType", default=None)
    key: bytes | None = None
    value: bytes | None = None
    headers: Any = None
    key_schema: dict[str, Any] | None = msgspec.field(name="keySchemaMetadata", default=None)
    value_schema: dict[str, Any] | None = msgspec.field(name="valueSchemaMetadata", default=None)


def _part(key: str, raw: object) -> Part:
    path = f"records[{key!r}]"
    if not isinstance(raw, list):
        raise _broken(path, "is no list")
    try:
        records = [_record(one) for one in msgspec.convert(raw, list[Raw])]
    except UNREADABLE:
        records = [_careful(one, f"{path}[{i}]") for i, one in enumerate(raw)]
    first, last = records[0], -1
    for i, record in enumerate(records):
        if record.topic != first.topic or record.partition != first.partition:
            raise _broken(f"{path}[{i}]", "is of another partition than the first record")
        if record.offset <= last:
            raise _broken(f"{path}[{i}].offset", "is not above the one before")
        last = record.offset
    return Part(key, first.topic, first.partition, records, raw)


def _record(raw: Raw) -> Record:
    timestamp, headers = raw.timestamp, raw.headers
    return Record(
        raw.topic,
        raw.partition,
        raw.offset,
        timestamp if timestamp is not None and timestamp >= 0 else None,
        TIMESTAMP_TYPES.get(raw.timestamp_type),  # type: ignore[arg-type] # None has no entry
        raw.key,
        raw.value,
        _headers(headers) if headers else [],
        None,
        raw.key_schema,
        raw.value_schema,
    )


def _headers(listed: list[dict[str, list[int] | None]]) -> Headers:
    """Read headers; plain loops, because most of a batch's time goes into them."""
    headers: Headers = []
    for one in listed:
        for name, value in one.items():
            if value is None:
                headers.append((name, None))
            elif type(value) is not list:  # of a number, `bytes` would make that many zeros
                raise TypeError
            else:
                try:
                    headers.append((name, bytes(value)))
                except ValueError:  # Java's bytes, some below zero
                    headers.append((name, _unsigned(value)))
    return headers


def _unsigned(value: list[int]) -> bytes:
    if min(value) < LOWEST_BYTE or max(value) > HIGHEST_BYTE:
        raise ValueError
    return bytes([one & 0xFF for one in value])


def _careful(raw: Any, path: str) -> Record:  # noqa: ANN401 - any JSON
    """Read one record of a list in which something is broken; keep its place, and say what is."""
    topic, partition, offset = _place(raw, path)
    try:
        return _record(msgspec.convert(raw, Raw))
    except UNREADABLE:
        faults = [fault for name, kind, fault in FAULTS if not _is(kind, raw.get(name))]
        told = " and ".join(faults) or "its headers are not lists of bytes by name"
        return Record(topic, partition, offset, None, None, None, None, [], told)


def _is(kind: Any, value: object) -> bool:  # noqa: ANN401 - a type
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter of a lone surrogate
        return False
    return True


FAULTS = (
    ("key", bytes | None, "its key is not base64"),
    ("value", bytes | None, "its value is not base64"),
    ("timestamp", Timestamp | None, "its timestamp is no number of milliseconds"),
    ("timestampType", str | None, "its timestamp's type is no text"),
    ("keySchemaMetadata", dict[str, Any] | None, "its key's schema is no object"),
    ("valueSchemaMetadata", dict[str, Any] | None, "its value's schema is no object"),
)
UNREADABLE = (msgspec.ValidationError, TypeError, ValueError, AttributeError)


def _place(raw: object, path: str) -> tuple[str, int, int]:
    """Read a record's coordinates; without them nothing can be said of it at all."""
    if not isinstance(raw, dict):
        raise _broken(path, "is no object")
    for name, kind in (("topic", str), ("partition", Partition), ("offset", Offset)):
        if not _is(kind, raw.get(name)):
            raise _broken(f"{path}.{name}", "is missing or can't be one")
    return raw["topic"], raw["partition"], raw["offset"]
