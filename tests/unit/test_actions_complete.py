"""An action is a module, a row of the table, an event file, and a place in the documentation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from msk_client import actions
from msk_client.actions import ACTIONS
from msk_client.actions.request import Request
from msk_client.settings import NAMES
from tests.fake_s3 import FakeS3
from tests.unit.invoking import KeptKafka, cluster, invoke, outgoing

ROOT = Path(__file__).parents[2]
EVENTS = sorted((ROOT / "events").glob("*.json"))
NO_ACTIONS = {"__init__", "call", "examples", "request", "results"}


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_has_a_module(name: str) -> None:
    """An action's request and function stand in the module that has its name."""
    action = ACTIONS[name]
    module = f"msk_client.actions.{name}"
    assert (module, name, module) == (
        action.run.__module__,
        action.run.__name__,
        action.request.__module__,
    )
    assert issubclass(action.request, Request)


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_says_what_it_does(name: str) -> None:
    """An action's module begins with its name and what it does."""
    module = __import__(f"msk_client.actions.{name}", fromlist=["__doc__"])
    assert (module.__doc__ or "").startswith(f"{name}: ")


def test_a_module_has_a_row() -> None:
    """Each module of the actions stands in the table, but for those that they share."""
    modules = {path.stem for path in Path(actions.__file__).parent.glob("*.py")}
    assert set(ACTIONS) == modules - NO_ACTIONS


def test_the_table_is_sorted() -> None:
    """The table reads like a table of contents."""
    assert sorted(ACTIONS) == list(ACTIONS)


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_has_an_event_file(name: str) -> None:
    """Each action has an event file of its name."""
    event = json.loads((ROOT / "events" / f"{name}.json").read_text())
    assert name == event["action"].replace("-", "_")


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_an_event_file_works(path: Path) -> None:
    """Each event file is an event that the function carries out."""
    kafka = cluster("rr.", "r", "")
    kafka.logs["orders"][0].append(outgoing())  # in the last hour
    kafka.add_topic("my_topic")
    event = json.loads(path.read_text())
    assert 200 == invoke(event, kafka, s3=FakeS3.of_events())["statusCode"]


def test_a_first_event_works_on_an_empty_cluster() -> None:
    """The event that a newcomer tries first works where there is nothing yet."""
    event = json.loads((ROOT / "events" / "produce.json").read_text())
    assert 2 == invoke(event, KeptKafka())["body"]["produced"]


@pytest.mark.parametrize("page", ["README.md", "docs/operations.md"])
@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_documented(name: str, page: str) -> None:
    """The README and the operations manual name each action, or show its event file."""
    text = (ROOT / page).read_text()
    assert f"`{name}`" in text or f"`events/{name}.json`" in text


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_documented(name: str) -> None:
    """The operations manual names each setting."""
    assert f"`{name}`" in (ROOT / "docs" / "operations.md").read_text()
