"""How an object's content is to be read: as the request says, or as the object shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import UNSET

from msk_client.actions.sourcing.lines import is_record, records, values
from msk_client.actions.sourcing.looks import looked_at
from msk_client.actions.sourcing.parts import Batch
from msk_client.actions.sourcing.rows import rows
from msk_client.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msk_client.actions.produce import Produce
    from msk_client.actions.sourcing.parts import Part
    from msk_client.actions.sourcing.request import SourceFormat
    from msk_client.s3.keys import Place
    from msk_client.s3.source import Content

OURS: dict[str, SourceFormat] = {"ndjson": "records", "csv": "csv", "raw": "values"}
"""What this function writes, by the `format` in an object's metadata, without its compression."""

CSV = re.compile(r"\.csv(\.(gz|gzip|zst|zstd))?$", re.IGNORECASE)


def parts_of(request: Produce, at: Place, content: Content) -> tuple[SourceFormat, Iterator[Part]]:
    """Choose how to read; raises `InvalidRequest` where that can't be told."""
    kind = _kind(request, at, content)
    key_column = None if request.key_column is UNSET else request.key_column
    if key_column is not None and kind != "csv":
        raise InvalidRequest(
            f"Field 'key_column' goes with CSV, and {at} is read as {kind}: name the source_format."
        )
    if kind == "values" and _is_sure(request, content):
        return kind, values(content.blocks())
    blocks = looked_at(at, content.blocks(), kind)
    if kind == "csv":
        return kind, rows(blocks, key_column, sure=_is_sure(request, content))
    if kind == "records":
        return kind, records(blocks)
    return kind, _surely_values(at, values(blocks))


def _is_sure(request: Produce, content: Content) -> bool:
    """Whether the caller, or what wrote the object, says how it is to be read."""
    return request.source_format is not UNSET or "schema-version" in content.head.metadata


def _kind(request: Produce, at: Place, content: Content) -> SourceFormat:
    if request.source_format is not UNSET:
        return request.source_format
    metadata = content.head.metadata
    if "schema-version" in metadata:
        written = metadata.get("format", "").partition(".")[0]
        if written not in OURS:
            raise InvalidRequest(
                f"{at} was written as {written!r}, which can't be read as records. Dead letters are"
                " sent again by replay."
            )
        return OURS[written]
    return "csv" if CSV.search(at.key) else "values"


def _surely_values(at: Place, parts: Iterator[Part]) -> Iterator[Part]:
    """Refuse to send whole records as values, unless that is asked for."""
    for number, part in enumerate(parts):
        if number == 0 and isinstance(part, Batch) and any(map(is_record, part.records[:1])):
            raise InvalidRequest(
                f"The lines of {at} look like records in their JSON form, with value and key,"
                ' headers or partition. Say what is to be sent: "source_format": "records", or'
                ' "values" for the lines as they are.'
            )
        yield part
