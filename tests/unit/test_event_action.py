"""Which action an event names."""

from __future__ import annotations

import json

import pytest

from msk_client.actions import ACTIONS
from msk_client.actions.examples import EXAMPLE
from tests.unit.invoking import invoke, refusal

HELLO_WORLD = {"key1": "value1", "key2": "value2", "key3": "value3"}


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
