"""Reading an object: ahead, again where the connection is lost, and never another object."""

from __future__ import annotations

import gzip
import io
import random
import threading
from typing import TYPE_CHECKING, BinaryIO

import pytest
from backports import zstd
from botocore.exceptions import IncompleteReadError, ReadTimeoutError, SSLError

from msk_client.deadline import Deadline
from msk_client.errors import InvalidRequest, MskClientError, ObjectConflict, StorageUnavailable
from msk_client.s3 import source
from msk_client.s3.keys import Place
from msk_client.s3.ports import Opened
from msk_client.s3.source import Content, Version
from tests.fake_s3 import FakeObject, FakeS3

if TYPE_CHECKING:
    from collections.abc import Callable

AT = Place("my-bucket", "a")
LOST = ReadTimeoutError(endpoint_url="http://s3")


def stored(body: bytes, key: str = "a") -> FakeS3:
    """Make an S3 with one object."""
    s3 = FakeS3()
    s3.objects[key] = FakeObject(body, {})
    return s3


def content(s3: FakeS3, at: Place = AT, version: Version = Version()) -> bytes:  # noqa: B008 - frozen
    """Read all of an object."""
    with Content(s3, at, version, Deadline.after(10)) as found:
        return b"".join(found.blocks())


class Shaky(FakeS3):
    """Loses connections: a body ends early, or fails, where `cut` says."""

    cut: Callable[[int], int | None] = staticmethod(lambda _: None)
    problem: Exception | None = LOST

    def open(
        self, at: Place, deadline: Deadline, *, if_match: str | None = None,
        version_id: str | None = None, first_byte: int = 0,
    ) -> Opened:  # fmt: skip
        """See the port."""
        opened = super().open(
            at, deadline, if_match=if_match, version_id=version_id, first_byte=first_byte
        )
        body: BinaryIO = Cut(opened.body.read(), self.cut(first_byte), self.problem)
        return Opened(opened.head, body)


class Cut(io.BytesIO):
    """A body that ends early."""

    def __init__(self, body: bytes, at: int | None, problem: Exception | None) -> None:
        super().__init__(body if at is None else body[:at])
        self._problem = None if at is None else problem

    def read(self, size: int | None = -1) -> bytes:
        """Read what is there, then fail."""
        data = super().read(-1 if size is None else size)
        if not data and self._problem is not None:
            raise self._problem
        return data


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a few bytes at a time."""
    monkeypatch.setattr(source, "BLOCK_BYTES", 7)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("body", [b"", b"x", b"0123456", b"0123456789" * 20])
def test_the_content_is_read(body: bytes) -> None:
    """All bytes come, in their order, also of compressed content."""
    assert body == content(stored(body))
    assert body == content(stored(gzip.compress(body)))


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    "problem", [LOST, IncompleteReadError(actual_bytes=1, expected_bytes=2), None]
)
@pytest.mark.parametrize("seed", range(5))
def test_a_lost_connection_is_made_anew(problem: Exception | None, seed: int) -> None:
    """Wherever connections are lost, the content is whole, and each byte comes once."""
    dice = random.Random(seed)
    body = dice.randbytes(500)
    s3 = Shaky()
    s3.objects["a"] = FakeObject(gzip.compress(body), {})
    s3.cut, s3.problem = lambda _: dice.randrange(1, 60), problem
    assert body == content(s3)
    assert s3.calls.count("open a") > 5


@pytest.mark.parametrize("problem", [LOST, None])
def test_a_connection_that_is_always_lost(problem: Exception | None) -> None:
    """Where no byte comes any more, it gives up and says at which byte."""
    s3 = Shaky()
    s3.objects["a"] = FakeObject(b"0123456789", {})
    s3.cut, s3.problem = lambda first: 4 if first == 0 else 0, problem
    with pytest.raises(StorageUnavailable, match="byte 4 of 10"):
        content(s3)


def test_what_does_not_pass_is_told() -> None:
    """A failure that another connection wouldn't mend isn't tried again."""
    s3 = Shaky()
    s3.objects["a"] = FakeObject(b"0123456789", {})
    s3.cut, s3.problem = lambda _: 4, SSLError(endpoint_url="https://s3", error="no")
    with pytest.raises(MskClientError):
        content(s3)
    assert 1 == s3.calls.count("open a")


def test_an_object_written_anew_is_noticed() -> None:
    """After a lost connection the rest is of the same content, or there is none."""
    s3 = Shaky()
    s3.objects["a"] = FakeObject(b"0123456789", {})
    s3.cut = lambda _: 4
    found = Content(s3, AT, Version(), Deadline.after(10))
    s3.objects["a"] = FakeObject(b"abcdefghij", {})
    with found, pytest.raises(ObjectConflict):
        list(found.blocks())


def test_a_version_that_is_gone() -> None:
    """Only the content that is meant is read."""
    s3 = stored(b"x")
    etag = s3.objects["a"].head.etag
    assert b"x" == content(s3, version=Version(etag))
    with pytest.raises(ObjectConflict):
        content(s3, version=Version('"other"'))


@pytest.mark.parametrize(
    ("key", "body"), [("a.gz", b"plain"), ("a.zst", gzip.compress(b"x")), ("a.GZIP", b"1")]
)
def test_a_name_that_lies(key: str, body: bytes) -> None:
    """A name that promises another compression than the content has is refused."""
    with pytest.raises(InvalidRequest, match="named"):
        content(stored(body, key), Place("my-bucket", key))
    assert b"" == content(stored(b"", key), Place("my-bucket", key))


each_packer = pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gz", "zst"])


@each_packer
@pytest.mark.usefixtures("small_blocks")
def test_parts_packed_one_behind_the_other(pack: Callable[[bytes], bytes]) -> None:
    """Compressed files that were joined are one content."""
    assert b"a" * 50 + b"b" == content(stored(pack(b"a" * 50) + pack(b"") + pack(b"b")))


@pytest.mark.parametrize(
    ("pack", "harm"),
    [
        (gzip.compress, lambda b: b[:-9]),
        (gzip.compress, lambda b: b[:20] + b"x" + b[21:]),
        (gzip.compress, lambda b: b + b"rest"),
        (zstd.compress, lambda b: b[:-9]),
        (zstd.compress, lambda b: b + b[:9]),
        (zstd.compress, lambda b: b + b"rest"),
    ],
    ids=["gz cut", "gz changed", "gz and more", "zst cut", "zst cut again", "zst and more"],
)
def test_damaged_content(pack: Callable[[bytes], bytes], harm: Callable[[bytes], bytes]) -> None:
    """Compressed content that is cut, changed or goes on as something else is told as damaged."""
    body = harm(pack(random.Random(1).randbytes(1000)))
    with pytest.raises(InvalidRequest, match="damaged"):
        content(stored(body))


@pytest.mark.usefixtures("small_blocks")
def test_it_reads_only_a_little_ahead() -> None:
    """What nobody has asked for yet isn't read into memory, and the thread ends with the reader."""
    s3 = stored(b"x" * 7_000)
    before = threading.active_count()
    with Content(s3, AT, Version(), Deadline.after(10)) as found:
        next(found.blocks())
        assert source.AHEAD + 2 >= found._body._position / 7
    found._thread.join(5)
    assert threading.active_count() <= before + 1


def test_the_deadline_ends_it() -> None:
    """Where nothing comes, waiting ends with the time."""
    s3 = Shaky()
    s3.objects["a"] = FakeObject(b"0123456789", {})
    waiting = threading.Event()

    class Silent(io.BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            waiting.wait(5)
            return b""

    found = Content(s3, AT, Version(), Deadline.after(0.2))
    found._body._opened = Opened(found.head, Silent())
    with found, pytest.raises(StorageUnavailable, match="within the invocation's time"):
        next(found.blocks())
    waiting.set()
