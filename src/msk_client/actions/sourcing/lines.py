"""Content of lines: each a value, or a record in its JSON form; blank lines are none. No I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from msk_client.actions.sourcing.parts import BATCH, MAX_LINE_BYTES, Bad, Batch, without_mark
from msk_client.errors import InvalidRequest
from msk_client.records import MAX_INT64, Outgoing, RecordInput, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from msk_client.actions.sourcing.parts import Part


class _TextLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A line as this function's objects have most of them: key and value are text."""

    topic: str
    partition: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    offset: int
    timestamp: Annotated[int, Meta(ge=1, le=MAX_INT64)]
    timestamp_type: str
    key: str | None
    value: str | None
    headers: list[tuple[str, str | None]]


_text_line = msgspec.json.Decoder(_TextLine).decode


FIELDS = frozenset(field.name for field in msgspec.structs.fields(RecordInput))
SHOWN = frozenset({"topic", "partition", "offset", "timestamp", "headers"})
TELLING = frozenset({"key", "key_base64", "headers", "partition"})
"""What no other object has beside a value and nothing that isn't a record's."""


def is_record(line: object) -> bool:
    """Tell whether a line has the form in which this function shows records or takes them."""
    try:
        found = msgspec.json.decode(line) if isinstance(line, bytes) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if not isinstance(found, dict):
        return False
    names = found.keys()
    is_taken = names <= FIELDS and "value" in names and bool(names & TELLING)
    return names >= SHOWN or is_taken or (names <= FIELDS and "value_base64" in names)


def values(blocks: Iterable[bytes]) -> Iterator[Part]:
    """Each line is a value, byte for byte."""
    for found in _lines(blocks):
        yield found if isinstance(found, Bad) else Batch(*found)


def records(blocks: Iterable[bytes]) -> Iterator[Part]:
    """Each line is a record; the topic that it names doesn't matter."""
    for found in _lines(blocks):
        if isinstance(found, Bad):
            yield found
        else:
            yield from _good_and_bad(*found)


def _lines(blocks: Iterable[bytes]) -> Iterator[Bad | tuple[int, list[bytes]]]:
    """Number the lines, and cut them into batches without those that no record can be as long as.

    Blocks are smaller than such a line, so that only the first of a list can be one.
    """
    number = 0
    for lines in _split(blocks):
        if lines and len(lines[0]) > MAX_LINE_BYTES:
            yield Bad(number, _too_long(number))
            number += 1
            del lines[0]
        for start in range(0, len(lines), BATCH):
            yield number + start, lines[start : start + BATCH]
        number += len(lines)


def _too_long(number: int) -> InvalidRequest:
    return InvalidRequest(
        f"Record {number} is a line of more than {MAX_LINE_BYTES} bytes, which no cluster takes."
    )


def _split(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Split at line feeds; of a line that is too long only the beginning is kept."""
    rest = b""
    for block in without_mark(blocks):
        lines = block.split(b"\n")
        lines[0] = rest if len(rest) > MAX_LINE_BYTES else rest + lines[0]
        rest = lines.pop()
        if b"\r" in block or (lines and lines[0].endswith(b"\r")):  # Windows ends lines so
            lines = [line.removesuffix(b"\r") for line in lines]
        yield [line for line in lines if line]
    if last := rest.removesuffix(b"\r"):
        yield [last]


def _good_and_bad(first: int, lines: list[bytes]) -> Iterator[Part]:
    ready: list[Outgoing] = []
    for number, line in enumerate(lines, first):
        try:
            ready.append(_record(number, line))
        except InvalidRequest as problem:
            yield Batch(number - len(ready), ready)
            yield Bad(number, problem)
            ready = []
    yield Batch(first + len(lines) - len(ready), ready)


def _record(number: int, line: bytes) -> Outgoing:
    """Read the usual record quickly, and leave the others to what reads an event's."""
    try:
        found = _text_line(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _any_record(number, line)
    if any("\0" in name for name, _ in found.headers):
        return _any_record(number, line)
    return Outgoing(
        None if found.key is None else found.key.encode(),
        None if found.value is None else found.value.encode(),
        [(name, None if value is None else value.encode()) for name, value in found.headers],
        found.partition,
        found.timestamp,
    )


def _any_record(number: int, line: bytes) -> Outgoing:
    """Read a record with `json`, which has integers of any size."""
    try:
        record = msgspec.convert(json.loads(line.decode()), RecordInput, strict=True)
    except msgspec.ValidationError as problem:
        raise InvalidRequest(
            f"Record {number} has not the form of a record: {str(problem)[:200]}. Its fields are"
            " those of produce's records; lines of another form are values."
        ) from None
    except (ValueError, RecursionError):
        raise InvalidRequest(
            f"Record {number} is not JSON in UTF-8: give a record in each line, or say that the"
            " lines are values."
        ) from None
    record.topic = None
    return encode(record, "", f"record {number}")
