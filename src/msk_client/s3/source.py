"""Reads an object's content from its beginning, ahead of who uses it and with bounded memory.

The object stays the same one: what is read after a lost connection, or by another call, carries
`If-Match`.
"""

from __future__ import annotations

import queue
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import BotoCoreError

from msk_client.errors import InvalidRequest, MskClientError, StorageUnavailable
from msk_client.s3 import failures
from msk_client.s3.packing import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from msk_client.deadline import Deadline
    from msk_client.s3.formats import Compression
    from msk_client.s3.keys import Place
    from msk_client.s3.ports import Head, Opened, Storage

BLOCK_BYTES = 1024 * 1024
AHEAD = 2
"""Blocks that are kept ready."""

NOTICE_S = 0.1
"""How soon the thread notices that nobody wants more."""

LOST_AT_MOST = 5
"""Connections lost one after another at the same byte."""

MAGIC: dict[bytes, Compression] = {b"\x1f\x8b": "gz", b"\x28\xb5\x2f\xfd": "zst"}
"""What compressed content begins with; no text in UTF-8 begins so."""

EXTENSIONS: dict[str, Compression] = {"gz": "gz", "gzip": "gz", "zst": "zst", "zstd": "zst"}


@dataclass(frozen=True)
class Version:
    """Which content of an object is meant; None: whichever is there."""

    etag: str | None = None
    version_id: str | None = None


class Content:
    """An object that is being read; a context manager. Raises as `Storage.open` does.

    `head` says what it is. Where it isn't the version asked for, `ObjectConflict` is raised.
    """

    def __init__(self, store: Storage, at: Place, version: Version, deadline: Deadline) -> None:
        self._at = at
        self._deadline = deadline
        self._body = _Body(store, at, version, deadline)
        self.head: Head = self._body.head
        self._blocks: queue.Queue[bytes | Exception] = queue.Queue(AHEAD)
        self._unwanted = Event()
        self._thread = Thread(target=self._read, name="source", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._unwanted.set()

    def blocks(self) -> Iterator[bytes]:
        """Yield the content, decompressed; raises at the deadline, and where it is damaged."""
        while True:
            try:
                block = self._blocks.get(timeout=self._deadline.left_s)
            except queue.Empty:
                raise StorageUnavailable(
                    f"S3 sent no more of {self._at} within the invocation's time: try again, or"
                    " give the function a longer timeout."
                ) from None
            if isinstance(block, Exception):
                raise block
            if not block:
                return
            yield block

    def _read(self) -> None:
        """Run in the thread: what goes wrong is raised where the blocks are used."""
        try:
            with unpacked(self._body.as_file(), self._compression()) as content:
                while block := content.read(BLOCK_BYTES):
                    if not self._hand_on(block):
                        return
            self._hand_on(b"")
        except (MskClientError, BotoCoreError) as problem:
            self._hand_on(problem)
        except Exception as problem:  # noqa: BLE001 - what a decompressor makes of damaged content
            self._hand_on(
                InvalidRequest(
                    f"{self._at} is damaged: its compressed content ends early or is none"
                    f" [{type(problem).__name__}: {str(problem)[:200]}]."
                )
            )

    def _hand_on(self, block: bytes | Exception) -> bool:
        while not self._unwanted.is_set():
            try:
                self._blocks.put(block, timeout=NOTICE_S)
            except queue.Full:
                continue
            return True
        return False

    def _compression(self) -> Compression:
        """Go by the content; where the name says otherwise, one of them is wrong."""
        begins = self._body.peek(max(map(len, MAGIC)))
        found = next((kind for magic, kind in MAGIC.items() if begins.startswith(magic)), "")
        extension = self._at.key.rpartition(".")[2].lower()
        promised = EXTENSIONS.get(extension)
        if begins and promised is not None and promised != found:
            raise InvalidRequest(
                f"{self._at} is named .{extension}, and its content isn't: name it by what it is."
            )
        return cast("Compression", found)


class _Body:
    """The object's bytes; opened again where the connection was lost."""

    def __init__(self, store: Storage, at: Place, version: Version, deadline: Deadline) -> None:
        self._store = store
        self._at = at
        self._deadline = deadline
        self._position = 0
        self._peeked = b""
        self._opened = self._open(version)
        self.head = self._opened.head
        self._version = Version(self.head.etag, self.head.version_id or version.version_id)
        self._lost = 0

    def as_file(self) -> BinaryIO:
        """Show what decompressors need of a file: `read`, and `close` at the end."""
        return cast("BinaryIO", self)

    def peek(self, count: int) -> bytes:
        """Look at the beginning."""
        while len(self._peeked) < count and (more := self._read(count - len(self._peeked))):
            self._peeked += more
        return self._peeked

    def read(self, count: int = -1) -> bytes:
        """Read at most `count` bytes; none at the end."""
        wanted = count if count >= 0 else BLOCK_BYTES
        begins, self._peeked = self._peeked[:wanted], self._peeked[wanted:]
        more = self._read(wanted - len(begins)) if len(begins) < wanted else b""
        return begins + more

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.body.close()

    def _read(self, count: int) -> bytes:
        while self._position < self.head.size_bytes:
            try:
                data = self._opened.body.read(count)
            except BotoCoreError as problem:
                self._reopen(problem)
                continue
            if data:
                self._position += len(data)
                self._lost = 0
                return data
            self._reopen(None)
        return b""

    def _reopen(self, problem: BotoCoreError | None) -> None:
        """Go on where the connection was lost, unless it is lost again and again."""
        self._lost += 1
        if problem is not None and not failures.may_pass(problem):
            raise self._translated(problem)
        if self._lost > LOST_AT_MOST or self._deadline.passed:
            raise StorageUnavailable(
                f"S3 broke off {self._at} at byte {self._position} of {self.head.size_bytes},"
                f" {self._lost} times: try again."
            ) from problem
        self._opened = self._open(self._version)

    def _open(self, version: Version) -> Opened:
        return self._store.open(
            self._at,
            self._deadline,
            if_match=version.etag,
            version_id=version.version_id,
            first_byte=self._position,
        )

    def _translated(self, problem: BotoCoreError) -> MskClientError:
        return failures.translate(problem, "s3:GetObject", self._at, "")
