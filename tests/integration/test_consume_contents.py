"""What a record's bytes become in the answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from msk_client.kafka.message import UNREADABLE_HEADERS
from tests.integration.answers import consume, values_of
from tests.integration.eyes import produce_header

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

pytestmark = pytest.mark.protocol


def test_nulls_and_empties_stay_different(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A null key or value is null, an empty one is an empty string."""
    name = topic()
    eyes.produce(name, [None, b""], keys=[b"", None])
    first, second = call(consume(name))["records"]
    assert (first["key"], first["value"]) == ("", None)
    assert (second["key"], second["value"]) == (None, "")


def test_headers_keep_order_and_repeats(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Headers are pairs in their order, repeats included; null, empty and binary stay apart."""
    name = topic()
    headers: list[tuple[str, bytes | None]] = [
        ("a", b"1"),
        ("b", b"\xff\x00"),
        ("a", b"2"),
        ("n", None),
        ("e", b""),
        ("é", "ü".encode()),
    ]
    eyes.produce(name, [b"v"], headers=headers)
    (record,) = call(consume(name))["records"]
    assert record["headers"] == [
        ["a", "1"],
        ["b", {"base64": "/wA="}],
        ["a", "2"],
        ["n", None],
        ["e", ""],
        ["é", "ü"],
    ]


def test_a_header_name_that_is_not_text_ends_no_read(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Where a header's name isn't UTF-8 the record comes without headers and says so."""
    name = topic()
    produce_header(eyes.servers, name, b"\xff\xfe")
    eyes.produce(name, [b"next"])
    first, second = call(consume(name))["records"]
    assert first["headers"] == []
    assert (first["value"], first["error"]) == ("value", UNREADABLE_HEADERS)
    assert (second["value"], "error" in second) == ("next", False)


def test_what_is_not_text_comes_as_base64(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Keys and values that aren't UTF-8 come as base64 beside others that come as text."""
    name = topic()
    eyes.produce(name, [b"\xff", "é".encode()], keys=[b"\xfe\xfe", b"k"])
    first, second = call(consume(name))["records"]
    assert (first["key_base64"], first["value_base64"]) == ("/v4=", "/w==")
    assert not {"key", "value"} & set(first)
    assert (second["key"], second["value"]) == ("k", "é")


def test_values_as_json(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """With `format: json` values are parsed; one that isn't JSON comes as text and says so."""
    name = topic()
    eyes.produce(name, [b'{"id": 1}', b"not json", b"null", None, b"\xff", b"[1,2]"])
    body = call(consume(name, format="json"))
    found = [record.get("value", record.get("value_base64")) for record in body["records"]]
    assert found == [{"id": 1}, "not json", None, None, "/w==", [1, 2]]
    errors = [record.get("error") for record in body["records"]]
    assert errors == [None, "the value is not JSON", None, None, "the value is not JSON", None]
    assert body["stopped"] == "end"


def test_everything_as_base64(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """With `format: base64` keys and values come as base64, nulls as null."""
    name = topic()
    eyes.produce(name, [b"v", None], keys=[b"k", None])
    first, second = call(consume(name, format="base64"))["records"]
    assert (first["key_base64"], first["value_base64"]) == ("aw==", "dg==")
    assert (second["key"], second["value"]) == (None, None)


def test_the_producer_s_timestamp(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A record has the producer's time, in milliseconds, and says that it is."""
    name = topic()
    eyes.produce(name, [b"v"], timestamps_ms=[1_700_000_000_123])
    (record,) = call(consume(name))["records"]
    assert (record["timestamp"], record["timestamp_type"]) == (1_700_000_000_123, "create")


def test_the_broker_s_timestamp(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """With log-append times a record has the broker's time, and times find it by that."""
    name = topic(config={"message.timestamp.type": "LogAppendTime"})
    before_ms = int(time.time() * 1000)
    eyes.produce(name, [b"v"], timestamps_ms=[1_700_000_000_123])
    (record,) = call(consume(name))["records"]
    assert record["timestamp_type"] == "log_append"
    assert before_ms <= record["timestamp"] <= time.time() * 1000
    assert values_of(call(consume(name, from_={"timestamp": before_ms}))) == ["v"]
    assert values_of(call(consume(name, from_={"timestamp": record["timestamp"] + 1}))) == []


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_every_compression_is_read(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes, codec: str
) -> None:
    """Whatever producers compress with, it is read."""
    name = topic(config={"compression.type": codec})
    eyes.produce(name, [b"%d" % i for i in range(100)])
    assert values_of(call(consume(name))) == [str(i) for i in range(100)]
