"""What the `Storage` port promises, held against the fake and against S3 on loopback."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING

import pytest

from msk_client.deadline import Deadline
from msk_client.errors import ObjectConflict, StorageUnavailable, UnknownObject
from msk_client.s3 import store
from msk_client.s3.keys import Place
from msk_client.s3.store import Store
from tests.fake_s3 import FakeS3

if TYPE_CHECKING:
    from local.aws import LocalAws
    from msk_client.s3.ports import Storage


@pytest.fixture(params=["fake", "real"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """The same contract for the fake and for the real adapter."""
    if request.param == "fake":
        return FakeS3()
    aws: LocalAws = request.getfixturevalue("aws")
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    return Store()


@pytest.fixture
def at() -> Place:
    """A key that nobody has used."""
    return Place("my-bucket", f"contract/{uuid.uuid4().hex}/a b=ü")


def test_what_is_put_can_be_read(storage: Storage, at: Place, deadline: Deadline) -> None:
    """An object comes back with its content, size and metadata."""
    assert storage.put_new(at, bytearray(b"hello"), {"Metadata": {"topic": "t"}}, deadline)
    opened = storage.open(at, deadline)
    assert opened.body.read() == b"hello"
    head = storage.head(at, deadline)
    assert opened.head == head
    assert head is not None
    assert (head.metadata["topic"], head.size_bytes) == ("t", 5)


def test_a_second_put_changes_nothing(storage: Storage, at: Place, deadline: Deadline) -> None:
    """Where there is an object, it stays as it is."""
    assert storage.put_new(at, b"first", {}, deadline)
    assert not storage.put_new(at, b"second", {}, deadline)
    assert storage.open(at, deadline).body.read() == b"first"


def test_of_many_at_once_one_wins(storage: Storage, at: Place, deadline: Deadline) -> None:
    """Of writers at the same moment exactly one is told that it wrote, and its content stands."""
    won: list[bytes] = []

    def put(content: bytes) -> None:
        if storage.put_new(at, content, {}, deadline):
            won.append(content)

    threads = [threading.Thread(target=put, args=(b"%d" % i * 9_000,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [storage.open(at, deadline).body.read()] == won


def test_what_is_not_there(storage: Storage, at: Place, deadline: Deadline) -> None:
    """A key without an object has no head and can't be opened; nor can one of no bucket."""
    nowhere = Place(f"no-{uuid.uuid4().hex}", "x")
    for place in (at, nowhere):
        assert storage.head(place, deadline) is None
        with pytest.raises(UnknownObject, match=place.bucket):
            storage.open(place, deadline)
    with pytest.raises(UnknownObject, match=nowhere.bucket):
        storage.put_new(nowhere, b"", {}, deadline)


def test_a_part_can_be_read(storage: Storage, at: Place, deadline: Deadline) -> None:
    """Reading can begin at a byte."""
    storage.put_new(at, b"0123456789", {}, deadline)
    assert storage.open(at, deadline, first_byte=7).body.read() == b"789"


def test_only_the_object_that_is_meant(storage: Storage, at: Place, deadline: Deadline) -> None:
    """An object is opened by its ETag, or not at all."""
    storage.put_new(at, b"x", {}, deadline)
    head = storage.head(at, deadline)
    assert head is not None
    assert storage.open(at, deadline, if_match=head.etag).body.read() == b"x"
    with pytest.raises(ObjectConflict):
        storage.open(at, deadline, if_match='"other"')


def test_reading_answers_what_was_read(storage: Storage, at: Place, deadline: Deadline) -> None:
    """What reads an object is run, and its answer handed on."""
    storage.put_new(at, b"x", {}, deadline)

    def read() -> bytes:
        return storage.open(at, deadline).body.read()

    assert storage.reading(read, at, deadline) == b"x"


def test_no_time_is_told(storage: Storage, at: Place) -> None:
    """Without time, a call raises the retriable class."""
    with pytest.raises(StorageUnavailable):
        storage.head(at, Deadline.after(0))


def test_keys_are_listed_in_order(storage: Storage, deadline: Deadline) -> None:
    """Keys below a prefix come in order, some at a time, from behind the last one on."""
    prefix = f"keys/{uuid.uuid4().hex}/"
    wanted = sorted(f"{prefix}{name}" for name in ("a", "b/1", "b/2", "c d", "é", "z"))
    for key in [*wanted, f"{prefix[:-1]}-other"]:
        assert storage.put_new(Place("my-bucket", key), b"", {}, deadline)
    found: list[str] = []
    while more := storage.keys(Place("my-bucket", prefix), found[-1] if found else "", deadline):
        found += more
    assert wanted == found
    with pytest.raises(UnknownObject):
        storage.keys(Place("no-such-bucket", ""), "", deadline)


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("http://127.0.0.1:1", "the connection was refused"),
        ("http://no-such-host.invalid", "the host name is unknown"),
    ],
)
def test_no_connection_is_told_by_its_cause(
    endpoint: str, told: str, at: Place, deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """botocore's one exception for both is told apart; neither is waited for as a busy S3 is."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(store, "UNREACHED_S", 0.2)
    with pytest.raises(StorageUnavailable, match=f"could not be reached for s3:GetObject.*{told}"):
        Store().head(at, deadline)
