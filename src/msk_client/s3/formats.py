"""How records become an object's lines. The same record gives the same bytes, always."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from msk_client.errors import InvalidRequest, MskClientError, UnfitRecord
from msk_client.records import Format as Values
from msk_client.records import Record, to_json
from msk_client.s3.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Kind = Literal["ndjson", "csv", "raw", "bin"]
Compression = Literal["", "gz", "zst"]
DEFAULT = "ndjson.gz"
DEFAULT_COLUMNS = ("topic", "partition", "offset", "timestamp", "key", "value")
CONTENT_TYPES: dict[Kind, str] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "raw": "text/plain",
    "bin": "application/octet-stream",
}
ENCODINGS: dict[Compression, str] = {"gz": "gzip", "zst": "zstd"}
SCHEMA_VERSION = 1
"""Of the lines: raised when the same record would give other bytes than before."""

NULL_LENGTH = b"\xff\xff\xff\xff"
ENCODER = msgspec.json.Encoder()


class Line(msgspec.Struct, gc=False):
    """A record's JSON form, as `records.to_json` makes it, at a third of the cost."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    timestamp_type: str | None
    key: str | None
    value: str | None
    headers: list[tuple[str, str | None]]


@dataclass(frozen=True)
class Format:
    """What an object looks like; `name` is its extension, such as `ndjson.gz`."""

    kind: Kind = "ndjson"
    compression: Compression = "gz"
    columns: tuple[str, ...] = ()
    """Of `csv`; empty: the usual ones."""
    values: Values = "text"
    """How `ndjson` shows keys and values."""

    @property
    def name(self) -> str:
        """The extension."""
        return f"{self.kind}.{self.compression}" if self.compression else self.kind

    @property
    def content_type(self) -> str:
        """The object's Content-Type."""
        return CONTENT_TYPES[self.kind]

    @property
    def content_encoding(self) -> str | None:
        """The object's Content-Encoding."""
        return ENCODINGS.get(self.compression)

    @property
    def header(self) -> bytes:
        """What stands before the first record."""
        return self._columns().header if self.kind == "csv" else b""

    def writer(self) -> Callable[[Record, bytearray], object]:
        """Make the function that appends a record's line to a buffer.

        It raises `UnfitRecord`, and leaves the buffer as it was.
        """
        match self.kind:
            case "ndjson":
                return _write_text_line if self.values == "text" else _line_writer(self.values)
            case "csv":
                return self._columns().write
            case "raw":
                return _write_value
            case "bin":
                return _write_with_length

    def _columns(self) -> Columns:
        return Columns(self.columns or DEFAULT_COLUMNS)


def parse(
    name: str,
    columns: Sequence[str] = (),
    values: Values = "text",
    named: str = "format",
    problem: type[MskClientError] = InvalidRequest,
) -> Format:
    """Make a format of its name; raises `problem`, which says that it stands in `named`."""
    kind, _, compression = name.partition(".")
    if kind not in get_args(Kind) or compression not in get_args(Compression) or name[-1] == ".":
        kinds, packed = ", ".join(get_args(Kind)), ", ".join(f".{c}" for c in ENCODINGS)
        raise problem(
            f"{named} is {name[:80]!r}: give one of {kinds}, alone or with {packed} behind it, e.g."
            f" {DEFAULT}."
        )
    if columns and kind != "csv":
        raise problem(f"{named} is {name!r}, which has no columns: they go with csv.")
    if values != "text" and kind != "ndjson":
        raise problem(f"{named} is {name!r}, which shows no record: {values!r} goes with ndjson.")
    Columns(columns, problem)
    return Format(kind, compression, tuple(columns), values)  # type: ignore[arg-type] # checked


def _write_text_line(record: Record, into: bytearray) -> None:
    """Write the usual record quickly, and leave the others to `to_json`."""
    key, value = record.key, record.value
    try:
        line = Line(
            record.topic,
            record.partition,
            record.offset,
            record.timestamp_ms,
            record.timestamp_type,
            None if key is None else key.decode(),
            None if value is None else value.decode(),
            [(name, None if v is None else v.decode()) for name, v in record.headers],
        )
    except UnicodeDecodeError:
        _write_any_line(record, "text", into)
        return
    if record.error or record.key_schema or record.value_schema:
        _write_any_line(record, "text", into)
        return
    before = len(into)
    try:
        ENCODER.encode_into(line, into, -1)
    except UnicodeEncodeError:
        del into[before:]
        raise _without_utf8(record) from None
    into += b"\n"


def _line_writer(values: Values) -> Callable[[Record, bytearray], object]:
    return lambda record, into: _write_any_line(record, values, into)


def _write_any_line(record: Record, values: Values, into: bytearray) -> None:
    """Write what `consume` would answer; `json` and not msgspec, which has no large integers."""
    text = json.dumps(to_json(record, values), ensure_ascii=False, separators=(",", ":"))
    try:
        into += text.encode()
    except UnicodeEncodeError:
        raise _without_utf8(record) from None
    into += b"\n"


def _without_utf8(record: Record) -> UnfitRecord:
    return UnfitRecord(
        f"The record at offset {record.offset} of partition {record.partition} of topic"
        f" {record.topic!r} has a header whose name holds a lone surrogate: it has no UTF-8 form,"
        " and no place in ndjson."
    )


def _write_value(record: Record, into: bytearray) -> None:
    value = record.value or b""
    if b"\n" in value:
        raise UnfitRecord(
            f"The value at offset {record.offset} of partition {record.partition} of topic"
            f" {record.topic!r} holds a line feed, which 'raw' couldn't tell from the end of the"
            " value: choose 'bin', which writes each value's length before it, or 'ndjson'."
        )
    into += value
    into += b"\n"


def _write_with_length(record: Record, into: bytearray) -> None:
    """Four bytes of length, big-endian, -1 for null, as in Kafka's own protocol."""
    value = record.value
    into += NULL_LENGTH if value is None else len(value).to_bytes(4, "big")
    into += value or b""
