"""Any record goes in and comes out byte by byte, through a real Kafka."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import CallFunction

binary = st.none() | st.binary(max_size=40) | st.text(max_size=20).map(lambda text: text.encode())
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=10)
records = st.fixed_dictionaries(
    {
        "key": binary,
        "value": binary,
        "headers": st.lists(st.tuples(names, binary), max_size=4),
        "timestamp": st.integers(1, 1_700_000_000_000),  # Kafka 4 refuses the future
    }
)


def base64_of(raw: bytes) -> str:
    """Standard base64 text."""
    return base64.b64encode(raw).decode()


def as_event(record: dict[str, Any]) -> dict[str, Any]:
    """A record's JSON form, with everything that isn't null in base64."""
    event: dict[str, Any] = {
        "timestamp": record["timestamp"],
        "headers": [
            [name, None if raw is None else {"base64": base64_of(raw)}]
            for name, raw in record["headers"]
        ],
    }
    for field in ("key", "value"):
        raw = record[field]
        event |= {field: None} if raw is None else {f"{field}_base64": base64_of(raw)}
    return event


@pytest.fixture(scope="module", name="state")
def where_the_last_example_ended() -> dict[str, Any]:
    """Topic and offset: all examples of this module share one topic."""
    return {"topic": None, "next": 0}


@pytest.mark.protocol
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batch=st.lists(records, min_size=1, max_size=8))
@pytest.mark.parametrize("form", ["text", "base64"])
def test_what_was_consumed_is_produced_again_identically(
    call: CallFunction,
    topic: Callable[..., str],
    state: dict[str, Any],
    form: str,
    batch: list[dict[str, Any]],
) -> None:
    """Bytes, key, headers and timestamp survive produce, consume, produce and consume."""
    if state["topic"] is None:
        state["topic"] = topic()
    name = state["topic"]

    def through(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        call({"action": "produce", "topic": name, "records": events})
        start = {"offsets": {"0": state["next"]}}
        answer = call({"action": "consume", "topic": name, "from": start, "format": form})
        state["next"] = answer["next"]["0"]
        found: list[dict[str, Any]] = answer["records"]
        return found

    once = through([as_event(record) for record in batch])
    twice = through(once)
    assert [bytes_of(record) for record in once] == [plain(record) for record in batch]
    assert [bytes_of(record) for record in twice] == [plain(record) for record in batch]


def plain(record: dict[str, Any]) -> tuple[Any, ...]:
    """What must survive, of a record to be sent."""
    return (record["key"], record["value"], record["headers"], record["timestamp"])


def bytes_of(record: dict[str, Any]) -> tuple[Any, ...]:
    """What must survive, of a record that was read."""
    headers = [(name, header_bytes(value)) for name, value in record["headers"]]
    return (field(record, "key"), field(record, "value"), headers, record["timestamp"])


def field(record: dict[str, Any], name: str) -> bytes | None:
    """The bytes of a field in either form."""
    if f"{name}_base64" in record:
        return base64.b64decode(record[f"{name}_base64"])
    text: str | None = record[name]
    return None if text is None else text.encode()


def header_bytes(value: Any) -> bytes | None:  # noqa: ANN401 - a header in any of its forms
    """The bytes of a header's value."""
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    text: str | None = value
    return None if text is None else text.encode()
