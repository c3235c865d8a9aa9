"""Keys of objects: what a pattern may be, and what it makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.errors import InvalidRequest, InvalidSetting
from msk_client.s3.keys import (
    DEFAULT_PATTERN,
    Pattern,
    Place,
    Start,
    allowed,
    check_bucket,
    date_of,
    day_of,
    folder,
    parse_uri,
)

START = Start("orders", 3, 41, day_of(1_769_860_800_000))


def key(pattern: str, prefix: str = "lake/") -> str:
    """Make the key of the usual start."""
    return Pattern.parse(pattern, "OUTPUT_PATTERN").key(prefix, START)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (DEFAULT_PATTERN + ".ndjson.gz", "lake/orders/partition=3/00000000000000000041.ndjson.gz"),
        (
            "{prefix}{topic}/partition={p}/{start:020}",
            "lake/orders/partition=3/00000000000000000041",
        ),
        (
            "customer-data-{topic}-{partition:04}-{start}.csv",
            "customer-data-orders-0003-41.csv",
        ),
        ("{prefix}date={date}/{topic}/{partition}/{start}", "lake/date=2026-01-31/orders/3/41"),
        ("{{{topic}}}-{partition}-{start}", "{orders}-3-41"),
    ],
)
def test_a_pattern_makes_keys(pattern: str, expected: str) -> None:
    """The parts of a pattern are filled in, numbers with zeros where it says so."""
    assert key(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("customer-data.csv", "it lacks {topic}, {partition}, {start}"),
        ("{topic}/{partition}", "it lacks {start}"),
        ("{topic}{start}", "it lacks {partition}"),
        ("{topic}/{p}/{start}/{now}", "{now} is no part of a key"),
        ("{topic}/{p}/{start}/{request_id}", "{request_id} is no part of a key"),
        ("{topic.__class__}/{p}/{start}", "{topic.__class__} is no part of a key"),
        ("{topic}/{p}/{start}/{}", "{} is no part of a key"),
        ("{topic}/{p}/{start!r}", "{start} has a format that is no width"),
        ("{topic}/{p}/{start:20}", "{start} has a format that is no width"),
        ("{topic}/{p}/{start:{p}}", "{start} has a format that is no width"),
        ("{topic:020}/{p}/{start}", "{topic} takes no width"),
        ("{date:02}{topic}/{p}/{start}", "{date} takes no width"),
        ("{topic}/{p}/{start", "its braces don't match"),
        ("{topic}/{p}/{start}\n", "it holds a control character"),
    ],
)
def test_a_pattern_that_could_lose_or_double_records_is_refused(pattern: str, reason: str) -> None:
    """A pattern without topic, partition and start, or with anything else, is refused by name."""
    with pytest.raises(InvalidSetting) as caught:
        Pattern.parse(pattern, "OUTPUT_PATTERN", InvalidSetting)
    assert reason in str(caught.value)
    assert str(caught.value).startswith("OUTPUT_PATTERN is ")


def test_a_key_longer_than_s3_allows_is_refused() -> None:
    """A key of more than 1,024 bytes is refused before anything is written."""
    with pytest.raises(InvalidRequest, match="longer than the 1024 bytes"):
        key(DEFAULT_PATTERN, "é" * 500 + "/")


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "a-1", "b"]), st.integers(0, 30), st.integers(0, 10**19)),
        unique=True,
        min_size=2,
        max_size=2,
    )
)
def test_no_two_ranges_share_a_key(starts: list[tuple[str, int, int]]) -> None:
    """Other topics, partitions and starts have other keys."""
    one, other = (
        Pattern(DEFAULT_PATTERN).key("", Start(topic, partition, start, 0))
        for topic, partition, start in starts
    )
    assert one != other


@given(st.none() | st.integers(-(2**63), 2**63 - 1))
def test_every_timestamp_has_a_date(timestamp_ms: int | None) -> None:
    """A wrong clock, or microseconds for milliseconds, makes a date at the calendar's end."""
    assert len(date_of(day_of(timestamp_ms))) == len("2026-01-31")


@pytest.mark.parametrize(
    ("timestamp_ms", "date"),
    [
        (0, "1970-01-01"),
        (None, "1970-01-01"),
        (-1, "1969-12-31"),
        (1_769_903_999_999, "2026-01-31"),
        (1_769_904_000_000, "2026-02-01"),
        (1_769_904_000_000_000, "9999-12-31"),
    ],
)
def test_dates_are_utc(timestamp_ms: int | None, date: str) -> None:
    """A day begins at midnight UTC."""
    assert date_of(day_of(timestamp_ms)) == date


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        ("s3://my-bucket", Place("my-bucket", "")),
        ("s3://my-bucket/", Place("my-bucket", "")),
        ("s3://my-bucket/a/b c/ü", Place("my-bucket", "a/b c/ü")),
        (
            "s3://arn:aws:s3:eu-west-1:123456789012:accesspoint:lake/x",
            Place("arn:aws:s3:eu-west-1:123456789012:accesspoint:lake", "x"),
        ),
    ],
)
def test_a_uri_is_bucket_and_key(uri: str, place: Place) -> None:
    """What stands between the slashes is the bucket, the rest is the key."""
    assert parse_uri(uri, "Field 'destination'") == place


@pytest.mark.parametrize(
    "uri",
    ["my-bucket", "s3:/my-bucket", "s3://", "s3:///x", "https://x/y", "s3://UPPER/x", "s3://a/\0"],
)
def test_what_is_no_uri_is_refused(uri: str) -> None:
    """Anything but s3://bucket/prefix is refused, with the field's name."""
    with pytest.raises(InvalidRequest, match=r"^Field 'destination'"):
        parse_uri(uri, "Field 'destination'")


def test_a_bucket_that_can_not_be_is_refused() -> None:
    """A bucket's name is checked before S3 is asked."""
    with pytest.raises(InvalidSetting, match=r"OUTPUT_BUCKET names the bucket 'a_b'"):
        check_bucket("a_b", "OUTPUT_BUCKET", InvalidSetting)


@pytest.mark.parametrize(("prefix", "expected"), [("", ""), ("a", "a/"), ("a/b/", "a/b/")])
def test_a_prefix_is_a_folder(prefix: str, expected: str) -> None:
    """A prefix gets a slash behind it, unless it is empty or has one."""
    assert folder(prefix) == expected


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (None, True),
        ((), False),
        (("my-*",), True),
        (("other", "my-bucket"), True),
        (("my",), False),
    ],
)
def test_allowed_buckets_are_globs(globs: tuple[str, ...] | None, *, expected: bool) -> None:
    """Unset restricts nothing; else a glob must match the whole name."""
    assert allowed("my-bucket", globs) is expected
