"""An object's content as records: lines of bare values or of records, or rows of CSV. No I/O.

Records are numbered from 0 in the order of the content; blank lines, and a byte order mark at the
beginning, are none.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from msk_client.errors import InvalidRequest
from msk_client.records import Outgoing, RecordInput, encode

if TYPE_CHECKING:
    from msk_client.ports import Bulk

BATCH = 4_096
"""Records that are handed on together, at most."""

MAX_LINE_BYTES = 12 * 1024 * 1024
"""No cluster takes a larger record: MSK Serverless takes 8 MiB."""

BOM = codecs.BOM_UTF8


@dataclass(frozen=True)
class Batch:
    """Records one behind the other."""

    first: int
    """The number of the first one."""
    records: Bulk


@dataclass(frozen=True)
class Bad:
    """A record that can't be read."""

    number: int
    error: InvalidRequest
    final: bool = False
    """Whether what follows can't be read either."""


Part = Batch | Bad
Lines = Iterable[list[bytes]]


class _TextLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A line as `consume` and this function's objects have most of them: key and value are text."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: str
    key: str | None
    value: str | None
    headers: list[tuple[str, str | None]]


_text_line = msgspec.json.Decoder(_TextLine).decode


def values(blocks: Iterable[bytes]) -> Iterator[Part]:
    """Each line is a value, byte for byte."""
    number = 0
    for lines in _lines(blocks):
        yield from _parts(number, lines)
        number += len(lines)


def records(blocks: Iterable[bytes], topic: str) -> Iterator[Part]:
    """Each line is a record in its JSON form; the topic that it names doesn't matter."""
    number = 0
    for lines in _lines(blocks):
        for part in _parts(number, lines):
            if isinstance(part, Bad):
                yield part
            else:
                yield from _good_and_bad(part.first, part.records, topic)
        number += len(lines)


def rows(blocks: Iterable[bytes], key_column: str | None) -> Iterator[Part]:
    """Each row is a JSON object of its columns; one of them may give the key, unless it is empty.

    Raises `InvalidRequest` for a header that names no columns, or not that one.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.reader(_text(blocks), strict=True)
    number = 0
    try:
        columns = _columns(next(reader, None), key_column)
        ready: list[Outgoing] = []
        for row in reader:
            if not row:
                continue
            if len(row) != len(columns):
                yield Batch(number - len(ready), ready)
                yield Bad(number, _ragged(number, len(row), len(columns)))
                ready = []
            else:
                ready.append(_row(dict(zip(columns, row, strict=True)), key_column))
            number += 1
            if len(ready) == BATCH:
                yield Batch(number - BATCH, ready)
                ready = []
        yield Batch(number - len(ready), ready)
    except (csv.Error, UnicodeDecodeError) as problem:
        yield Batch(number - len(ready), ready)
        why = "it is not UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem)
        yield Bad(number, InvalidRequest(f"Record {number} is not CSV: {why}."), final=True)


def skipped(parts: Iterable[Part], first: int) -> Iterator[Part]:
    """Leave out the records before number `first`."""
    for part in parts:
        if isinstance(part, Bad):
            if part.number >= first or part.final:
                yield part
        elif part.first + len(part.records) > first:
            gone = max(0, first - part.first)
            yield Batch(part.first + gone, part.records[gone:])


def _lines(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Split at line feeds; lines that are longer than any record come cut, one byte too long."""
    rest = b""
    for block in _without_mark(blocks):
        lines = block.split(b"\n")
        if len(rest) <= MAX_LINE_BYTES:
            lines[0] = (rest + lines[0])[: MAX_LINE_BYTES + 1]
        else:
            lines[0] = rest
        rest = lines.pop()
        if b"\r" in block:
            lines = [line.removesuffix(b"\r") for line in lines]
        yield [line for line in lines if line]
    if rest.removesuffix(b"\r"):
        yield [rest.removesuffix(b"\r")]


def _without_mark(blocks: Iterable[bytes]) -> Iterator[bytes]:
    blocks = iter(blocks)
    begin = next(blocks, b"")
    while len(begin) < len(BOM) and (more := next(blocks, b"")):
        begin += more
    yield begin.removeprefix(BOM)
    yield from blocks


def _parts(number: int, lines: list[bytes]) -> Iterator[Part]:
    """Cut lines into batches, at those that are too long."""
    start = 0
    if any(len(line) > MAX_LINE_BYTES for line in lines):
        for i, line in enumerate(lines):
            if len(line) > MAX_LINE_BYTES:
                yield from _batches(number + start, lines[start:i])
                yield Bad(number + i, _too_long(number + i))
                start = i + 1
    yield from _batches(number + start, lines[start:] if start else lines)


def _batches(number: int, lines: list[bytes]) -> Iterator[Batch]:
    for start in range(0, len(lines), BATCH):
        yield Batch(number + start, lines[start : start + BATCH])
