"""Content of CSV rows below a header. No I/O."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

from msk_client.actions.sourcing.parts import (
    BATCH,
    BATCH_BYTES,
    MAX_LINE_BYTES,
    Bad,
    Batch,
    without_mark,
)
from msk_client.errors import InvalidRequest
from msk_client.records import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from msk_client.actions.sourcing.parts import Part


SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


def rows(blocks: Iterable[bytes], key_column: str | None, *, sure: bool = True) -> Iterator[Part]:
    """Each row is a JSON object of its columns; one of them may give the key, unless it is empty.

    Raises `InvalidRequest` for a header that doesn't name each column, or not that one; where it
    isn't `sure` that this is CSV, also for one column that looks like several.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    number = size = 0
    ready: list[Outgoing] = []
    reader = csv.reader(_text(blocks), strict=True)
    line = 0
    try:
        columns = _columns(next(reader, []), key_column, sure=sure)
        line = reader.line_num
        for row in reader:
            line = reader.line_num
            if not row:
                continue
            if len(row) == len(columns):
                ready.append(_record(dict(zip(columns, row, strict=True)), key_column))
                number += 1
                size += len(ready[-1].value or b"")
                if len(ready) < BATCH and size < BATCH_BYTES:
                    continue
            yield Batch(number - len(ready), ready)
            ready, size = [], 0
            if len(row) != len(columns):
                yield Bad(number, _ragged(number, len(row), len(columns)))
                number += 1
        yield Batch(number - len(ready), ready)
    except (csv.Error, UnicodeDecodeError) as problem:
        yield Batch(number - len(ready), ready)
        yield Bad(number, _unreadable(problem, number, line + 1), final=True)


def _unreadable(problem: Exception, number: int, line: int) -> InvalidRequest:
    """Say of which line nothing more can be read."""
    where = "The header" if line == 1 else f"Record {number}"
    if isinstance(problem, UnicodeDecodeError):
        return InvalidRequest(f"{where}, from line {line} on, is not UTF-8.")
    why = str(problem)
    if "end of data" in why:
        why = "a quotation mark opens a field, and none closes it"
    return InvalidRequest(f"{where}, from line {line} on, is no CSV: {why}.")


def _text(blocks: Iterable[bytes]) -> Iterator[str]:
    """Split at line feeds, which are kept: a quoted field may hold some."""
    rest = b""
    for block in without_mark(blocks):
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            yield line.decode() + "\n"
        if len(rest) > MAX_LINE_BYTES:
            raise csv.Error(f"a line of more than {MAX_LINE_BYTES} bytes")
    if rest:
        yield rest.decode()


def _columns(columns: list[str], key_column: str | None, *, sure: bool) -> list[str]:
    if len(columns) == 1 and not (sure and key_column in {None, columns[0]}):
        _refuse_separator(columns[0])
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice or "" in columns:
        which = "has a column without a name" if "" in columns else f"names {twice[0][:80]!r} twice"
        raise InvalidRequest(f"The CSV's first row {which}: it is to name each column.")
    if key_column is not None and columns and key_column not in columns:
        raise InvalidRequest(
            f"Field 'key_column' is {key_column!r}, and the CSV has the columns"
            f" {', '.join(name[:80] for name in columns[:50])}."
        )
    return columns


def _refuse_separator(column: str) -> None:
    """Refuse one column that looks like several."""
    for separator, named in SEPARATORS.items():
        if separator in column:
            raise InvalidRequest(
                f"The CSV's first row is one column, {column[:80]!r}, as if {named} separated its"
                " columns: separate them by commas. If it is one column indeed, say so by"
                ' "source_format": "csv".'
            )


def _ragged(number: int, count: int, wanted: int) -> InvalidRequest:
    return InvalidRequest(f"Record {number} has {count} fields, and the header names {wanted}.")


def _record(fields: dict[str, str], key_column: str | None) -> Outgoing:
    key = "" if key_column is None else fields[key_column]
    value = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return Outgoing(key.encode() or None, value.encode(), [])
