"""Bytes in the pieces that they came in.

One buffer that grows to tens of megabytes, beside others that do, leaves the C library's heap full
of holes: a drain held twice of what it had in its hands (run).
"""

from __future__ import annotations

import io
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

    from _typeshed import WriteableBuffer


BLOCK_BYTES = 256 * 1024
"""What is read at once: HTTP asks for 16 KB at a time, which would be a call of Python's each."""


class Parts:
    """Pieces that are read as one, by any number of readers at once."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces: list[bytes] = []
        self._starts: list[int] = []
        self._size = 0
        for piece in pieces:
            self.append(piece)

    def append(self, piece: bytes) -> None:
        """Put a piece behind the others."""
        if piece:
            self._pieces.append(piece)
            self._starts.append(self._size)
            self._size += len(piece)

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        return b"".join(self._pieces)

    def open(self) -> BinaryIO:
        """Read from the beginning."""
        return io.BufferedReader(_Reader(self), BLOCK_BYTES)

    def copy_from(self, position: int, into: memoryview) -> int:
        """Copy what stands at a position, as much as fits or is in one piece."""
        if position >= self._size:
            return 0
        index = bisect_right(self._starts, position) - 1
        offset = position - self._starts[index]
        piece = memoryview(self._pieces[index])[offset : offset + len(into)]
        into[: len(piece)] = piece
        return len(piece)


class _Reader(io.RawIOBase):
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        count = self._parts.copy_from(self._position, memoryview(buffer))
        self._position += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._parts)}[whence]
        self._position = base + offset
        return self._position
