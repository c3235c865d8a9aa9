"""What content begins with: tells what surely isn't lines or rows, before any of it is sent."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from msk_client.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from msk_client.actions.sourcing.request import SourceFormat
    from msk_client.s3.keys import Place

CONTROL = rb"[\x00-\x08\x0e-\x1f]"
"""No text has these: a name that text may begin with too counts only with one of them behind it."""

FOREIGN = {
    "a zip archive": rb"PK\x03\x04|PK\x05\x06",
    "compressed with bzip2": rb"BZh[1-9](1AY&SY|\x17rE8P\x90)",
    "compressed with xz": rb"\xfd7zXZ\x00",
    "compressed with lz4": rb"\x04\x22\x4d\x18",
    "a 7z archive": rb"7z\xbc\xaf\x27\x1c",
    "a tar archive": rb"[^\x00]{1,100}\x00.{156,256}ustar",
    "Parquet": rb"PAR[1E].{0,256}?" + CONTROL,
    "Avro": rb"Obj\x01",
    "ORC": rb"ORC.{0,256}?" + CONTROL,
    "text in UTF-16": rb"\xff\xfe|\xfe\xff",
}
KINDS = [(what, re.compile(begin, re.DOTALL)) for what, begin in FOREIGN.items()]
SPREAD = {b"[", b"{", b"[{"}
"""The first line of a JSON document that was written for people's eyes."""

OBJECT = re.compile(rb'\s*\{\s*"')


def looked_at(at: Place, blocks: Iterable[bytes], kind: SourceFormat) -> Iterator[bytes]:
    """Hand blocks on; raises `InvalidRequest` where they begin like something else."""
    blocks = iter(blocks)
    begin = next(blocks, b"")
    why = _foreign(begin) or _misread(begin.removeprefix(codecs.BOM_UTF8), kind)
    if why:
        otherwise = (
            "" if kind == "csv" else ' To send its lines as they are: "source_format": "values".'
        )
        raise InvalidRequest(f"{at} can't be read as {kind}: {why}{otherwise}")
    yield begin
    yield from blocks


def _foreign(begin: bytes) -> str:
    what = next((what for what, begins in KINDS if begins.match(begin)), "")
    return what and (
        f"it is {what}. Lines and CSV in UTF-8 can be read, plain or compressed with gzip or zstd."
    )


def _misread(begin: bytes, kind: SourceFormat) -> str:
    line, _, rest = begin.lstrip().partition(b"\n")
    if kind == "csv":
        return _OBJECTS if OBJECT.match(line) else ""
    return _DOCUMENT if line.strip() in SPREAD and rest.strip() else ""


_OBJECTS = (
    "its first row is a JSON object, and no header. Its lines are values or records: name that as"
    " the source_format."
)
_DOCUMENT = (
    "its first line is no value in JSON, but the beginning of one over several lines. Write each"
    " value into a line of its own, as `jq -c` does."
)
