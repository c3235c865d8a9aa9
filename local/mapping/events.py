"""Records and events as Lambda shapes them (AWS Lambda developer guide, "Example event")."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import (  # noqa: TID251 - the mapping is a client of its own
    TIMESTAMP_CREATE_TIME,
    TIMESTAMP_LOG_APPEND_TIME,
    Message,
)

TIMESTAMP_TYPES = {
    TIMESTAMP_CREATE_TIME: "CREATE_TIME",
    TIMESTAMP_LOG_APPEND_TIME: "LOG_APPEND_TIME",
}
SIGN_BIT = 0x80


@dataclass(frozen=True)
class Polled:
    """A record that was read, as it will stand in an event."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    raw_key: bytes | None
    value: bytes | None
    text: str
    """The event's record as JSON."""

    @property
    def key(self) -> str:
        """The event's name for the partition."""
        return f"{self.topic}-{self.partition}"

    @property
    def size_bytes(self) -> int:
        """How much it adds to an event; names of partitions are counted with each record."""
        return len(self.text) + len(self.key) + len('"":[],')


def polled(message: Message) -> Polled:
    """Shape a message; what is null is left out (whether Lambda writes null is not documented)."""
    kind, timestamp_ms = message.timestamp()
    topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset()
    shown: dict[str, Any] = {
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "timestamp": timestamp_ms,
        "timestampType": TIMESTAMP_TYPES.get(kind, "NO_TIMESTAMP_TYPE"),
    }
    for name, raw in (("key", message.key()), ("value", message.value())):
        if raw is not None:
            shown[name] = base64.b64encode(_bytes(raw)).decode()
    headers: list[Any] = list(message.headers() or [])  # pairs
    shown["headers"] = [{name: _signed(value)} for name, value in headers]
    key, value = message.key(), message.value()
    return Polled(
        topic,
        partition,
        offset or 0,
        timestamp_ms,
        None if key is None else _bytes(key),
        None if value is None else _bytes(value),
        json.dumps(shown, separators=(",", ":")),
    )


def _bytes(raw: str | bytes) -> bytes:
    return raw if isinstance(raw, bytes) else raw.encode()


def _signed(value: str | bytes | None) -> list[int] | None:
    """Java's bytes are numbers from -128 to 127."""
    if value is None:
        return None
    return [byte - 256 if byte & SIGN_BIT else byte for byte in _bytes(value)]


def event(records: Sequence[Polled], head: dict[str, Any]) -> bytes:
    """Write the event of a batch: `head` and the records by partition."""
    parts: dict[str, list[str]] = {}
    for one in records:
        parts.setdefault(one.key, []).append(one.text)
    lists = ",".join(f"{json.dumps(key)}:[{','.join(texts)}]" for key, texts in parts.items())
    return f'{json.dumps(head, separators=(",", ":"))[:-1]},"records":{{{lists}}}}}'.encode()
