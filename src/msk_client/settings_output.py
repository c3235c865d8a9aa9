"""The settings of what is written to S3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msk_client.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = (
    "OUTPUT_BUCKET",
    "OUTPUT_PREFIX",
    "OUTPUT_PATTERN",
    "OUTPUT_FORMAT",
    "OUTPUT_COLUMNS",
    "OUTPUT_OBJECT_BYTES",
    "OUTPUT_KMS_KEY_ID",
    "OUTPUT_DEAD_LETTER",
    "ALLOWED_BUCKETS",
)
MAX_OBJECT_BYTES = 1024**3


@dataclass(frozen=True)
class Output:
    """Where objects go unless an event says otherwise; checked where it is used."""

    bucket: str | None = None
    prefix: str = ""
    pattern: str | None = None
    form: str | None = None
    columns: tuple[str, ...] = ()
    object_bytes: int | None = None
    kms_key_id: str | None = None
    dead_letter: str | None = None
    """`s3://bucket/prefix`, of drains and exports."""
    allowed_buckets: tuple[str, ...] | None = None


def read(environ: Mapping[str, str]) -> Output:
    """Make them from `environ`; raises `InvalidSetting` naming the variable."""
    return Output(
        bucket=environ.get("OUTPUT_BUCKET"),
        prefix=environ.get("OUTPUT_PREFIX", ""),
        pattern=environ.get("OUTPUT_PATTERN"),
        form=environ.get("OUTPUT_FORMAT"),
        columns=listed(environ, "OUTPUT_COLUMNS") or (),
        object_bytes=_object_bytes(environ),
        kms_key_id=environ.get("OUTPUT_KMS_KEY_ID"),
        dead_letter=environ.get("OUTPUT_DEAD_LETTER"),
        allowed_buckets=listed(environ, "ALLOWED_BUCKETS"),
    )


def listed(environ: Mapping[str, str], name: str) -> tuple[str, ...] | None:
    """Split a comma-separated list; absent means that nothing is restricted."""
    if name not in environ:
        return None
    return tuple(item.strip() for item in environ[name].split(",") if item.strip())


def _object_bytes(environ: Mapping[str, str]) -> int | None:
    text = environ.get("OUTPUT_OBJECT_BYTES")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text.strip()) or not 0 < int(text) <= MAX_OBJECT_BYTES:
        raise InvalidSetting(
            f"OUTPUT_OBJECT_BYTES is {text!r}: give bytes from 1 to {MAX_OBJECT_BYTES}, e.g."
            " 67108864; an object ends after the record that reaches so many, before compression."
        )
    return int(text)
