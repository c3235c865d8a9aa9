"""CSV: which fields of a record, or of the JSON in it, become columns."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

from msk_client.errors import InvalidRequest, MskClientError, UnfitRecord
from msk_client.records import parse, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from msk_client.records import Record

EMPTY = '""'
"""A row of nothing at all would be an empty line, which readers pass over."""

QUOTED = re.compile('[",\r\n]|^[ \t]|[ \t]$|^$')


class Columns:
    """The columns of a CSV file, each `field` or `heading=field`.

    Fields are `topic`, `partition`, `offset`, `timestamp`, `timestamp_type`, `key`, `value`,
    `key_base64`, `value_base64`, `headers` (as JSON), `headers.NAME` (the last of that name), and
    `value.a.b` or `key.a.b`: what stands there in the JSON of value or key. Null and what isn't
    there are empty, empty text is `""`.
    """

    def __init__(
        self, columns: Sequence[str], problem: type[MskClientError] = InvalidRequest
    ) -> None:
        named = [column.partition("=") for column in columns]
        self._cells = [_cell(field or heading, problem) for heading, _, field in named]
        headings = [heading for heading, _, _ in named]
        repeated = {h for h in headings if headings.count(h) > 1}
        if repeated:
            raise problem(
                f"Two columns have the heading {min(repeated)!r}: name one heading=field."
            )
        self.header = (",".join(map(quoted, headings)) + "\n").encode()

    def write(self, record: Record, into: bytearray) -> None:
        """Append a row; raises `UnfitRecord`, and then appends nothing."""
        try:
            row = ",".join([quoted(cell(record)) for cell in self._cells])
            into += ((row or EMPTY) + "\n").encode()
        except (ValueError, RecursionError) as problem:  # UnicodeDecodeError is a ValueError
            raise UnfitRecord(
                f"The record at offset {record.offset} of partition {record.partition} of topic"
                f" {record.topic!r} has no place in the CSV's columns, because {_cause(problem)}."
            ) from None


def quoted(text: str | None) -> str:
    """Write a cell: null is empty, empty text is `""`, as databases tell them apart."""
    if text is None:
        return ""
    if QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _cell(field: str, problem: type[MskClientError]) -> Callable[[Record], str | None]:
    name, _, path = field.partition(".")
    steps = path.split(".")
    if not path and field in PLAIN:
        return PLAIN[field]
    if path and name == "headers":
        return lambda record: _last_header(record, path)
    if name in {"key", "value"} and all(steps):
        return lambda record: _inside(getattr(record, name), name, steps)
    raise problem(
        f"Column {field[:80]!r} is none: give {', '.join(PLAIN)}, headers.NAME, or a path into JSON"
        " such as value.customer.id."
    )


def _inside(raw: bytes | None, name: str, steps: list[str]) -> str | None:
    """Follow a path into JSON; null where a step isn't there."""
    if raw is None:
        return None
    try:
        found = parse(raw)
    except (ValueError, RecursionError):
        raise ValueError(f"its {name} is not JSON") from None
    for step in steps:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return _text(found)


def _text(found: object) -> str | None:
    if found is None or isinstance(found, str):
        return found
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _last_header(record: Record, name: str) -> str | None:
    """Kafka's own `lastHeader`."""
    values = [value for each, value in record.headers if each == name]
    return None if not values or values[-1] is None else values[-1].decode()


def _headers(record: Record) -> str:
    return json.dumps(to_json(record, "text")["headers"], ensure_ascii=False, separators=(",", ":"))


def _decoded(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode()


def _base64(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _cause(problem: Exception) -> str:
    if isinstance(problem, UnicodeDecodeError):
        return "some of it is not UTF-8 (key_base64 and value_base64 take any bytes)"
    if isinstance(problem, UnicodeEncodeError):
        return "some of it has no UTF-8 form"
    return str(problem)


PLAIN: dict[str, Callable[[Record], str | None]] = {
    "topic": lambda record: record.topic,
    "partition": lambda record: str(record.partition),
    "offset": lambda record: str(record.offset),
    "timestamp": lambda record: None if record.timestamp_ms is None else str(record.timestamp_ms),
    "timestamp_type": lambda record: record.timestamp_type,
    "key": lambda record: _decoded(record.key),
    "value": lambda record: _decoded(record.value),
    "key_base64": lambda record: _base64(record.key),
    "value_base64": lambda record: _base64(record.value),
    "headers": _headers,
}
