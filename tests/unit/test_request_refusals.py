"""What an event may not say, and how the refusal helps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from msk_client.actions import ACTIONS
from msk_client.actions.request import EXAMPLE
from msk_client.errors import InvalidRequest
from tests.unit.invoking import KeptKafka, invoke

if TYPE_CHECKING:
    from collections.abc import Callable

HELLO_WORLD = {"key1": "value1", "key2": "value2", "key3": "value3"}


def refusal(event: object) -> str:
    """Answer why an event is refused, without a question to Kafka."""
    kafka = KeptKafka()
    with pytest.raises(InvalidRequest) as caught:
        invoke(event, kafka)
    assert [] == kafka.calls
    return str(caught.value)


def produce(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a produce event."""
    return {"action": "produce", "topic": "orders", **fields}


def consume(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a consume event."""
    return {"action": "consume", "topic": "orders", **fields}


# The action


@pytest.mark.parametrize("event", [HELLO_WORLD, {}, {"Action": "ping"}, [], "ping", 0, None])
def test_no_action_shows_an_example(event: object) -> None:
    """An event without an action, the console's hello-world too, is answered with an example."""
    message = refusal(event)
    assert message.startswith("The event has no 'action'")
    assert message.endswith(f"For example: {EXAMPLE}")


def test_the_example_works() -> None:
    """The example that refusals show is an event that this function carries out."""
    assert 1 == invoke(json.loads(EXAMPLE))["body"]["produced"]


@pytest.mark.parametrize("name", ACTIONS)
def test_hyphens_and_underscores_are_the_same(name: str) -> None:
    """An action's name may be written with `-` or `_`."""
    hyphens, underscores = (
        refusal({"action": spelled, "no_such_field": 1})
        for spelled in (name.replace("_", "-"), name)
    )
    assert hyphens == underscores


@pytest.mark.parametrize(
    ("given", "near"),
    [("produse", "produce"), ("list-topic", "list_topics"), ("createtopic", "create_topic")],
)
def test_an_unknown_action_names_the_nearest(given: str, near: str) -> None:
    """A misspelled action is refused with the nearest one and an example."""
    message = refusal({"action": given})
    assert message.startswith(f"Field 'action' is {given!r}: did you mean {near!r}?")
    assert message.endswith(EXAMPLE)


@pytest.mark.parametrize("given", ["drop_everything", "", "PRODUCE"])
def test_a_strange_action_names_all(given: str) -> None:
    """An action unlike any other is refused with the list of them."""
    assert f"known: {', '.join(ACTIONS)}." in refusal({"action": given})


@pytest.mark.parametrize("given", [None, 5, True, ["produce"], {"produce": 1}])
def test_an_action_that_is_no_text(given: object) -> None:
    """An action that isn't a string is refused without being repeated."""
    assert refusal({"action": given}).startswith("Field 'action' is not a string: known: ")


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


@pytest.mark.parametrize("action", ["produce", "consume", "create_topic"])
def test_a_missing_topic(action: str) -> None:
    """A missing topic is refused with an example."""
    expected = f"Field 'topic' is missing. For example: {EXAMPLE}"
    assert expected == refusal({"action": action})


# Names


@pytest.mark.parametrize("topic", ["", "a b", "a/b", "é", "a\n", "a\0", "\ud800", "t" * 250])
@pytest.mark.parametrize("action", ["produce", "consume", "create_topic"])
def test_a_name_that_kafka_refuses(action: str, topic: str) -> None:
    """A topic's name that Kafka would refuse is refused first, and the message tells the rule."""
    message = refusal({"action": action, "topic": topic})
    assert message.startswith("Field 'topic' is wrong: ")
    assert "1 to 249" in message


@pytest.mark.parametrize("topic", [".", ".."])
@pytest.mark.parametrize("action", ["produce", "consume", "create_topic"])
def test_the_two_names_of_dots(action: str, topic: str) -> None:
    """The names `.` and `..` are refused too."""
    assert refusal({"action": action, "topic": topic}).startswith("Field 'topic' is wrong: ")


@pytest.mark.parametrize("bad", ["\ud800", "a\0b"], ids=ascii)
@pytest.mark.parametrize(
    ("event", "path"),
    [
        (lambda bad: consume(group=bad), "group"),
        (lambda bad: {"action": "list-topics", "pattern": bad}, "pattern"),
        (lambda bad: {"action": "create-topic", "topic": "t", "config": {"a": bad}}, "config.a"),
        (lambda bad: {"action": "create-topic", "topic": "t", "config": {bad: 1}}, "config"),
    ],
)
def test_text_that_the_client_crashes_on(
    event: Callable[[str], object], path: str, bad: str
) -> None:
    """A lone surrogate, on which the client crashes, and a NUL, where it cuts, are refused."""
    assert f"Field {path!r} holds a NUL or a lone surrogate" in refusal(event(bad))
