"""Names of objects: made of what a range of records is, never of when it was written.

So whoever writes the same range again meets the object that is there already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from string import Formatter

from msk_client.errors import InvalidRequest, MskClientError

DEFAULT_PATTERN = "{prefix}{topic}/partition={partition}/{start:020}"
"""The format's extension follows."""

PARTS = ("prefix", "topic", "partition", "start", "date")
ALIASES = {"p": "partition"}
NEEDED = ("topic", "partition", "start")
NUMBERS = ("partition", "start")
MAX_KEY_BYTES = 1024
WIDTH = re.compile(r"(0[0-9]{1,2})?")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ARN = re.compile(r"arn:aws[a-z-]*:s3:[a-z0-9-]*:[0-9]*:accesspoint[/:][a-z0-9-]+")
URI = re.compile(r"s3://(?P<bucket>[^/]+)(?:/(?P<key>.*))?", re.DOTALL)
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
DAY_MS = 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31: a producer's clock, or its unit, may be wrong."""


@dataclass(frozen=True)
class Place:
    """A bucket and a key in it."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True)
class Start:
    """Where a range of records begins: what its object's name is made of."""

    topic: str
    partition: int
    start: int
    day: int
    """Of the first record, in days since 1970-01-01 UTC."""


@dataclass(frozen=True)
class Pattern:
    """How keys are made; `parse` checks one."""

    text: str

    @classmethod
    def parse(
        cls, text: str, named: str, problem: type[MskClientError] = InvalidRequest
    ) -> Pattern:
        """Check a pattern; raises `problem`, which says that it stands in `named`."""
        fault = _fault(text)
        if fault:
            raise problem(
                f"{named} is {text!r}: {fault}. Its parts are {_braced(PARTS)}, of which"
                f" {_braced(NEEDED)} are needed, so that no two ranges share an object and none"
                f" stands in two. For example: {DEFAULT_PATTERN}.ndjson.gz"
            )
        return cls(text)

    @property
    def uses_prefix(self) -> bool:
        """Whether a prefix goes into the keys."""
        return "prefix" in _names(self.text)

    def key(self, prefix: str, start: Start) -> str:
        """Make a key; raises `InvalidRequest` where it is longer than S3 allows."""
        values = {
            "prefix": prefix,
            "topic": start.topic,
            "partition": start.partition,
            "p": start.partition,
            "start": start.start,
            "date": date_of(start.day),
        }
        key = self.text.format_map(values)
        if len(key.encode()) > MAX_KEY_BYTES:
            raise InvalidRequest(
                f"The key {key[:100]!r}... is longer than the {MAX_KEY_BYTES} bytes that S3 allows:"
                " choose a shorter prefix or pattern."
            )
        return key


def parse_uri(
    text: str,
    named: str,
    problem: type[MskClientError] = InvalidRequest,
    form: str = "s3://bucket/prefix",
) -> Place:
    """Split `s3://bucket/key`; the key may be empty. Raises `problem`, which says what to give."""
    match = URI.fullmatch(text)
    if match is None:
        raise problem(f"{named} is {text[:100]!r}: give {form}.")
    check_bucket(match["bucket"], named, problem)
    return Place(match["bucket"], check_key(match["key"] or "", named, problem))


def check_bucket(bucket: str, named: str, problem: type[MskClientError] = InvalidRequest) -> str:
    """Answer a bucket's name (or an access point's ARN) if it can be one; raises `problem`."""
    if not BUCKET.fullmatch(bucket) and not ARN.fullmatch(bucket):
        raise problem(
            f"{named} names the bucket {bucket[:100]!r}, which can't be one: 3 to 63 small letters,"
            " digits, dots and hyphens."
        )
    return bucket


def check_key(key: str, named: str, problem: type[MskClientError] = InvalidRequest) -> str:
    """Answer a key or prefix if S3 takes it; raises `problem`."""
    if UNPRINTABLE.search(key):
        raise problem(f"{named} holds a control character or a lone surrogate: leave it out.")
    if len(key.encode()) > MAX_KEY_BYTES:
        raise problem(f"{named} is longer than the {MAX_KEY_BYTES} bytes that S3 allows.")
    return key


def folder(prefix: str) -> str:
    """Make a prefix end with a slash, unless it is empty: `exports` means that folder."""
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def allowed(bucket: str, globs: tuple[str, ...] | None) -> bool:
    """Tell whether ALLOWED_BUCKETS allows a bucket; unset it restricts nothing."""
    return globs is None or any(fnmatchcase(bucket, glob) for glob in globs)


def day_of(timestamp_ms: int | None) -> int:
    """Days since 1970-01-01 UTC, within what a calendar can say; no timestamp is day 0."""
    return min(max((timestamp_ms or 0) // DAY_MS, FIRST_DAY), LAST_DAY)


def date_of(day: int) -> str:
    """Write a day as `2026-01-31`."""
    return (EPOCH + timedelta(days=day)).isoformat()


def _names(text: str) -> list[str]:
    names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    return [ALIASES.get(name, name) for name in names]


def _fault(text: str) -> str:
    """Say what is wrong with a pattern; empty where nothing is."""
    try:
        parts = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError as problem:
        return f"its braces don't match ({problem})"
    for _, name, spec, conversion in parts:
        fault = _part_fault(name or "", spec or "", conversion)
        if fault:
            return f"{{{name}}} {fault}"
    missing = [name for name in NEEDED if name not in _names(text)]
    if missing:
        return f"it lacks {_braced(missing)}"
    return "it holds a control character" if UNPRINTABLE.search(text) else ""


def _part_fault(name: str, spec: str, conversion: str | None) -> str:
    known = ALIASES.get(name, name)
    if known not in PARTS:
        return "is no part of a key"
    if conversion or not WIDTH.fullmatch(spec):
        return "has a format that is no width such as 020"
    return "takes no width" if spec and known not in NUMBERS else ""


def _braced(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
