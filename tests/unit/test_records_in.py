"""What a record of an event becomes on the wire."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from msk_client.errors import InvalidRequest
from msk_client.records import Outgoing, RecordInput, encode


def sent(**fields: Any) -> Outgoing:  # noqa: ANN401 - any JSON
    """Encode the record that an event gives as the JSON object `fields`."""
    return encode(msgspec.convert(fields, RecordInput), "orders", "records[3]")


def refusal(**fields: Any) -> str:  # noqa: ANN401 - any JSON
    """Answer why a record is refused."""
    with pytest.raises(InvalidRequest) as caught:
        sent(**fields)
    return str(caught.value)


# Values and keys

FALSY: list[Any] = [0, False, "", {}, [], None]


@pytest.mark.parametrize("value", [0, False, {}, [], 0.0, -1, True, [None], {"a": ""}], ids=repr)
def test_other_json_is_its_compact_text(value: object) -> None:
    """A value that is neither a string nor null is sent as its own compact JSON text."""
    assert json.dumps(value, separators=(",", ":")).encode() == sent(value=value).value


def test_falsy_values_stay_six_different_things() -> None:
    """`0`, `false`, the empty string, `{}`, `[]` and null are six different values in Kafka."""
    values = [sent(value=value).value for value in FALSY]
    assert [b"0", b"false", b"", b"{}", b"[]", None] == values


def test_falsy_keys_stay_six_different_things() -> None:
    """`0`, `false`, the empty string, `{}`, `[]` and null are six different keys in Kafka."""
    keys = [sent(key=key, value=None).key for key in FALSY]
    assert [b"0", b"false", b"", b"{}", b"[]", None] == keys


@pytest.mark.parametrize("text", ["null", "0", '{"a": 1}', "é\U0001f600", "a\0b", "\ufeff"])
def test_a_string_is_its_utf8(text: str) -> None:
    """A string is sent as its UTF-8 bytes, also where it looks like JSON."""
    assert (text.encode(), text.encode()) == (sent(value=text).value, sent(value="", key=text).key)


def test_non_ascii_json_is_not_escaped() -> None:
    """Text inside of JSON values is sent as UTF-8 and not as escapes."""
    assert '{"é":"\U0001f600"}'.encode() == sent(value={"é": "\U0001f600"}).value


def test_a_key_left_out_is_no_key() -> None:
    """A record without a key has none, as one whose key is null."""
    assert (None, None) == (sent(value="").key, sent(value="", key=None).key)


def test_value_is_required() -> None:
    """A record without a value is refused: a tombstone must be written as null."""
    message = refusal(key="k")
    assert message.startswith("records[3].value is missing")
    assert "null" in message


@pytest.mark.parametrize("plain", ["", None, 0], ids=repr)
@pytest.mark.parametrize("name", ["value", "key"])
def test_plain_and_base64_exclude_each_other(name: str, plain: object) -> None:
    """A value or key given in both forms is refused, even where the plain one is null."""
    fields = {"value": "v"} | {name: plain, f"{name}_base64": ""}
    assert f"records[3].{name} and records[3].{name}_base64 are both given" in refusal(**fields)


# base64


@pytest.mark.parametrize(("text", "raw"), [("", b""), ("AAH/", b"\x00\x01\xff"), ("/w==", b"\xff")])
def test_base64_is_decoded(text: str, raw: bytes) -> None:
    """Base64 values and keys are sent as the bytes that they stand for; empty is not null."""
    record = sent(value_base64=text, key_base64=text)
    assert (raw, raw) == (record.value, record.key)


@pytest.mark.parametrize("bad", ["AA", "A===", "AAH_", "AAH/\n", " AAH/", "=", "AA==AA==", "é"])
@pytest.mark.parametrize("name", ["value_base64", "key_base64"])
def test_base64_is_strict(name: str, bad: str) -> None:
    """Base64 that is not padded, of another alphabet or with white space is refused."""
    fields = {} if name == "value_base64" else {"value": ""}
    assert refusal(**fields, **{name: bad}).startswith(f"records[3].{name} is not base64")


# What JSON or UTF-8 can't carry

NAN, INFINITY, SURROGATE = float("nan"), float("inf"), "\ud800"


@pytest.mark.parametrize("bad", [NAN, INFINITY, -INFINITY, [{"a": NAN}]], ids=repr)
@pytest.mark.parametrize("name", ["value", "key"])
def test_numbers_that_json_lacks_are_refused(name: str, bad: object) -> None:
    """NaN and the infinities are refused at any depth, and the message names the field."""
    fields = {"value": ""} | {name: bad}
    assert refusal(**fields).startswith(f"records[3].{name} holds NaN, Infinity")


@pytest.mark.parametrize("bad", [SURROGATE, [SURROGATE], {SURROGATE: 1}], ids=ascii)
@pytest.mark.parametrize("name", ["value", "key"])
def test_lone_surrogates_are_refused(name: str, bad: object) -> None:
    """A lone surrogate is refused at any depth, and the message says how to send bytes."""
    message = refusal(**({"value": ""} | {name: bad}))
    assert message.startswith(f"records[3].{name} holds a lone surrogate")
    assert f"records[3].{name}_base64" in message


def test_deep_nesting_is_refused() -> None:
    """A value nested deeper than the interpreter can write is refused."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert "nested too deeply" in refusal(value=deep)


def test_an_id_that_no_answer_can_carry_is_refused() -> None:
    """A lone surrogate in `id` is refused before anything is sent: the answer repeats it."""
    assert refusal(value="", id=SURROGATE).startswith("records[3].id holds a lone surrogate")


# Where and when


@pytest.mark.parametrize("timestamp", [1, 1_700_000_000_000, 2**63 - 1])
def test_a_timestamp_is_kept(timestamp: int) -> None:
    """A timestamp of at least 1 ms is sent as it is."""
    assert timestamp == sent(value="", timestamp=timestamp).timestamp_ms


@pytest.mark.parametrize("timestamp", [0, -1, -5, 2**63, 1.5, True, "1"], ids=repr)
def test_timestamps_that_the_client_would_change_are_refused(timestamp: object) -> None:
    """0 and negative timestamps are refused: the client would replace them without a word."""
    with pytest.raises(msgspec.ValidationError, match=r"timestamp"):
        sent(value="", timestamp=timestamp)


def test_partition_0_is_not_any_partition() -> None:
    """Partition 0 is sent to partition 0, and none or null to any."""
    partitions = [sent(value="", **given).partition for given in ({"partition": 0}, {})]
    assert [0, -1, -1] == [*partitions, sent(value="", partition=None).partition]


def test_the_topic_must_be_the_requests() -> None:
    """A record that names another topic than the request does is refused."""
    assert refusal(value="", topic="other").startswith("records[3].topic is not")


def test_fields_of_a_consumed_record_are_ignored() -> None:
    """`topic`, `offset`, `timestamp_type` and `error` of a consumed record change nothing."""
    consumed = {"topic": "orders", "offset": 7, "timestamp_type": "log_append", "error": "x"}
    assert sent(value="v") == sent(value="v", **consumed)
