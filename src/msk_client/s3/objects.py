"""Ranges of a partition, each stored in exactly one object, whoever comes first.

An object holds the half-open range [start, next) of one partition, and is named by its start. It
is written only where there is none (`If-None-Match: *`). Where there is one, it is adopted if it
says the same of the same offsets, and the writer goes on at its `next`. So all who write from the
same start, one after another or at the same time, end up with the same chain of objects.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from msk_client.errors import ObjectConflict
from msk_client.s3.adopting import begins_with, check_owner, contains
from msk_client.s3.content import Growing
from msk_client.s3.formats import SCHEMA_VERSION, Format
from msk_client.s3.keys import DEFAULT_PATTERN, Pattern, Place, Start
from msk_client.s3.packing import damages, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor

    from msk_client.deadline import Deadline
    from msk_client.records import Record
    from msk_client.s3.content import Content
    from msk_client.s3.ports import Head, Storage

OBJECT_BYTES = 64 * 1024 * 1024
"""An object ends after the record that reaches so many bytes, before compression."""


@dataclass(frozen=True)
class Destination:
    """Where objects go and what they look like."""

    bucket: str
    prefix: str = ""
    pattern: Pattern | None = None
    """None: the usual one, with the format's extension."""
    form: Format = field(default_factory=Format)
    kms_key_id: str | None = None
    object_bytes: int = OBJECT_BYTES

    @property
    def uri(self) -> str:
        """The bucket and prefix, as an event gives them."""
        return f"s3://{self.bucket}/{self.prefix}"

    def place(self, start: Start) -> Place:
        """Name the object of the range that begins there."""
        pattern = self.pattern or Pattern(f"{DEFAULT_PATTERN}.{self.form.name}")
        return Place(self.bucket, pattern.key(self.prefix, start))


@dataclass(frozen=True)
class Source:
    """The partition that records come from."""

    topic: str
    partition: int
    topic_id: str | None = None
    """None where it isn't known."""
    isolation: str | None = None
    """How they are read; None where it isn't known."""


@dataclass(frozen=True)
class Stored:
    """An object that holds [start, next); `adopted` where it was there already."""

    key: str
    partition: int
    start: int
    next: int
    last: int
    """The last record's offset; where all are passed over, the last one's of them."""
    count: int
    size_bytes: int
    """As it is stored, compressed."""
    adopted: bool


class Objects:
    """Writes the ranges of one partition to a destination."""

    def __init__(self, store: Storage, destination: Destination, source: Source) -> None:
        self._store = store
        self._destination = destination
        self._source = source

    def write(
        self,
        start: int,
        records: Iterable[Record],
        next_: int,
        deadline: Deadline,
        pool: Executor | None = None,
    ) -> list[Stored]:
        """Store the records of [start, next_), in as many objects as their size asks for.

        `records` are all that the range holds, by offset; `start` is where the range begins,
        which may lie before the first of them. Answers the objects, adopted ones included, in
        order; the last one's `next` is at least `next_`, unless no record was left to be stored
        behind an adopted one. No records: no object. Raises `UnfitRecord` (nothing of that object
        is stored), `ObjectConflict`, `NotAuthorized`, `UnknownObject`, `StorageUnavailable`,
        `StorageRefused`.
        """
        stored: list[Stored] = []
        growing = Growing(self._destination.form, start, pool)
        for record in records:
            if record.offset < growing.start:  # an adopted object has it
                continue
            growing.add(record)
            if growing.size >= self._destination.object_bytes:
                stored += self.store(growing.seal(), deadline)
                growing = Growing(self._destination.form, stored[-1].next, pool)
        growing.reach(next_)
        return [*stored, *self.store(growing.seal(), deadline)]

    def store(self, content: Content, deadline: Deadline) -> Iterator[Stored]:
        """Store a range; see `write`. What was yielded is stored, whatever comes after it.

        A range whose records are all passed over is an object without records: else those who go
        on behind it would have no place to begin at that all agree on.
        """
        while not content.empty:
            at = self._destination.place(
                Start(self._source.topic, self._source.partition, content.start, content.day)
            )
            headers = self._headers(content)
            if self._store.put_new(at, content.body, headers, deadline):
                yield _stored(at, headers["Metadata"], len(content.body), adopted=False)
                return
            head = self._store.head(at, deadline)
            if head is None:  # somebody deleted it in between
                continue
            found = self._adopt(at, head, content, deadline)
            yield found
            content = content.since(found.next)

    def _headers(self, content: Content) -> dict[str, dict[str, str]]:
        """Make the fields of PutObject."""
        form, source = content.form, self._source
        metadata = {
            "topic": source.topic,
            "partition": str(source.partition),
            "start-offset": str(content.start),
            "last-offset": str(content.last),
            "next-offset": str(content.next),
            "count": str(content.count),
            "sha256": content.sha256,
            "format": form.name,
            "schema-version": str(SCHEMA_VERSION),
        }
        known = {"topic-id": source.topic_id, "isolation": source.isolation}
        metadata |= {name: text for name, text in known.items() if text is not None}
        headers: dict[str, object] = {"ContentType": form.content_type, "Metadata": metadata}
        if form.content_encoding is not None:
            headers["ContentEncoding"] = form.content_encoding
        headers |= encryption(self._destination.kms_key_id)
        return cast("dict[str, dict[str, str]]", headers)

    def _adopt(self, at: Place, head: Head, content: Content, deadline: Deadline) -> Stored:
        """Take the object that is there, if it says the same; raises `ObjectConflict`."""
        check_owner(at, head.metadata, self._headers(content)["Metadata"])
        found = _stored(at, head.metadata, head.size_bytes, adopted=True)
        own = content.sha256_before(found.next)
        if own != head.metadata["sha256"] and not self._agrees(at, found.next, content, deadline):
            raise ObjectConflict(
                f"{at} holds other content for offsets {content.start} to"
                f" {min(found.next, content.next) - 1} of partition {self._source.partition} of"
                f" topic {self._source.topic!r} than the topic does: nothing was written over it."
                " It was written with other settings (columns, format, isolation), changed since,"
                " or belongs to another cluster. Move it away, or choose another prefix."
            )
        return found

    def _agrees(self, at: Place, next_: int, content: Content, deadline: Deadline) -> bool:
        """Compare the content: the object may reach farther.

        In a format of lines it may also hold more, what the topic has lost since. Nothing of ours
        may be missing in it.
        """

        def compare(holds: Callable[[BinaryIO, Iterable[bytes]], bool]) -> bool:
            body = self._store.open(at, deadline).body
            compression = content.form.compression
            try:
                with closing(body), unpacked(body, compression) as stored:
                    return holds(stored, content.part_before(next_))
            except damages(compression):
                return False

        ways = [begins_with] if content.form.kind == "bin" else [begins_with, contains]
        return any(self._store.reading(partial(compare, way), at, deadline) for way in ways)


def encryption(kms_key_id: str | None) -> dict[str, str]:
    """Make the fields of PutObject that name a key; None leaves it to the bucket."""
    if kms_key_id is None:
        return {}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}


def _stored(at: Place, metadata: Mapping[str, str], size_bytes: int, *, adopted: bool) -> Stored:
    return Stored(
        key=at.key,
        partition=int(metadata["partition"]),
        start=int(metadata["start-offset"]),
        next=int(metadata["next-offset"]),
        last=int(metadata["last-offset"]),
        count=int(metadata["count"]),
        size_bytes=size_bytes,
        adopted=adopted,
    )
