"""Content of an object as records: lines of values, lines of records, rows of CSV."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.actions.sourcing import lines, parts, rows
from msk_client.actions.sourcing.parts import BATCH, Bad, Batch, skipped
from msk_client.errors import InvalidRequest
from msk_client.records import Outgoing, Record, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from msk_client.actions.sourcing.parts import Part


def cut(content: bytes, places: Iterable[int]) -> Iterator[bytes]:
    """Cut content into blocks, as they might come."""
    ends = sorted({0, len(content), *(place % (len(content) + 1) for place in places)})
    yield from (content[start:end] for start, end in pairwise(ends))


def read(found: Iterable[Part]) -> tuple[list[object], dict[int, str]]:
    """Answer the records in their order, and what is wrong with the others, by number."""
    records: list[object] = []
    bad: dict[int, str] = {}
    for part in found:
        assert len(records) + len(bad) == (part.number if isinstance(part, Bad) else part.first)
        if isinstance(part, Bad):
            bad[part.number] = str(part.error)
        else:
            assert len(part.records) <= BATCH
            records += part.records
    return records, bad


def shown(record: Record) -> bytes:
    """Write a record as `consume` answers it."""
    return json.dumps(to_json(record, "text")).encode()


# Values


@given(st.lists(st.binary(min_size=1, max_size=20)), st.lists(st.integers(0, 10**6)))
def test_values_are_the_lines(wanted: list[bytes], places: list[int]) -> None:
    """Wherever blocks begin and end, each line that isn't empty is a value, byte for byte."""
    given_lines = [value.translate(None, b"\r\n") for value in wanted]
    content = b"\n".join(given_lines)
    expected = [v for v in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if v]
    assert (expected, {}) == read(lines.values(cut(content, places)))
    assert (expected, {}) == read(lines.values(cut(content + b"\n", places)))
    assert (expected, {}) == read(lines.values(cut(content.replace(b"\n", b"\r\n"), places)))


def test_values_come_in_batches() -> None:
    """Many short lines of a block are handed on in batches."""
    found = list(lines.values([b"x\n" * (2 * BATCH + 1)]))
    assert [(0, BATCH), (BATCH, BATCH), (2 * BATCH, 1)] == [
        (part.first, len(part.records)) for part in found if isinstance(part, Batch)
    ]


def test_nothing_is_no_value() -> None:
    """An empty object, and one of blank lines, has no records."""
    assert ([], {}) == read(lines.values([]))
    assert ([], {}) == read(lines.values([b"\n", b"\r\n\n"]))
    assert ([], {}) == read(lines.values([b"\xef\xbb", b"\xbf"]))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_beyond_all_bounds(monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    """A line that no record can be as long as is one bad record, however long it is."""
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 10)
    blocks = [b"a\nb", b"b" * 9, b"c" * 8, b"d" * 8, b"e" * 3 + end, b"f\n" if end else b""]
    values, bad = read(lines.values(blocks))
    assert ([b"a", b"f"] if end else [b"a"], [1]) == (values, [*bad])
    assert ([b"x" * 10], {}) == read(lines.values([b"x" * 5, b"x" * 5 + b"\r", b"\n"]))


# Records

RECORD = Record(
    "orders", 2, 41, 1_700_000_000_000, "create", b"k", b"v", [("h", b"1"), ("n", None)]
)


@pytest.mark.parametrize(
    "record",
    [
        RECORD,
        Record("t", 0, 0, 1, "log_append", None, None, []),
        Record("t", 0, 0, None, None, b"\xff", b"\x00\xfe", [("b", b"\xff")]),
        Record("t", 0, 0, 5, "create", b"", '"\u2028\\'.encode(), [("\x01", b"")]),
        Record("t", 0, 0, 5, "create", b"k", b"v", [], "the headers are left out"),
        Record("t", 0, 0, 5, "create", b"k", b"v", [], None, {"dataFormat": "AVRO"}, {"a": 1}),
    ],
)
def test_what_was_read_can_be_sent(record: Record) -> None:
    """A record as consume and our objects show it comes back with all it had."""
    expected = Outgoing(
        record.key, record.value, record.headers, record.partition, record.timestamp_ms or 0
    )
    ((found,), bad) = read(lines.records([shown(record) + b"\n"]))
    assert (expected, {}) == (found, bad)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ('{"value": {"a": 1}}', b'{"a":1}'),
        ('{"value": 123456789012345678901234567890}', b"123456789012345678901234567890"),
        ('{"value": 1.0, "topic": "another"}', b"1.0"),
        ('{"value_base64": "/w=="}', b"\xff"),
        ('{"value": "\\u00e9", "key": null, "headers": {"a": "b"}}', "é".encode()),
        (' {"value" : [ ] } ', b"[]"),
    ],
)
def test_records_are_as_in_an_event(line: str, value: bytes) -> None:
    """A record may have every form that produce takes, and any topic's name."""
    ((found,), bad) = read(lines.records([line.encode()]))
    assert isinstance(found, Outgoing)
    assert (value, {}) == (found.value, bad)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nothing", "not JSON"),
        ("[1]", "not the form of a record"),
        ('{"key": "k"}', "value is missing"),
        ('{"value": "a", "value_base64": "YQ=="}', "both given"),
        ('{"value": "a", "oops": 1}', "oops"),
        ('{"value": "a", "timestamp": 0}', "timestamp"),
        ('{"value": "\\ud800"}', "surrogate"),
        ('{"value": "a", "headers": [["a\\u0000", "b"]]}', "NUL"),
        ('{"value": NaN}', "NaN"),
        ("[" * 100_000, "not JSON"),
        (shown(RECORD).decode().replace('"partition": 2', '"partition": 4294967296'), "partition"),
        (shown(RECORD).decode().replace('["h", ', '["h\\u0000", '), "NUL"),
    ],
)
def test_a_bad_record_is_named(line: str, told: str) -> None:
    """A line that is no record is told with its number; those around it are read."""
    good = shown(RECORD).decode()
    records, bad = read(lines.records([f"{good}\n{line}\n{good}\n".encode()]))
    assert (2, [1]) == (len(records), [*bad])
    assert told in bad[1]
    assert "ecord 1" in bad[1]


def test_a_line_that_is_not_utf8_is_no_record() -> None:
    """JSON is UTF-8."""
    _, bad = read(lines.records([b'{"value": "\xff"}']))
    assert "UTF-8" in bad[0]


# CSV


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\r\0", codec="utf-8"), min_size=1, max_size=5),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    st.data(),
)
def test_rows_are_objects(columns: list[str], data: st.DataObject) -> None:
    """Whatever is quoted and wherever blocks are cut, each row is an object of its columns."""
    cell = st.text(st.characters(exclude_characters="\r\0", codec="utf-8"), max_size=5)
    row = st.lists(cell, min_size=len(columns), max_size=len(columns))
    wanted = data.draw(st.lists(row.filter(any), max_size=5))
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([columns, *wanted])
    content = text.getvalue().encode()
    places = data.draw(st.lists(st.integers(0, 10**6)))
    records, bad = read(rows.rows(cut(content, places), columns[0]))
    values = [json.loads(r.value or b"") for r in records if isinstance(r, Outgoing)]
    assert ([dict(zip(columns, one, strict=True)) for one in wanted], {}) == (values, bad)
    keys = [r.key for r in records if isinstance(r, Outgoing)]
    assert [one[0].encode() or None for one in wanted] == keys


CSV = b'\xef\xbb\xbfid,name\r\n1,\xc3\xa9\r\n\r\n2,"a\nb"\r\n,x\r\n'


def test_a_csv_as_spreadsheets_write_it() -> None:
    """A mark at the beginning, blank rows and quoted line feeds are as they should be."""
    records, bad = read(rows.rows([CSV], "id"))
    assert {} == bad
    assert [
        Outgoing(b"1", '{"id":"1","name":"é"}'.encode(), []),
        Outgoing(b"2", b'{"id":"2","name":"a\\nb"}', []),
        Outgoing(None, b'{"id":"","name":"x"}', []),
    ] == records
    assert all(r.key is None for r in read(rows.rows([CSV], None))[0] if isinstance(r, Outgoing))


def test_a_row_of_another_length_is_named() -> None:
    """A row with more or fewer fields than the header is told, and those around it are read."""
    records, bad = read(rows.rows([b"a,b\n1,2\n3\n4,5,6\n7,8\n"], None))
    assert (2, [1, 2]) == (len(records), [*bad])
    assert "1 fields" in bad[1]


@pytest.mark.parametrize(
    ("content", "number"), [(b'a\n1\n"2"x\n3\n', 1), (b"a\n1\n\xff\n3\n", 1), (b'a\n"1\n2\n', 0)]
)
def test_what_is_no_csv_ends_it(content: bytes, number: int) -> None:
    """Behind what is no CSV nothing can be told apart: it is the last part."""
    *_, last = rows.rows([content], None)
    assert isinstance(last, Bad)
    assert (number, True) == (last.number, last.final)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'a\n1\n"2"x\n3\n', "Record 1, from line 3 on, is no CSV: "),
        (b'a\n"1\n1"\n"2\n2\n', "Record 1, from line 4 on, is no CSV: a quotation mark opens"),
        (b"a\n1\n\xff\n", "Record 1, from line 3 on, is not UTF-8."),
        (b"\xff\n", "The header, from line 1 on, is not UTF-8."),
        (b'"a\n1\n', "The header, from line 1 on, is no CSV: a quotation mark opens"),
    ],
)
def test_the_line_is_told(content: bytes, told: str) -> None:
    """What can't be read is told with the line on which it begins, as editors number them."""
    *_, last = rows.rows([content], None)
    assert isinstance(last, Bad)
    assert str(last.error).startswith(told)


def test_a_quote_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field or line beyond all bounds isn't read into memory."""
    monkeypatch.setattr(rows, "MAX_LINE_BYTES", 100)
    for block in (b"x" * 60, b'"\n' + b"x\n" * 30):
        *_, last = rows.rows(
            [b"a\n", block, *[b"y\n" * 30 if b"\n" in block else b"y" * 60] * 9], None
        )
        assert isinstance(last, Bad)
        assert last.final
    csv.field_size_limit(parts.MAX_LINE_BYTES)


def test_wide_rows_come_in_small_batches() -> None:
    """Rows are handed on by their bytes, however few they are: memory doesn't follow their size."""
    row = b"x" * 400_000 + b"\n"
    found = [p for p in rows.rows([b"a\n", *[row] * 10], None) if isinstance(p, Batch)]
    assert [3, 3, 3, 1] == [len(part.records) for part in found]
    assert [0, 3, 6, 9] == [part.first for part in found]


@pytest.mark.parametrize(
    ("header", "told"), [(b"a,a\n", "twice"), (b"a,\n", "without a name"), (b"a,b\n", "'id'")]
)
def test_a_header_names_each_column(header: bytes, told: str) -> None:
    """Columns have names, each another, and the key's is among them."""
    with pytest.raises(InvalidRequest, match=told):
        list(rows.rows([header], "id"))


def test_an_empty_csv_has_no_rows() -> None:
    """Without a header there is nothing."""
    assert ([], {}) == read(rows.rows([], "id"))


# Going on


@pytest.mark.parametrize("reader", [lines.values, lines.records, lambda b: rows.rows(b, "value")])
@pytest.mark.parametrize("first", [0, 1, 5, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 3])
def test_going_on_leaves_out_what_came_before(
    reader: Callable[[Iterable[bytes]], Iterator[Part]], first: int
) -> None:
    """Read on from a record, the numbers are those of the whole content."""
    count = 2 * BATCH + 3
    header = b'"value"\n' if reader not in (lines.values, lines.records) else b""
    line = b'{"value":"x"}\n' if not header else b"x\n"
    content = [header + line * count]
    whole, _ = read(reader(content))
    rest = [part for part in skipped(reader(content), first) if isinstance(part, Batch)]
    assert whole[first:] == [record for part in rest for record in part.records]
    assert [part.first for part in rest][:1] in ([], [first])


def test_there_is_something_to_go_on_with() -> None:
    """A record behind the content's end is a mistake, and none of the content is sent."""
    assert [] == list(skipped(lines.values([b"a\nb\n"]), 2))
    with pytest.raises(InvalidRequest, match=r"no record 3 .* 2 records"):
        list(skipped(lines.values([b"a\nb\n"]), 3))


def test_bad_records_before_the_first_are_left_out() -> None:
    """What was told before isn't told again, unless nothing can be read behind it."""
    content = [b"oops\n" + shown(RECORD) + b"\noops\n"]
    assert [2] == [p.number for p in skipped(lines.records(content), 1) if isinstance(p, Bad)]
    (*_, last) = skipped(rows.rows([b'a\n"1"x'], None), 7)
    assert isinstance(last, Bad)
