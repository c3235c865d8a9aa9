"""Whether an object that is in the way says the same."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from msk_client.errors import ObjectConflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

    from msk_client.s3.keys import Place


BLOCK_BYTES = 256 * 1024


def begins_with(stored: BinaryIO, own: Iterable[bytes]) -> bool:
    """Tell whether what is stored begins with our content."""
    return all(stored.read(len(chunk)) == chunk for chunk in own)


def contains(stored: BinaryIO, own: Iterable[bytes]) -> bool:
    """Tell whether all of our lines stand in what is stored, in their order."""
    there = _lines(iter(partial(stored.read, BLOCK_BYTES), b""))  # its `readline` reads by the byte
    return all(line in there for line in _lines(own))  # `in` goes on where it found the one before


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in lines)


def check_owner(at: Place, there: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """Raise where an object is none of this partition's, or looks different."""
    missing = sorted((ours.keys() - NOT_ALWAYS_KNOWN) - there.keys())
    if missing:
        raise ObjectConflict(
            f"{at} is there already, and is none of this function's: its metadata lacks"
            f" {', '.join(missing)}. Move it away, or choose another prefix."
        )
    for name in SAME:
        if there.get(name, ours.get(name)) != ours.get(name, there.get(name)):
            raise ObjectConflict(
                f"{at} is there already with {name} {there[name]!r}, where this call writes"
                f" {ours[name]!r}: {HINTS.get(name, 'choose another prefix')}. Nothing was written"
                " over it."
            )
    _check_range(at, there)


def _check_range(at: Place, there: Mapping[str, str]) -> None:
    """Raise where what an object says of its range can't be: going on behind it would lead astray.

    Its start is known to be ours.
    """
    start, last, next_ = (there[name] for name in ("start-offset", "last-offset", "next-offset"))
    numbers = (last, next_, there["count"])
    if not all(map(NUMBER.fullmatch, numbers)) or not int(start) <= int(last) < int(next_):
        raise ObjectConflict(
            f"{at} is there already, and its metadata make no range: start {start}, last"
            f" {last[:40]}, next {next_[:40]}, count {there['count'][:40]}. Somebody has changed"
            " them. Move it away, or choose another prefix."
        )


NUMBER = re.compile("[0-9]{1,19}")
NOT_ALWAYS_KNOWN = {"topic-id", "isolation"}
SAME = (
    "topic",
    "topic-id",
    "partition",
    "start-offset",
    "format",
    "schema-version",
    "isolation",
)
HINTS = {
    "topic-id": "the topic was made anew, and the objects of the old one are still there."
    " Choose another prefix",
    "format": "keep the format, or choose another prefix",
    "isolation": "one of both holds records of aborted transactions. Keep the isolation, or choose"
    " another prefix",
    "start-offset": "the pattern makes one key of two ranges. Choose another pattern",
    "partition": "the pattern makes one key of two partitions. Choose another pattern",
}
