"""consume: records that are too large, and values that are hard to answer."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from msk_client.errors import InvalidRequest
from msk_client.records import Outgoing
from tests.unit.invoking import KeptKafka, body, invoke, outgoing, pages


def event(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a consume event."""
    return {"action": "consume", "topic": "orders", **fields}


def one(record: Outgoing, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Read a topic of three small records of which the second is this one; answers it."""
    kafka = KeptKafka()
    (log,) = kafka.add_topic("orders")
    for each in (outgoing(b"before"), record, outgoing(b"after")):
        log.append(each)
    found = [r for page in pages(kafka, event(max_bytes=2_500, **fields)) for r in page["records"]]
    assert [0, 1, 2] == [record["offset"] for record in found]
    shown: dict[str, Any] = found[1]
    return shown


@pytest.mark.parametrize("form", ["text", "json", "base64"])
def test_a_large_value_is_omitted(form: str) -> None:
    """A record that alone fits no page comes without its value, whose size is told."""
    shown = one(outgoing(b"x" * 5_000, key=b"k"), format=form)
    assert (True, 5_000) == (shown["value_omitted"], shown["value_size_bytes"])
    assert not {"value", "value_base64", "error", "key_omitted"} & shown.keys()
    assert ("k" if form != "base64" else "aw==") == (shown.get("key") or shown.get("key_base64"))


def test_a_large_key_is_omitted_too() -> None:
    """Where the rest is still too large the key is omitted as well, and then the headers."""
    shown = one(outgoing(b"v", key=b"k" * 5_000))
    assert (True, True, 1) == (
        shown["value_omitted"],
        shown["key_omitted"],
        shown["value_size_bytes"],
    )
    assert [] == shown["headers"]
    shown = one(Outgoing(b"k", b"v", [("h", b"h" * 5_000)]))
    assert (True, True, True) == tuple(shown[f"{n}_omitted"] for n in ("value", "key", "headers"))
    assert not {"value", "key", "headers"} & shown.keys()


def test_a_large_tombstone_stays_one() -> None:
    """A null value isn't called omitted, however large the rest of its record is."""
    shown = one(Outgoing(b"k" * 5_000, None, []))
    assert (None, True) == (shown["value"], shown["key_omitted"])
    assert not {"value_omitted", "value_size_bytes"} & shown.keys()


def test_what_is_omitted_cannot_be_produced_by_mistake() -> None:
    """A record whose value was omitted is refused by produce, and isn't taken for a tombstone."""
    shown = one(outgoing(b"x" * 5_000))
    with pytest.raises(InvalidRequest, match=r"records\[0\]\.value_omitted"):
        invoke({"action": "produce", "topic": "orders", "records": [shown]})


def test_a_page_read_is_produced_again_as_it_is() -> None:
    """The records of a page are what produce takes, byte for byte."""
    kafka = KeptKafka()
    (log,) = kafka.add_topic("orders")
    for value in (b"\xff", None, b"", b"null"):
        log.append(outgoing(value, timestamp_ms=5, key=b"\x00"))
    records = json.loads(json.dumps(body(event(), kafka)["records"]))
    copy = KeptKafka()
    invoke({"action": "produce", "topic": "orders", "records": records}, copy)
    assert log.records == copy.logs["orders"][0].records


@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")], ids=["[", "{", "[{"]
)
def test_json_of_any_depth_can_be_answered(opening: str, closing: str) -> None:
    """A value nested up to what Python can read is answered parsed or raw, and never fails."""
    kafka = KeptKafka()
    (log,) = kafka.add_topic("orders")
    limit, levels = sys.getrecursionlimit(), len(closing)
    too_deep = 200_000  # since Python 3.12 the C code has a limit of its own, above the other one
    for depth in (*range(limit * 3 // 4 // levels, limit // levels + 3), too_deep):
        log.append(outgoing((opening * depth + "1" + closing * depth).encode()))
    answered = [
        "raw" if "error" in body(event(format="json", **page), kafka)["records"][0] else "parsed"
        for page in ({"from": {"offsets": {"0": o}}, "max_records": 1} for o in log.records)
    ]
    assert {"raw", "parsed"} == set(answered)
