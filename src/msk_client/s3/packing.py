"""Compression of objects, by stream and without a clock: the same content gives the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import sys
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, cast

from msk_client.s3.parts import Parts

if TYPE_CHECKING:
    from types import ModuleType
    from typing import BinaryIO

    from msk_client.s3.formats import Compression, Format

GZIP_WINDOW = 31
"""zlib's way to say: 15 bits of window, and a gzip header, whose time is 0."""

GZIP_LEVEL = 2
"""Of ISA-L's 0 to 3: as small as zlib's 2, at several times the speed."""

ZSTD_LEVEL = 3


class Packer(Protocol):
    """What zlib's and zstd's compressors are."""

    def compress(self, data: bytes | bytearray, /) -> bytes:
        """Take content, and answer what is ready so far."""
        ...

    def flush(self) -> bytes:
        """End the stream."""
        ...


class Plain:
    """No compression."""

    def compress(self, data: bytes | bytearray, /) -> bytes:
        """Answer the content."""
        return bytes(data)

    def flush(self) -> bytes:
        """Nothing is left."""
        return b""


def packer(compression: Compression) -> Packer:
    """Make a compressor of one object."""
    if compression == "gz":
        from isal import isal_zlib  # noqa: PLC0415 - only where it is asked for

        return isal_zlib.compressobj(GZIP_LEVEL, wbits=GZIP_WINDOW)
    if compression == "zst":
        return cast("Packer", _zstd().ZstdCompressor(level=ZSTD_LEVEL))
    return Plain()


class Packed:
    """Takes content; keeps it compressed, and its digest."""

    def __init__(self, form: Format) -> None:
        self.body = Parts()
        self.sha256 = hashlib.sha256()
        self._form = form

    @cached_property
    def _packer(self) -> Packer:
        """Made when it is needed: it takes some hundred KB, and there may be many partitions."""
        return packer(self._form.compression)

    def feed(self, chunk: bytes | bytearray) -> None:
        """Take the next part."""
        self.sha256.update(chunk)
        self.body.append(self._packer.compress(chunk))

    def end(self) -> None:
        """There is no more."""
        self.body.append(self._packer.flush())


def unpacked(body: BinaryIO, compression: Compression) -> BinaryIO:
    """Read content out of a compressed stream, without holding all of it."""
    if compression == "gz":
        return cast("BinaryIO", gzip.GzipFile(fileobj=body))
    if compression == "zst":
        return cast("BinaryIO", _zstd().ZstdFile(body))
    return body


def damages(compression: Compression) -> tuple[type[Exception], ...]:
    """What reading raises where the content ends early, or was never compressed so."""
    if compression == "zst":
        return EOFError, _zstd().ZstdError
    return EOFError, gzip.BadGzipFile, zlib.error


def _zstd() -> ModuleType:
    """Import Python's own module, or what it is before 3.14; only where it is asked for."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415
    return zstd
