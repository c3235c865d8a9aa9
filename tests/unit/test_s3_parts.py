"""Bytes in pieces, read as one."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from msk_client.s3.parts import Parts

PIECES = st.lists(st.binary(max_size=20), max_size=8)


@given(PIECES, st.lists(st.integers(0, 50), max_size=8))
def test_pieces_are_read_as_one(pieces: list[bytes], sizes: list[int]) -> None:
    """Reads of any sizes give what the pieces hold, in their order."""
    whole = b"".join(pieces)
    parts = Parts(*pieces)
    assert (len(parts), bytes(parts)) == (len(whole), whole)
    reader, plain = parts.open(), io.BytesIO(whole)
    for size in sizes:
        assert reader.read(size) == plain.read(size)
    assert reader.read() == plain.read()
    assert reader.read(5) == b""


@given(PIECES, st.integers(0, 80), st.sampled_from([io.SEEK_SET, io.SEEK_END]))
def test_any_place_can_be_sought(pieces: list[bytes], offset: int, whence: int) -> None:
    """Seeking goes anywhere, as S3's client does to find a size and to begin anew."""
    whole = b"".join(pieces)
    wanted = offset if whence == io.SEEK_SET else -min(offset, len(whole))
    reader, plain = Parts(*pieces).open(), io.BytesIO(whole)
    assert reader.seek(wanted, whence) == plain.seek(wanted, whence)
    assert reader.tell() == plain.tell()
    assert reader.read() == plain.read()
    assert reader.seek(0) == 0
    assert reader.read() == whole


def test_readers_are_apart() -> None:
    """Each reader has a place of its own."""
    parts = Parts(b"ab", b"cd")
    first, second = parts.open(), parts.open()
    assert (first.read(3), second.read(1), first.read(), second.read()) == (
        b"abc",
        b"a",
        b"d",
        b"bcd",
    )


def test_lines_go_over_pieces() -> None:
    """A line may begin in one piece and end in another."""
    assert Parts(b"a", b"b\nc", b"", b"\n").open().readlines() == [b"ab\n", b"c\n"]
