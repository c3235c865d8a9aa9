"""Destinations: of settings, and of what an event says over them."""

from __future__ import annotations

from typing import Any

import pytest

from msk_client import settings_output
from msk_client.errors import InvalidRequest, InvalidSetting, NotAuthorized
from msk_client.s3.destinations import Wish, destination
from msk_client.s3.keys import Start
from msk_client.s3.objects import OBJECT_BYTES
from msk_client.settings_output import Output, read

START = Start("orders", 0, 7, 0)
FULL = {
    "OUTPUT_BUCKET": "lake-bucket",
    "OUTPUT_PREFIX": "raw",
    "OUTPUT_PATTERN": "{prefix}{date}/{topic}/{p}/{start}.csv.gz",
    "OUTPUT_FORMAT": "csv.gz",
    "OUTPUT_COLUMNS": "offset, value.id ,k=key",
    "OUTPUT_OBJECT_BYTES": "1000",
    "OUTPUT_KMS_KEY_ID": "alias/lake",
    "OUTPUT_DEAD_LETTER": "s3://other/dead",
    "ALLOWED_BUCKETS": "lake-*, other",
}


def test_the_settings_are_read() -> None:
    """Each variable has its place; lists are split at commas."""
    assert set(FULL) == set(settings_output.NAMES)
    assert read(FULL) == Output(
        "lake-bucket",
        "raw",
        "{prefix}{date}/{topic}/{p}/{start}.csv.gz",
        "csv.gz",
        ("offset", "value.id", "k=key"),
        1000,
        "alias/lake",
        "s3://other/dead",
        ("lake-*", "other"),
    )
    assert read({}) == Output()


@pytest.mark.parametrize("text", ["0", "-1", "64MB", "1e9", "99999999999", "1073741825"])
def test_a_wrong_size_is_refused(text: str) -> None:
    """A size that is no number of bytes, or too large, names its variable."""
    with pytest.raises(InvalidSetting, match=r"^OUTPUT_OBJECT_BYTES is"):
        read({"OUTPUT_OBJECT_BYTES": text})


def test_the_settings_make_a_destination() -> None:
    """Without a wish, all is as the settings say."""
    made = destination(read(FULL))
    assert made.uri == "s3://lake-bucket/raw/"
    assert made.place(START).key == "raw/1970-01-01/orders/0/7.csv.gz"
    assert (made.form.name, made.form.columns) == ("csv.gz", ("offset", "value.id", "k=key"))
    assert (made.kms_key_id, made.object_bytes) == ("alias/lake", 1000)


def test_the_defaults_make_a_destination() -> None:
    """A bucket is enough."""
    made = destination(Output(bucket="lake-bucket"))
    assert str(made.place(START)) == (
        "s3://lake-bucket/orders/partition=0/00000000000000000007.ndjson.gz"
    )
    assert (made.kms_key_id, made.object_bytes) == (None, OBJECT_BYTES)


def test_a_wish_goes_over_the_settings() -> None:
    """What an event says holds, and what it doesn't say is left to the settings."""
    wish = Wish(uri="s3://other/x", pattern="{prefix}{topic}.{p}.{start}.ndjson", form="ndjson")
    made = destination(read(FULL), wish, "base64")
    assert str(made.place(START)) == "s3://other/x/orders.0.7.ndjson"
    assert (made.form.name, made.form.columns, made.form.values) == ("ndjson", (), "base64")
    assert made.kms_key_id == "alias/lake"
    other = destination(
        Output(), Wish("s3://other", form="csv", columns=("key",), object_bytes=5, kms_key_id="k")
    )
    assert (other.form.columns, other.object_bytes, other.kms_key_id) == (("key",), 5, "k")


def test_the_settings_columns_go_with_a_wish_for_csv() -> None:
    """An event that asks for another compression of CSV keeps the columns."""
    output = Output(bucket="lake-bucket", form="csv", columns=("offset",))
    assert destination(output, Wish(form="csv.zst")).form.columns == ("offset",)
    assert destination(output, Wish(columns=("key",))).form.columns == ("key",)


def test_without_a_bucket_there_is_no_destination() -> None:
    """Where neither event nor settings name a bucket, the message says how to."""
    with pytest.raises(InvalidSetting, match=r"^OUTPUT_BUCKET is not set.* or give the event a"):
        destination(Output(), Wish())


def test_a_mapping_has_no_event_to_name_a_bucket() -> None:
    """Where only the settings can name it, nothing else is advised."""
    with pytest.raises(InvalidSetting) as caught:
        destination(Output())
    told = "OUTPUT_BUCKET is not set: name the bucket that objects go to."
    assert str(caught.value) == told


@pytest.mark.parametrize("bucket", ["secret-bucket", "lake"])
def test_a_bucket_that_is_not_allowed_is_refused(bucket: str) -> None:
    """ALLOWED_BUCKETS holds for what an event names and for the settings' own."""
    allowed = ("lake-*", "other")
    for output, wish in (
        (Output(allowed_buckets=allowed), Wish(uri=f"s3://{bucket}/x")),
        (Output(bucket=bucket, allowed_buckets=allowed), None),
    ):
        with pytest.raises(NotAuthorized, match=r"ALLOWED_BUCKETS.*lists lake-\*, other"):
            destination(output, wish)


@pytest.mark.parametrize(
    ("output", "wish", "message"),
    [
        ({"form": "xml"}, {}, "OUTPUT_FORMAT is 'xml'"),
        ({"columns": ("offset",)}, {}, "OUTPUT_FORMAT is 'ndjson.gz', which has no columns"),
        ({"form": "csv", "columns": ("x",)}, {}, "Column 'x' is none"),
        ({"pattern": "{topic}"}, {}, "OUTPUT_PATTERN is '{topic}': it lacks"),
        ({"bucket": "A"}, {}, "OUTPUT_BUCKET names the bucket 'A'"),
        ({"prefix": "\0"}, {}, "OUTPUT_PREFIX holds a control character"),
        (
            {"prefix": "x", "pattern": "{topic}/{p}/{start}.ndjson.gz"},
            {},
            "OUTPUT_PATTERN is '{topic}/{p}/{start}.ndjson.gz', which has no {prefix}",
        ),
        (
            {"pattern": "{topic}/{p}/{start}.csv"},
            {},
            "doesn't fit the format 'ndjson.gz'",
        ),
        (
            {"pattern": "{topic}/{p}/{start}.gz", "form": "csv"},
            {},
            "OUTPUT_PATTERN is '{topic}/{p}/{start}.gz', whose extension",
        ),
    ],
)
def test_wrong_settings_are_named(
    output: dict[str, Any], wish: dict[str, Any], message: str
) -> None:
    """What is wrong in the settings names its variable."""
    with pytest.raises(InvalidSetting) as caught:
        destination(Output(**({"bucket": "lake-bucket"} | output)), Wish(**wish))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"uri": "lake"}, "Field 'destination' is 'lake': give s3://bucket/prefix"),
        ({"form": "xml"}, "Field 'destination.format' is 'xml'"),
        ({"columns": ("x",)}, "has no columns"),
        ({"form": "csv", "columns": ("x",)}, "Column 'x' is none"),
        ({"pattern": "{topic}"}, "Field 'destination.pattern' is '{topic}': it lacks"),
        (
            {"uri": "s3://lake/x", "pattern": "{topic}/{p}/{start}.ndjson.gz"},
            "Field 'destination.pattern' is '{topic}/{p}/{start}.ndjson.gz', which has no {prefix}",
        ),
        (
            {"pattern": "{prefix}{topic}/{p}/{start}.zst"},
            "Field 'destination.pattern' is '{prefix}{topic}/{p}/{start}.zst', whose extension",
        ),
    ],
)
def test_wrong_wishes_are_named(wish: dict[str, Any], message: str) -> None:
    """What is wrong in the event names its field."""
    with pytest.raises(InvalidRequest) as caught:
        destination(Output(bucket="lake-bucket"), Wish(**wish))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("end", "form"),
    [
        ("ndjson.gz", "ndjson.gz"),
        ("json", "ndjson"),
        ("csv", "csv"),
        ("csv.zstd", "csv.zst"),
        ("", "raw"),
    ],
)
def test_an_extension_promises_a_compression(end: str, form: str) -> None:
    """A pattern's end need not name the format, only not another compression."""
    pattern = "{topic}/{p}/{start}." + end
    assert destination(Output(), Wish("s3://lake", pattern, form)).form.name == form
