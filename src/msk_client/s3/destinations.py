"""Destinations, of settings and of what an event says over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msk_client.errors import InvalidRequest, InvalidSetting, MskClientError, NotAuthorized
from msk_client.s3 import formats
from msk_client.s3.keys import (
    Pattern,
    Place,
    allowed,
    check_bucket,
    check_key,
    folder,
    parse_uri,
)
from msk_client.s3.objects import OBJECT_BYTES, Destination

if TYPE_CHECKING:
    from msk_client.records import Format as Values
    from msk_client.settings_output import Output

EXTENSIONS = {"gz": "gz", "zst": "zst", "zstd": "zst"}
"""What the end of a key tells its readers about the compression."""


@dataclass(frozen=True)
class Wish:
    """What an event says of a destination; None is left to the settings."""

    uri: str | None = None
    pattern: str | None = None
    form: str | None = None
    columns: tuple[str, ...] | None = None
    object_bytes: int | None = None
    kms_key_id: str | None = None
    dead_letter: str | None = None


def destination(output: Output, wish: Wish | None = None, values: Values = "text") -> Destination:
    """Make a destination; raises `InvalidRequest` or `InvalidSetting` naming what is wrong.

    Without a wish there is no event that could say where objects go, only the settings.
    Raises `NotAuthorized` where ALLOWED_BUCKETS doesn't list the bucket.
    """
    bucket, prefix = _where(output, wish)
    wish = wish or Wish()
    _allow(bucket, output)
    made = Destination(
        bucket=bucket,
        prefix=folder(prefix),
        pattern=_pattern(output, wish),
        form=_form(output, wish, values),
        kms_key_id=wish.kms_key_id or output.kms_key_id,
        object_bytes=wish.object_bytes or output.object_bytes or OBJECT_BYTES,
    )
    _check_together(made, "Field 'destination.pattern'" if wish.pattern else "OUTPUT_PATTERN", wish)
    return made


def dead_letters(output: Output, wish: Wish, beside: Destination) -> Place | None:
    """Answer the bucket and prefix of dead letters, None where they aren't wanted.

    Raises what `destination` raises.
    """
    problem: type[MskClientError] = InvalidRequest if wish.dead_letter else InvalidSetting
    named = "Field 'destination.dead_letter'" if wish.dead_letter else "OUTPUT_DEAD_LETTER"
    uri = wish.dead_letter or output.dead_letter
    if uri is None:
        return None
    given = parse_uri(uri, named, problem)
    _allow(given.bucket, output)
    place = Place(given.bucket, folder(given.key))
    if (place.bucket, place.key) == (beside.bucket, beside.prefix):
        raise problem(
            f"{named} is {uri!r}, where the objects themselves go, and their readers would take"
            f" letters for records: give another prefix, such as s3://{place.bucket}/dead-letters."
        )
    return place


def _allow(bucket: str, output: Output) -> None:
    if not allowed(bucket, output.allowed_buckets):
        raise NotAuthorized(
            f"This function's setting ALLOWED_BUCKETS does not allow bucket {bucket!r}: it lists"
            f" {', '.join(output.allowed_buckets or ())}."
        )


def _where(output: Output, wish: Wish | None) -> tuple[str, str]:
    if wish is not None and wish.uri is not None:
        place = parse_uri(wish.uri, "Field 'destination'")
        return place.bucket, place.key
    if output.bucket is None:
        or_else = "" if wish is None else ", or give the event a 'destination', s3://bucket/prefix"
        raise InvalidSetting(
            f"OUTPUT_BUCKET is not set: name the bucket that objects go to{or_else}."
        )
    bucket = check_bucket(output.bucket, "OUTPUT_BUCKET", InvalidSetting)
    return bucket, check_key(output.prefix, "OUTPUT_PREFIX", InvalidSetting)


def _pattern(output: Output, wish: Wish) -> Pattern | None:
    if wish.pattern is not None:
        return Pattern.parse(wish.pattern, "Field 'destination.pattern'")
    if output.pattern is not None:
        return Pattern.parse(output.pattern, "OUTPUT_PATTERN", InvalidSetting)
    return None


def _form(output: Output, wish: Wish, values: Values) -> formats.Format:
    """The settings' columns go with the settings' format."""
    if wish.form is not None or wish.columns is not None:
        name = wish.form or output.form or formats.DEFAULT
        columns = wish.columns
        if columns is None:
            columns = output.columns if name.startswith("csv") else ()
        return formats.parse(name, columns, values, "Field 'destination.format'")
    name = output.form or formats.DEFAULT
    return formats.parse(name, output.columns, values, "OUTPUT_FORMAT", InvalidSetting)


def _check_together(made: Destination, named: str, wish: Wish) -> None:
    """Refuse a pattern that leaves out the prefix, or promises another compression."""
    if made.pattern is None:
        return
    problem: type[MskClientError] = InvalidRequest if wish.pattern else InvalidSetting
    if made.prefix and not made.pattern.uses_prefix:
        raise problem(
            f"{named} is {made.pattern.text!r}, which has no {{prefix}}, but the prefix is"
            f" {made.prefix!r}: put {{prefix}} into the pattern, or give no prefix."
        )
    promised = EXTENSIONS.get(made.pattern.text.rpartition(".")[2], "")
    if promised != made.form.compression:
        raise problem(
            f"{named} is {made.pattern.text!r}, whose extension doesn't fit the format"
            f" {made.form.name!r}: readers go by the extension, so let it end with"
            f" .{made.form.name}."
        )
