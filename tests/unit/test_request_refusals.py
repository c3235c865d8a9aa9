"""What an event may not say, and how the refusal helps."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from msk_client.actions import ACTIONS
from msk_client.actions.examples import EXAMPLES
from msk_client.actions.request import decode
from tests.unit.invoking import refusal


def produce(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a produce event."""
    return {"action": "produce", "topic": "orders", **fields}


def consume(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a consume event."""
    return {"action": "consume", "topic": "orders", **fields}


# Unknown fields


@pytest.mark.parametrize(
    ("event", "path", "near"),
    [
        (produce(recods=[]), "recods", "records"),
        (produce(records=[{"value": 1}] * 3 + [{"valu": 1}]), "records[3].valu", "value"),
        (produce(records=[{"val_base64": ""}]), "records[0].val_base64", "value_base64"),
        (
            produce(records=[{"value": 1, "headers": [["a", {"bas64": ""}]]}]),
            "records[0].headers[0][1].bas64",
            "base64",
        ),
        (
            produce(records=[{"value": 1, "headers": {"a": {"bas64": ""}}}]),
            "records[0].headers[...].bas64",
            "base64",
        ),
        (consume(**{"from": {"offset": {}}}), "from.offset", "offsets"),
        (consume(until={"timestmp": 1}), "until.timestmp", "timestamp"),
        (consume(from_="end"), "from_", "from"),
        (consume(max_record=1), "max_record", "max_records"),
        ({"action": "create-topic", "topic": "t", "partitions": 3}, "partitions", "num_partitions"),
        ({"action": "list-topics", "patern": "*"}, "patern", "pattern"),
    ],
)
def test_an_unknown_field_names_the_nearest(event: object, path: str, near: str) -> None:
    """An unknown field is refused by its path, with the nearest name known at that place."""
    assert f"Field {path!r} is unknown: did you mean {near!r}?" == refusal(event)


def test_a_strange_field_names_all() -> None:
    """A field unlike any other is refused with the names known at its place."""
    message = refusal({"action": "list_topics", "zzz": 1})
    assert "Field 'zzz' is unknown: known: action, include_internal, pattern." == message


@pytest.mark.parametrize("name", ["a`b", "a\nb", "a` - at `$.b`", "", "é"], ids=ascii)
def test_a_field_with_a_strange_name(name: str) -> None:
    """Whatever characters an unknown field's name holds, the known names are shown."""
    message = refusal({"action": "list_topics", name: 1})
    assert message.endswith("is unknown: known: action, include_internal, pattern.")


def test_a_very_long_name_is_cut() -> None:
    """A very long name of a field is cut, so that the message still says what is known."""
    message = refusal({"action": "list_topics", "x" * 1_000_000: 1})
    assert message.endswith("known: action, include_internal, pattern.")
    assert 300 > len(message)


@pytest.mark.parametrize(
    "event",
    [
        {"action": "ping", "\ud800": 1},
        produce(records=[{"value": 1}, {"\ud800": 1}]),
        produce(results="\ud800"),
    ],
    ids=ascii,
)
def test_a_lone_surrogate_where_a_name_stands(event: object) -> None:
    """A lone surrogate in a field's name or in a choice is refused like any other bad event."""
    assert "lone surrogate in a field's name or in a choice" in refusal(event)


# Wrong types, ranges and missing fields


@pytest.mark.parametrize(
    ("event", "path", "wrong"),
    [
        (produce(topic=5), "topic", "Expected `str`, got `int`"),
        (produce(num_partitions="3"), "num_partitions", "Expected `int`, got `str`"),
        (produce(num_partitions=1.0), "num_partitions", "Expected `int`, got `float`"),
        (produce(num_partitions=True), "num_partitions", "Expected `int`, got `bool`"),
        (produce(num_partitions=0), "num_partitions", "Expected `int` >= 1"),
        (produce(num_partitions=10**30), "num_partitions", "Expected `int` <= 10000"),
        (produce(stamp="yes"), "stamp", "Expected `bool`, got `str`"),
        (produce(records=[1]), "records[0]", "Expected `object`, got `int`"),
        (produce(records=[{"value": 1, "partition": -1}]), "records[0].partition", ">= 0"),
        (produce(records=[{"value": 1, "timestamp": 0}]), "records[0].timestamp", ">= 1"),
        (produce(records=[{"value": 1, "id": 1.5}]), "records[0].id", "got `float`"),
        (produce(records=[{"value": 1, "headers": [["a"]]}]), "records[0].headers[0]", "length 2"),
        (consume(max_records=0), "max_records", "Expected `int` >= 1"),
        (consume(max_bytes=6_291_557), "max_bytes", "Expected `int` <= 6291556"),
        (consume(wait_ms=-1), "wait_ms", "Expected `int` >= 0"),
        (consume(wait_ms=900_001), "wait_ms", "Expected `int` <= 900000"),
        (consume(partitions=[]), "partitions", "length >= 1"),
        (consume(partitions=[2**31]), "partitions[0]", "Expected `int` <= 2147483647"),
        (consume(partitions=[-1]), "partitions[0]", "Expected `int` >= 0"),
        (consume(until={"offsets": {"0": 2**63}}), "until.offsets[...]", "9223372036854775807"),
        (consume(partitions=[0, "1"]), "partitions[1]", "Expected `int`, got `str`"),
        (consume(group=""), "group", "length >= 1"),
        (consume(group="g" * 256), "group", "length <= 255"),
        (consume(**{"from": 5}), "from", "Expected `str | object`, got `int`"),
        (consume(**{"from": {"tail": 0}}), "from.tail", "Expected `int` >= 1"),
        (consume(**{"from": {"offsets": {"0": -1}}}), "from.offsets[...]", "Expected `int` >= 0"),
        (consume(**{"from": {"offsets": {"x": 1}}}), "from.offsets", "key"),
        (consume(**{"from": {"offsets": {"-1": 1}}}), "from.offsets", "key"),
        ({"action": "list-topics", "pattern": ""}, "pattern", "length >= 1"),
    ],
)
def test_a_wrong_value_names_its_path(event: object, path: str, wrong: str) -> None:
    """A value of a wrong type or out of range is refused by its path, with what is expected."""
    message = refusal(event)
    assert message.startswith(f"Field {path!r} is wrong: ")
    assert wrong in message


@pytest.mark.parametrize(
    ("event", "path", "choices"),
    [
        (produce(on_failure="rise"), "on_failure", "'raise', 'report'"),
        (produce(results="some"), "results", "'all', 'failures', 'none'"),
        (produce(records="smaple"), "records", "'sample'"),
        (consume(format="avro"), "format", "'base64', 'json', 'text'"),
        (consume(isolation=""), "isolation", "'read_committed', 'read_uncommitted'"),
    ],
)
def test_a_wrong_choice_names_the_choices(event: object, path: str, choices: str) -> None:
    """A word that isn't a choice is refused with the choices, and isn't repeated."""
    assert f"Field {path!r} is none of its choices: {choices}." == refusal(event)


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ({"action": "produce"}, "topic"),
        ({"action": "consume"}, "topic"),
        ({"action": "create-topic"}, "topic"),
        ({"action": "replay"}, "source"),
        ({"action": "replay", "source": {}}, "source.topic"),
        ({"action": "test_filter"}, "filter_criteria"),
        ({"action": "test_filter", "filter_criteria": {"Filters": [{}]}},
         "filter_criteria.Filters[0].Pattern"),
        ({"action": "produce", "topic": "a", "source": "s3://b/k", "resume": {}}, "resume.record"),
        ({"action": "produce", "topic": "a", "source": "s3://b/k", "resume": {"record": 1}},
         "resume.etag"),
    ],
)  # fmt: skip
def test_a_missing_field(event: dict[str, Any], path: str) -> None:
    """A missing field is refused with an example of the same action that has it."""
    told, _, shown = refusal(event).partition(" For example: ")
    assert f"Field {path!r} is missing." == told
    found = json.loads(shown)
    assert event["action"].replace("-", "_") == found["action"]
    for name in re.findall(r"\w+", path):
        found = found[int(name) if name.isdigit() else name]


def test_every_action_has_examples() -> None:
    """There are examples of each action, and each is a request of it."""
    assert ACTIONS.keys() == EXAMPLES.keys()
    for name, known in EXAMPLES.items():
        for fields in known:
            decode({"action": name} | fields, ACTIONS[name].request)
