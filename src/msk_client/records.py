"""A Kafka record and its JSON form, the same in and out. No I/O.

A string is its UTF-8 bytes, null is a null (for a value: a tombstone), any other JSON value is
sent as compact JSON: `0`, `false`, `""`, `{}`, `[]` and `null` stay six different things.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from msk_client.errors import InvalidRequest

Format = Literal["text", "json", "base64"]
Headers = list[tuple[str, bytes | None]]
MAX_INT64 = 2**63 - 1
DEEP = 100
"""JSON nested deeper than this is checked for what the runtime's own encoder can write."""


LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""JSON's escapes can spell it, UTF-8 can't."""


class Base64(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Bytes that aren't text, as `{"base64": "AAH/"}`."""

    base64: str


HeaderValue = str | Base64 | None


class RecordInput(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A record to produce; what `consume` answers is accepted as it is."""

    value: Any = UNSET
    value_base64: str | UnsetType = UNSET
    key: Any = UNSET
    key_base64: str | UnsetType = UNSET
    headers: list[tuple[str, HeaderValue]] | dict[str, HeaderValue] | None = None
    partition: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    timestamp: Annotated[int, Meta(ge=1, le=MAX_INT64)] | None = None
    id: str | int | UnsetType = UNSET
    topic: str | None = None
    offset: int | None = None
    timestamp_type: str | None = None
    error: str | None = None
    key_schema: dict[str, Any] | None = None
    value_schema: dict[str, Any] | None = None


class Outgoing(msgspec.Struct, frozen=True):
    """A record as the client sends it; `timestamp_ms` 0 means now, `partition` -1 any."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int = -1
    timestamp_ms: int = 0


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record as it stands in the log; `timestamp_ms` is None where it has none."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int | None
    timestamp_type: Literal["create", "log_append"] | None
    key: bytes | None
    value: bytes | None
    headers: Headers
    error: str | None = None
    """What of the record could not be read."""
    key_schema: dict[str, Any] | None = None
    """What a mapping with a schema registry says of the key: `dataFormat`, `schemaId`."""
    value_schema: dict[str, Any] | None = None


def encode(record: RecordInput, topic: str, path: str) -> Outgoing:
    """Make the bytes to send; raises `InvalidRequest` that names the field below `path`."""
    if record.topic is not None and record.topic != topic:
        raise InvalidRequest(
            f"{path}.topic is not the request's topic {topic!r}: leave it out, or send the records"
            " of each topic in an event of their own."
        )
    if isinstance(record.id, str) and LONE_SURROGATE.search(record.id):
        raise InvalidRequest(f"{path}.id holds a lone surrogate, which no answer could repeat.")
    return Outgoing(
        key=_bytes(record.key, record.key_base64, f"{path}.key", required=False),
        value=_bytes(record.value, record.value_base64, f"{path}.value", required=True),
        headers=_headers(record.headers, f"{path}.headers"),
        partition=-1 if record.partition is None else record.partition,
        timestamp_ms=record.timestamp or 0,
    )


def _bytes(plain: object, encoded: str | UnsetType, path: str, *, required: bool) -> bytes | None:
    """Take exactly one of the plain and the base64 form (none where it isn't required)."""
    if encoded is not UNSET:
        if plain is not UNSET:
            raise InvalidRequest(f"{path} and {path}_base64 are both given: give one of them.")
        return from_base64(encoded, f"{path}_base64")
    if plain is UNSET:
        if required:
            raise InvalidRequest(
                f"{path} is missing: give it or {path}_base64; a tombstone is written as null."
            )
        return None
    return None if plain is None else to_bytes(plain, path)


def to_bytes(plain: object, path: str, other_form: str = "") -> bytes:
    """A string is its UTF-8 bytes, any other JSON value its compact JSON text.

    `other_form` is the field that takes bytes which aren't text, by default `path` + `_base64`.
    """
    try:
        if isinstance(plain, str):
            return plain.encode()
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidRequest(
            f"{path} holds a lone surrogate, which has no UTF-8 form: send the bytes as"
            f" {other_form or path + '_base64'}."
        ) from None
    except (ValueError, RecursionError):
        raise InvalidRequest(
            f"{path} holds NaN, Infinity or is nested too deeply, which JSON can't carry: send the"
            " text that you mean as a string."
        ) from None


def from_base64(text: str, path: str) -> bytes:
    """Decode strictly; raises `InvalidRequest`."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(
            f"{path} is not base64 (standard alphabet, padded, no line breaks)."
        ) from None


def _headers(
    headers: list[tuple[str, HeaderValue]] | dict[str, HeaderValue] | None, path: str
) -> Headers:
    """Keep order and repeats of a list of pairs; an object is accepted too."""
    if not headers:
        return []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [_header(name, value, f"{path}[{i}]") for i, (name, value) in enumerate(pairs)]


def _header(name: str, value: HeaderValue, path: str) -> tuple[str, bytes | None]:
    if "\0" in name:
        raise InvalidRequest(f"{path} has a NUL in its name, where the client would cut it.")
    if LONE_SURROGATE.search(name):
        raise InvalidRequest(f"{path} has a lone surrogate in its name, which has no UTF-8 form.")
    if isinstance(value, Base64):
        return name, from_base64(value.base64, f"{path}.base64")
    return name, None if value is None else to_bytes(value, path, '{"base64": ...}')


def to_json(record: Record, form: Format) -> dict[str, Any]:
    """Make the JSON form: `value` or `value_base64`, `key` or `key_base64`, and the rest."""
    answer: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp_ms,
        "timestamp_type": record.timestamp_type,
    }
    _put(answer, "key", record.key, as_base64=form == "base64")
    if form == "json":
        _put_json(answer, record.value)
    else:
        _put(answer, "value", record.value, as_base64=form == "base64")
    answer["headers"] = [[name, _header_json(value)] for name, value in record.headers]
    for name in ("error", "key_schema", "value_schema"):
        if (told := getattr(record, name)) is not None:
            answer[name] = told
    return answer


def _put(answer: dict[str, Any], name: str, raw: bytes | None, *, as_base64: bool) -> None:
    """Write text where it is UTF-8, base64 where it isn't or where it is asked for."""
    text = None if as_base64 else _text(raw)
    if raw is not None and text is None:
        answer[f"{name}_base64"] = base64.b64encode(raw).decode()
    else:
        answer[name] = text


def _text(raw: bytes | None) -> str | None:
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return None


def _header_json(raw: bytes | None) -> object:
    text = _text(raw)
    if raw is not None and text is None:
        return {"base64": base64.b64encode(raw).decode()}
    return text


def _put_json(answer: dict[str, Any], raw: bytes | None) -> None:
    """Write the parsed value; one that isn't JSON comes raw with `error`."""
    try:
        answer["value"] = None if raw is None else parse(raw)
    except (ValueError, RecursionError):
        _put(answer, "value", raw, as_base64=False)
        answer["error"] = "the value is not JSON"


def parse(raw: bytes) -> object:
    """Parse strict JSON that can be written again; raises ValueError or RecursionError."""
    value = json.loads(raw.decode(), parse_constant=_refuse, parse_float=_finite)
    if b"\\u" in raw or raw.count(b"[") + raw.count(b"{") > DEEP:
        nested = [[[[[value]]]]]  # the answer wraps the value in this much more
        json.dumps(nested, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return value


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
