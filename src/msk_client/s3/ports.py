"""What is needed of S3: the port that botocore's client and the tests' fake both are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from msk_client.deadline import Deadline
    from msk_client.s3.keys import Place
    from msk_client.s3.parts import Parts

T = TypeVar("T")


@dataclass(frozen=True)
class Head:
    """What S3 says of an object."""

    metadata: Mapping[str, str]
    etag: str
    version_id: str | None
    size_bytes: int


@dataclass(frozen=True)
class Opened:
    """An object that is being read; `body` ends early or raises where the connection is lost."""

    head: Head
    body: BinaryIO


class Storage(Protocol):
    """S3. Every call ends by its deadline; calls may come from several threads.

    Each raises `NotAuthorized`, `AuthenticationFailed`, `UnknownObject`, `StorageUnavailable` or
    `StorageRefused`, naming bucket and key.
    """

    def put_new(
        self,
        at: Place,
        body: bytes | bytearray | Parts,
        headers: Mapping[str, Any],
        deadline: Deadline,
    ) -> bool:
        """Write an object where there is none; False where there is one.

        After a lost answer the object that is there may be this very one. `headers` are fields of
        PutObject, such as ContentType and Metadata.
        """
        ...

    def head(self, at: Place, deadline: Deadline, version_id: str | None = None) -> Head | None:
        """Look an object, or a version of it, up; None where there is none."""
        ...

    def open(
        self,
        at: Place,
        deadline: Deadline,
        *,
        if_match: str | None = None,
        version_id: str | None = None,
        first_byte: int = 0,
    ) -> Opened:
        """Begin to read an object; raises `UnknownObject`, and `ObjectConflict` for If-Match."""
        ...

    def keys(self, below: Place, after: str, deadline: Deadline) -> list[str]:
        """List keys that begin with a place's and come after `after`, in order, some at a time."""
        ...

    def reading(self, read: Callable[[], T], at: Place, deadline: Deadline) -> T:
        """Run what opens and reads an object, again from its start where the connection is lost."""
        ...
