"""What an object's content is read as: records in batches, and records that can't be read."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msk_client.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from msk_client.ports import Bulk

BATCH = 4_096
"""Records that are handed on together, at most."""

BATCH_BYTES = 1024 * 1024
"""And so many bytes of values, or one record more."""

MAX_LINE_BYTES = 12 * 1024 * 1024
"""No cluster takes a larger record: MSK Serverless takes 8 MiB."""


@dataclass(frozen=True)
class Batch:
    """Records one behind the other; `first` is the number of the first one, counted from 0."""

    first: int
    records: Bulk


@dataclass(frozen=True)
class Bad:
    """A record that can't be read."""

    number: int
    error: InvalidRequest
    final: bool = False
    """Whether what follows can't be read either."""


Part = Batch | Bad


def skipped(parts: Iterable[Part], first: int) -> Iterator[Part]:
    """Leave out what comes before record `first`; raises `InvalidRequest` where nothing else is."""
    end = 0
    for part in parts:
        end = part.number + 1 if isinstance(part, Bad) else part.first + len(part.records)
        if isinstance(part, Bad):
            if part.number >= first or part.final:
                yield part
            if part.final:
                return
        elif end > first:
            gone = max(0, first - part.first)
            yield Batch(part.first + gone, part.records[gone:])
    if end < first:
        raise InvalidRequest(
            f"There is no record {first} to go on with, but {end} records: give 'resume' as the"
            " answer or the error before has it."
        )


def without_mark(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Drop the byte order mark that some programs write before UTF-8."""
    blocks = iter(blocks)
    begin = next(blocks, b"")
    while len(begin) < len(codecs.BOM_UTF8) and (more := next(blocks, b"")):
        begin += more
    yield begin.removeprefix(codecs.BOM_UTF8)
    yield from blocks
