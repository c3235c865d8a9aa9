"""CSV: columns of a record and of the JSON in it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.errors import InvalidRequest, UnfitRecord
from msk_client.records import Record
from msk_client.s3 import formats
from msk_client.s3.columns import Columns

ORDER = b'{"id": 5, "customer": {"name": "Ann, B.", "tags": ["x", {"y": 1.50}]}, "paid": true}'


def record(**changes: object) -> Record:
    """Make a record of an order."""
    plain: dict[str, Any] = {
        "topic": "orders", "partition": 2, "offset": 7, "timestamp_ms": 1_700_000_000_000,
        "timestamp_type": "create", "key": b"k", "value": ORDER, "headers": [],
    }  # fmt: skip
    return Record(**(plain | changes))


def row(columns: list[str], **changes: object) -> str:
    """Write a record's row, without the line's end."""
    into = bytearray()
    Columns(columns).write(record(**changes), into)
    assert into.endswith(b"\n")
    return into[:-1].decode()


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("topic", "orders"),
        ("partition", "2"),
        ("offset", "7"),
        ("timestamp", "1700000000000"),
        ("timestamp_type", "create"),
        ("key", "k"),
        ("key_base64", "aw=="),
        ("value.id", "5"),
        ("value.customer.name", '"Ann, B."'),
        ("value.customer.tags.0", "x"),
        ("value.customer.tags.1.y", "1.5"),
        ("value.customer.tags", '"[""x"",{""y"":1.5}]"'),
        ("value.paid", "true"),
        ("offset,value.customer.none", "7,"),
        ("offset,value.customer.name.deeper", "7,"),
        ("offset,value.customer.tags.9", "7,"),
    ],
)
def test_a_cell_is_a_field_or_a_place_in_json(column: str, cell: str) -> None:
    """A column shows a record's field, or what stands at a path in its value's JSON."""
    assert row(column.split(",")) == cell


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"value": None}, "7,"),
        ({"value": b""}, '7,""'),
        ({"value": b" a"}, '7," a"'),
        ({"value": b'say "hi"\r\nbye'}, '7,"say ""hi""\r\nbye"'),
    ],
)
def test_null_and_empty_text_are_two_things(changes: dict[str, Any], expected: str) -> None:
    """Null is an empty cell, empty text is quoted, and so is what a reader could misread."""
    assert row(["offset", "value"], **changes) == expected


def test_a_row_is_never_an_empty_line() -> None:
    """A row of one null cell is quoted: readers pass over empty lines."""
    assert row(["value"], value=None) == '""'


def test_headers_as_json_and_by_name() -> None:
    """Headers are a list of pairs as JSON; by name it is the last one's value."""
    headers = [("a", b"1"), ("b", b"\xff"), ("a", b"2"), ("n", None)]
    assert row(["headers.a", "headers.n", "headers.z"], headers=headers) == "2,,"
    (cells,) = csv.reader(io.StringIO(row(["headers"], headers=headers)))
    assert cells == ['[["a","1"],["b",{"base64":"/w=="}],["a","2"],["n",null]]']


@pytest.mark.parametrize(
    ("columns", "changes", "why"),
    [
        (["value.id"], {"value": b"no json"}, "its value is not JSON"),
        (["key.id"], {"key": b"{"}, "its key is not JSON"),
        (["value"], {"value": b"\xff"}, "not UTF-8"),
        (["key"], {"key": b"\xff"}, "not UTF-8"),
        (["headers.a"], {"headers": [("a", b"\xff")]}, "not UTF-8"),
    ],
)
def test_what_has_no_place_in_a_column_fails(
    columns: list[str], changes: dict[str, Any], why: str
) -> None:
    """A record that fits no column is named, and leaves nothing behind."""
    into = bytearray(b"before")
    with pytest.raises(UnfitRecord, match="offset 7 of partition 2 of topic 'orders'") as caught:
        Columns(columns).write(record(**changes), into)
    assert why in str(caught.value)
    assert into == b"before"


def test_the_header_row_names_columns() -> None:
    """A column is headed by its field, or by the name given before it."""
    assert Columns(["offset", "id=value.id", 'a"b=key']).header == b'offset,id,"a""b"\n'


@pytest.mark.parametrize("column", ["offsets", "value.", "value..a", "headers.", "timestamp.a", ""])
def test_an_unknown_column_is_refused(column: str) -> None:
    """A column that is none is refused by name."""
    with pytest.raises(InvalidRequest, match="is none: give topic, "):
        Columns([column])


def test_two_columns_of_one_heading_are_refused() -> None:
    """A heading that stands twice is refused: readers would keep one of the two."""
    with pytest.raises(InvalidRequest, match="Two columns have the heading 'offset'"):
        Columns(["offset", "key", "offset"])


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), min_size=1, max_size=4))
def test_any_text_comes_back(texts: list[tuple[str, str]]) -> None:
    """A CSV reader finds the header row and every cell as it was."""
    form = formats.parse("csv", ["key", "value"])
    into = bytearray(form.header)
    for key, value in texts:
        form.writer()(record(key=key.encode(), value=value.encode()), into)
    found = list(csv.reader(io.StringIO(into.decode(), newline="")))
    assert found == [["key", "value"], *map(list, texts)]
