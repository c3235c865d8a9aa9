"""The JSON form of a record that was read."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from msk_client.records import Format, Record, to_json

RECORD = Record("orders", 2, 41, 1_700_000_000_000, "create", None, None, [])


def shown(value: bytes | None, form: Format = "text", key: bytes | None = None) -> dict[str, Any]:
    """Make the JSON form of a record."""
    return to_json(replace(RECORD, key=key, value=value), form)


def test_the_fields_of_a_record() -> None:
    """A record comes with its place, time, key, value and headers."""
    expected = {
        "topic": "orders",
        "partition": 2,
        "offset": 41,
        "timestamp": 1_700_000_000_000,
        "timestamp_type": "create",
        "key": "k1",
        "value": '{"id":1}',
        "headers": [],
    }
    assert expected == shown(b'{"id":1}', key=b"k1")


def test_no_timestamp_is_null() -> None:
    """A record without a timestamp comes with null, not with a number that means none."""
    answer = to_json(replace(RECORD, timestamp_ms=None, timestamp_type=None), "text")
    assert (None, None) == (answer["timestamp"], answer["timestamp_type"])


@pytest.mark.parametrize("form", ["text", "json", "base64"])
def test_a_tombstone_is_null(form: Format) -> None:
    """A null value is a null `value` in every format, never an empty or a base64 one."""
    answer = shown(None, form)
    assert (None, None) == (answer["value"], answer["key"])
    assert not {"value_base64", "key_base64", "error"} & answer.keys()


@pytest.mark.parametrize("form", ["text", "json", "base64"])
def test_an_empty_key_is_not_null(form: Format) -> None:
    """An empty key is an empty text in every format, and not null."""
    answer = shown(b"", form, key=b"")
    assert "" == answer["key_base64" if form == "base64" else "key"]


def test_text_that_is_not_utf8_comes_as_base64() -> None:
    """In the text format a key or value that isn't UTF-8 comes as base64, and only so."""
    answer = shown(b"\xff\x00", key=b"\xfe")
    assert ("/wA=", "/g==") == (answer["value_base64"], answer["key_base64"])
    assert not {"value", "key"} & answer.keys()


def test_base64_for_everything() -> None:
    """In the base64 format text comes as base64 too."""
    answer = shown(b"a", "base64", key=b"k")
    assert ("YQ==", "aw==") == (answer["value_base64"], answer["key_base64"])
    assert not {"value", "key"} & answer.keys()


# format json


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"0", 0),
        (b"false", False),
        (b'""', ""),
        (b"{}", {}),
        (b"[]", []),
        (b"null", None),
        (b' {"a": [1.5, "\xc3\xa9"]} ', {"a": [1.5, "é"]}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"1e308", 1e308),
        (b"12345678901234567890", 12345678901234567890),
    ],
)
def test_json_comes_parsed(raw: bytes, value: object) -> None:
    """In the json format a value comes parsed, falsy ones and null included."""
    answer = shown(raw, "json")
    assert (value, type(value)) == (answer["value"], type(answer["value"]))
    assert "error" not in answer


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"plain",
        b"{",
        b'{"a": 1} x',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"[-1e999]",
        b"\xef\xbb\xbf1",
        b'"\\ud800"',
        b'{"\\udc00": 1}',
        b'"\x01"',
        b"0" * 2,
        b"9" * 5_000,
    ],
)
def test_what_is_not_json_comes_raw(raw: bytes) -> None:
    """In the json format a value that no strict JSON reader takes comes raw, with `error`."""
    answer = shown(raw, "json")
    assert (raw.decode(), "the value is not JSON") == (answer["value"], answer["error"])


def test_bytes_that_are_not_json_come_as_base64() -> None:
    """In the json format a value that isn't UTF-8 either comes as base64, with `error`."""
    answer = shown(b"\xff", "json")
    assert ("/w==", "the value is not JSON") == (answer["value_base64"], answer["error"])
    assert "value" not in answer


def test_an_escaped_lone_surrogate_in_text_stays_text() -> None:
    """In the text format an escape that spells a lone surrogate is six plain characters."""
    assert '"\\ud800"' == shown(b'"\\ud800"')["value"]
