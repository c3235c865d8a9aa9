"""An S3 in memory that satisfies the port; the contract tests hold it against moto's server."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from msk_client.errors import MskClientError, ObjectConflict, StorageUnavailable, UnknownObject
from msk_client.s3.ports import Head, Opened
from tests.objects import OBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from msk_client.deadline import Deadline
    from msk_client.s3.keys import Place
    from msk_client.s3.parts import Parts

T = TypeVar("T")


@dataclass(frozen=True)
class FakeObject:
    """What was put."""

    body: bytes
    headers: Mapping[str, Any]

    @property
    def head(self) -> Head:
        """What S3 says of it."""
        etag = f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'
        return Head(self.headers.get("Metadata", {}), etag, None, len(self.body))


@dataclass
class FakeS3:
    """Buckets in a dictionary."""

    buckets: dict[str, dict[str, FakeObject]] = field(default_factory=lambda: {"my-bucket": {}})
    calls: list[str] = field(default_factory=list)
    fail: Callable[[str, Place], MskClientError | None] = lambda _, __: None
    """What a call raises instead of doing anything."""
    lock: Lock = field(default_factory=Lock)

    @classmethod
    def of_events(cls) -> FakeS3:
        """Make one with the objects that the event files read."""
        return cls({"my-bucket": {key: FakeObject(body, {}) for key, body in OBJECTS.items()}})

    @property
    def objects(self) -> dict[str, FakeObject]:
        """The objects of the usual bucket."""
        return self.buckets["my-bucket"]

    def put_new(
        self,
        at: Place,
        body: bytes | bytearray | Parts,
        headers: Mapping[str, Any],
        deadline: Deadline,
    ) -> bool:
        """See the port."""
        objects = self._begin("put", at, deadline)
        with self.lock:
            if at.key in objects:
                return False
            objects[at.key] = FakeObject(bytes(body), headers)
            return True

    def head(
        self,
        at: Place,
        deadline: Deadline,
        version_id: str | None = None,  # noqa: ARG002 - nothing is versioned here
    ) -> Head | None:
        """See the port."""
        try:
            found = self._begin("head", at, deadline).get(at.key)
        except UnknownObject:  # S3 doesn't tell what of both is missing
            return None
        return None if found is None else found.head

    def open(
        self,
        at: Place,
        deadline: Deadline,
        *,
        if_match: str | None = None,
        version_id: str | None = None,  # noqa: ARG002 - nothing is versioned here
        first_byte: int = 0,
    ) -> Opened:
        """See the port."""
        found = self._begin("open", at, deadline).get(at.key)
        if found is None:
            raise UnknownObject(f"The object {at} doesn't exist.")
        if if_match not in {None, found.head.etag}:
            raise ObjectConflict(f"{at} is not the object that was meant.")
        return Opened(found.head, io.BytesIO(found.body[first_byte:]))

    def keys(self, below: Place, after: str, deadline: Deadline) -> list[str]:
        """See the port; two at a time."""
        objects = self._begin("keys", below, deadline)
        return [key for key in sorted(objects) if key.startswith(below.key) and key > after][:2]

    def reading(self, read: Callable[[], T], at: Place, deadline: Deadline) -> T:
        """See the port."""
        self._begin("reading", at, deadline)
        return read()

    def _begin(self, call: str, at: Place, deadline: Deadline) -> dict[str, FakeObject]:
        self.calls.append(f"{call} {at.key}")
        if deadline.passed:
            raise StorageUnavailable("The time ran out.")
        failure = self.fail(call, at)
        if failure is not None:
            raise failure
        if at.bucket not in self.buckets:
            raise UnknownObject(f"The bucket {at.bucket!r} doesn't exist.")
        return self.buckets[at.bucket]
