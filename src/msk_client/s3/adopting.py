"""Whether an object that is in the way says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msk_client.errors import ObjectConflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import BinaryIO

    from msk_client.s3.keys import Place


def begins_with(stored: BinaryIO, own: Iterable[bytes]) -> bool:
    """Tell whether what is stored begins with our content."""
    return all(stored.read(len(chunk)) == chunk for chunk in own)


def contains(stored: BinaryIO, own: Iterable[bytes]) -> bool:
    """Tell whether all of our lines stand in what is stored, in their order."""
    for line in _lines(own):
        while (there := stored.readline()) != line:
            if not there:
                return False
    return True


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in lines)


def check_owner(at: Place, there: Mapping[str, str], ours: Mapping[str, str]) -> None:
    """Raise where an object is none of this partition's, or looks different."""
    missing = sorted((ours.keys() - {"topic-id"}) - there.keys())
    if missing:
        raise ObjectConflict(
            f"{at} is there already, and is none of this function's: its metadata lacks"
            f" {', '.join(missing)}. Move it away, or choose another prefix."
        )
    for name in ("topic", "topic-id", "partition", "start-offset", "format", "schema-version"):
        if there.get(name, ours.get(name)) != ours.get(name, there.get(name)):
            raise ObjectConflict(
                f"{at} is there already with {name} {there[name]!r}, where this call writes"
                f" {ours[name]!r}: {HINTS.get(name, 'choose another prefix')}. Nothing was written"
                " over it."
            )


HINTS = {
    "topic-id": "the topic was made anew, and the objects of the old one are still there."
    " Choose another prefix",
    "format": "keep the format, or choose another prefix",
    "start-offset": "the pattern makes one key of two ranges. Choose another pattern",
    "partition": "the pattern makes one key of two partitions. Choose another pattern",
}
