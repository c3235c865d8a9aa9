"""What a request says of an object to send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import UNSET, Meta

from msk_client.errors import InvalidRequest, NotAuthorized

if TYPE_CHECKING:
    from msk_client.actions.call import Call
    from msk_client.actions.produce import Produce
    from msk_client.s3.keys import Place

SourceFormat = Literal["values", "records", "csv"]
WITH_SOURCE = ("source_format", "key_column", "keep_partitions", "resume")


class Resume(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where an earlier call stopped: the `position` of its answer or error."""

    record: Annotated[int, Meta(ge=0)]
    """The first record, counted from 0, that wasn't acknowledged."""
    etag: Annotated[str, Meta(min_length=1, max_length=200)]
    version_id: Annotated[str, Meta(min_length=1, max_length=1024)] | None = None

    def as_json(self) -> dict[str, object]:
        """The fields, as an answer has them."""
        return msgspec.structs.asdict(self)

    def __str__(self) -> str:
        return f'"resume": {json.dumps(self.as_json())}'


def check(request: Produce) -> None:
    """Refuse what doesn't go together."""
    if request.source is UNSET:
        for name in WITH_SOURCE:
            if getattr(request, name) is not UNSET:
                raise InvalidRequest(f"Field {name!r} goes with 'source' only, which is not given.")
        return
    if request.records is not UNSET:
        raise InvalidRequest("Fields 'records' and 'source' are both given: give one of them.")
    if request.key_column is not UNSET and request.source_format not in (UNSET, "csv"):
        raise InvalidRequest(
            f"Field 'key_column' goes with CSV, and 'source_format' is {request.source_format!r}."
        )


def place(request: Produce, call: Call) -> Place:
    """Tell which object is meant; raises `NotAuthorized` where ALLOWED_BUCKETS forbids it."""
    from msk_client.s3.keys import parse_uri  # noqa: PLC0415 - not needed without S3

    at = parse_uri(str(request.source), "Field 'source'", form="s3://bucket/key, an object in S3")
    if not at.key or at.key.endswith("/"):
        raise InvalidRequest(
            f"Field 'source' is {at}, which names no object: give s3://bucket/key, one object in a"
            " call."
        )
    allow_bucket(at.bucket, call)
    return at


def allow_bucket(bucket: str, call: Call) -> None:
    """Raise `NotAuthorized` where ALLOWED_BUCKETS forbids a bucket."""
    from msk_client.s3.keys import allowed  # noqa: PLC0415 - not needed without S3

    globs = call.settings.output.allowed_buckets
    if not allowed(bucket, globs):
        raise NotAuthorized(
            f"This function's setting ALLOWED_BUCKETS does not allow bucket {bucket!r}: it lists"
            f" {', '.join(globs or ())}."
        )
