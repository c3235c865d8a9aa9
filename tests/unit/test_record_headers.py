"""Headers of a record, in and out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from msk_client.errors import InvalidRequest
from msk_client.records import Headers, Record, RecordInput, encode, to_json


def sent(headers: Any) -> Headers:  # noqa: ANN401 - any JSON
    """Encode the headers of an event's record."""
    record = msgspec.convert({"value": "", "headers": headers}, RecordInput)
    return encode(record, "orders", "records[3]").headers


def refusal(headers: object) -> str:
    """Answer why headers are refused."""
    with pytest.raises(InvalidRequest) as caught:
        sent(headers)
    return str(caught.value)


def test_a_list_keeps_order_and_repeats() -> None:
    """Headers given as a list of pairs keep their order and their repeated names."""
    pairs = [["b", "1"], ["a", "2"], ["b", "1"], ["", ""]]
    assert [("b", b"1"), ("a", b"2"), ("b", b"1"), ("", b"")] == sent(pairs)


def test_an_object_is_accepted() -> None:
    """Headers given as an object are sent in its order."""
    assert [("b", b"1"), ("a", None)] == sent({"b": "1", "a": None})


@pytest.mark.parametrize("none", [None, [], {}], ids=repr)
def test_no_headers(none: object) -> None:
    """Null, an empty list and an empty object are no headers."""
    assert [] == sent(none)


def test_the_three_forms_of_a_value() -> None:
    """A header's value is text, null or base64, and an empty one is not null."""
    pairs = [["t", "é"], ["n", None], ["b", {"base64": "AAH/"}], ["e", {"base64": ""}]]
    assert [("t", "é".encode()), ("n", None), ("b", b"\x00\x01\xff"), ("e", b"")] == sent(pairs)


@pytest.mark.parametrize("headers", [[["a\0b", "v"]], {"a\0b": "v"}], ids=["list", "object"])
def test_a_name_with_nul_is_refused(headers: object) -> None:
    """A header's name with a NUL is refused, because the client would cut it there."""
    assert refusal(headers).startswith("records[3].headers[0] has a NUL in its name")


def test_a_value_with_nul_is_kept() -> None:
    """A header's value may hold a NUL."""
    assert [("a", b"x\0y")] == sent([["a", "x\0y"]])


def test_bad_base64_names_the_header() -> None:
    """Base64 of a header is strict, and the message names the header by its place."""
    headers = [["a", ""], ["b", {"base64": "AA"}]]
    assert refusal(headers).startswith("records[3].headers[1].base64 is not base64")


def test_a_lone_surrogate_in_a_value_is_refused() -> None:
    """A lone surrogate in a header's value is refused with the way to send bytes in headers."""
    message = refusal([["a", "\ud800"]])
    assert message.startswith("records[3].headers[0] holds a lone surrogate")
    assert '{"base64": ...}' in message
    assert "_base64" not in message


def test_a_lone_surrogate_in_a_name_is_refused() -> None:
    """A lone surrogate in a header's name is refused, and no base64 is offered for names."""
    message = refusal([["\ud800", ""]])
    assert message.startswith("records[3].headers[0] has a lone surrogate in its name")
    assert "base64" not in message


@pytest.mark.parametrize("bad", [[["a"]], [["a", "b", "c"]], [["a", 1]], {"a": []}, "a"], ids=repr)
def test_other_shapes_are_refused(bad: object) -> None:
    """Headers that are no pairs, or whose values are no text, are refused."""
    with pytest.raises(msgspec.ValidationError, match=r"headers"):
        sent(bad)


def test_headers_come_out_as_pairs() -> None:
    """Consumed headers are pairs in their order: text, null, and base64 where it isn't UTF-8."""
    headers: Headers = [("t", b"abc"), ("n", None), ("b", b"\x00\x01\xff"), ("t", b"")]
    record = Record("orders", 0, 0, None, None, None, None, headers)
    expected = [["t", "abc"], ["n", None], ["b", {"base64": "AAH/"}], ["t", ""]]
    assert expected == to_json(record, "text")["headers"]
