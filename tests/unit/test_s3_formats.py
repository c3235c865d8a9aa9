"""Lines of objects: the record shape, values, lengths; and how formats are named."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.errors import InvalidRequest, InvalidSetting, UnfitRecord
from msk_client.records import Record, to_json
from msk_client.s3 import formats
from msk_client.s3.packing import packer, unpacked

if TYPE_CHECKING:
    from msk_client.records import Format as Values

BYTES = st.none() | st.binary(max_size=30) | st.text(max_size=30).map(str.encode)
HEADERS = st.lists(st.tuples(st.text(max_size=5), BYTES), max_size=3)
RECORDS = st.builds(
    Record,
    topic=st.sampled_from(["orders", "a.b-c_d"]),
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    timestamp_ms=st.none() | st.integers(-1, 2**63 - 1),
    timestamp_type=st.sampled_from(["create", "log_append", None]),
    key=BYTES,
    value=BYTES | st.integers().map(lambda number: json.dumps({"id": number}).encode()),
    headers=HEADERS,
    error=st.sampled_from([None, None, "the headers are left out"]),
    key_schema=st.none() | st.just({"dataFormat": "AVRO", "schemaId": "1"}),
)


def record(value: bytes | None, **changes: object) -> Record:
    """Make a record."""
    plain: dict[str, Any] = {"key": b"k", "headers": [], "timestamp_ms": 1, "offset": 7}
    return Record(
        topic="orders", partition=0, timestamp_type="create", value=value, **plain | changes
    )


def line(one: Record, name: str = "ndjson", values: Values = "text") -> bytes:
    """Write a record."""
    into = bytearray()
    formats.parse(name, values=values).writer()(one, into)
    return bytes(into)


@pytest.mark.parametrize("value", [b"v", b"\xff"])
@pytest.mark.parametrize("values", ["text", "json", "base64"])
def test_a_name_that_is_no_text_has_no_place(value: bytes, values: Values) -> None:
    """A header's name without a UTF-8 form is told, and nothing of its line stays behind."""
    into = bytearray(b"before\n")
    write = formats.parse("ndjson", values=values).writer()
    with pytest.raises(UnfitRecord, match=r"offset 7 .* lone surrogate"):
        write(record(value, headers=[("a", b"b"), ("\ud800", b"b")]), into)
    assert into == b"before\n"


@given(RECORDS, st.sampled_from(["text", "json", "base64"]))
def test_a_line_of_ndjson_is_the_record_shape(one: Record, values: Values) -> None:
    """A line is what `consume` would answer, every field in its place, in one line."""
    written = line(one, values=values)
    assert written.endswith(b"\n")
    assert written.count(b"\n") == 1
    expected = json.loads(json.dumps(to_json(one, values)))
    assert json.loads(written) == expected
    assert list(json.loads(written)) == list(expected)


@given(RECORDS)
def test_a_line_is_compact_and_the_same_every_time(one: Record) -> None:
    """A record has one form: no space, no escaped letters, the same bytes again."""
    assert line(one) == line(one)
    assert b'": ' not in line(record("é".encode()))
    assert "é".encode() in line(record("é".encode()))


def test_large_integers_stay_what_they_are() -> None:
    """A number beyond 64 bits in a value that is shown as JSON keeps its digits."""
    assert json.loads(line(record(b"123456789012345678901234567890"), values="json"))["value"] == (
        123456789012345678901234567890
    )


@pytest.mark.parametrize(
    ("value", "expected"), [(b"a", b"a\n"), (b"", b"\n"), (None, b"\n"), (b"\xff", b"\xff\n")]
)
def test_raw_is_a_value_a_line(value: bytes | None, expected: bytes) -> None:
    """A value is written as it is, a tombstone as an empty line."""
    assert line(record(value), "raw") == expected


def test_raw_refuses_a_line_feed() -> None:
    """A value with a line feed is refused, named, and leaves nothing behind."""
    into = bytearray(b"before\n")
    with pytest.raises(UnfitRecord, match=r"offset 7 of partition 0 of topic 'orders'.*'bin'"):
        formats.parse("raw").writer()(record(b"a\nb"), into)
    assert into == b"before\n"


@given(st.lists(st.none() | st.binary(max_size=20), max_size=5))
def test_bin_can_be_read_back(values: list[bytes | None]) -> None:
    """Values behind their lengths come back, whatever bytes they are, tombstones too."""
    content = b"".join(line(record(value), "bin") for value in values)
    found: list[bytes | None] = []
    while content:
        length = int.from_bytes(content[:4], "big", signed=True)
        found.append(None if length < 0 else content[4 : 4 + length])
        content = content[4 + max(0, length) :]
    assert found == values


@pytest.mark.parametrize(
    ("name", "kind", "content_type", "encoding"),
    [
        ("ndjson", "ndjson", "application/x-ndjson", None),
        ("ndjson.gz", "ndjson", "application/x-ndjson", "gzip"),
        ("csv.zst", "csv", "text/csv; charset=utf-8", "zstd"),
        ("raw.gz", "raw", "text/plain", "gzip"),
        ("bin", "bin", "application/octet-stream", None),
    ],
)
def test_a_format_is_named_by_its_extension(
    name: str, kind: str, content_type: str, encoding: str | None
) -> None:
    """The name says content type and encoding, and is the extension again."""
    form = formats.parse(name)
    assert (form.kind, form.name) == (kind, name)
    assert (form.content_type, form.content_encoding) == (content_type, encoding)


@pytest.mark.parametrize("name", ["", "json", "ndjson.", "ndjson.bz2", ".gz", "csv.gz.gz"])
def test_an_unknown_format_is_refused(name: str) -> None:
    """Any other name is refused, with those that there are."""
    with pytest.raises(InvalidSetting, match=r"OUTPUT_FORMAT is .*ndjson, csv, raw, bin"):
        formats.parse(name, named="OUTPUT_FORMAT", problem=InvalidSetting)


def test_columns_go_with_csv_only() -> None:
    """Columns for a format that has none are refused."""
    with pytest.raises(InvalidRequest, match="has no columns"):
        formats.parse("ndjson", ["offset"])


def test_values_as_json_go_with_ndjson_only() -> None:
    """How values are shown makes no sense where no record is shown."""
    with pytest.raises(InvalidRequest, match="goes with ndjson"):
        formats.parse("raw", values="json")


@given(st.lists(st.binary(max_size=2_000), max_size=5), st.sampled_from(["", "gz", "zst"]))
def test_compression_is_undone_and_has_no_clock(
    chunks: list[bytes], compression: formats.Compression
) -> None:
    """What is packed in parts comes back, and packs to the same bytes again."""
    packed = []
    for _ in range(2):
        one = packer(compression)
        packed.append(b"".join([*map(one.compress, chunks), one.flush()]))
    assert packed[0] == packed[1]
    assert unpacked(io.BytesIO(packed[0]), compression).read() == b"".join(chunks)
