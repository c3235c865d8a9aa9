"""The policies that the documentation shows are what the template deploys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from msk_client.actions import ACTIONS
from tests.deploy.expand import listed
from tests.deploy.main_template import at_existing

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")

ASKING = [action for action in ACTIONS if action != "test_filter"]
"""Actions that ask the cluster."""

EXAMPLE = {
    "ClusterArn": "arn:aws:kafka:eu-west-1:123456789012:cluster/my-cluster/"
    "5c6f2a1e-7d3b-4e0a-9b52-0d1f6c8e4a37-s1",
    "TopicPrefix": "orders",
    "GroupPrefix": "nightly-",
}
"""What the examples on the pages are about; both pages name these prefixes."""

BLOCK = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shown_below(page: str, heading: str) -> dict[str, object]:
    """The JSON block below a heading, which is the only one there."""
    below = page.partition(f"\n{heading}\n")[2]
    (block,) = BLOCK.findall(re.split(r"^#+ ", below, maxsplit=1, flags=re.MULTILINE)[0])
    policy: dict[str, object] = json.loads(block)
    return policy


def deployed(*actions: str) -> dict[str, object]:
    """What the template makes of these actions, for the pages' example."""
    stack = at_existing(**EXAMPLE, AllowedActions=",".join(actions))
    statements = stack.statements("FunctionRole", "kafka-cluster:")
    return {"Version": "2012-10-17", "Statement": statements}


@pytest.mark.parametrize("action", ASKING)
def test_the_reference_shows_the_policy_of_each_action(action: str) -> None:
    """The policy for an action is the template's for that action alone."""
    assert deployed(action) == shown_below(OPERATIONS, f"#### Policy for {action}")


def test_the_readme_shows_the_policy_of_a_writer_and_reader() -> None:
    """The README's policy is the template's for the two actions that it names."""
    assert deployed("produce", "consume") == shown_below(README, "## What its role needs")


@pytest.mark.parametrize("page", [OPERATIONS, README], ids=["reference", "readme"])
def test_the_prefixes_of_the_examples_are_named(page: str) -> None:
    """A reader is told which parameters the examples stand for."""
    for name in ("TopicPrefix", "GroupPrefix"):
        assert f"`{name}={EXAMPLE[name]}`" in page


def test_what_asks_nothing_gets_nothing() -> None:
    """A function for filters only may not even connect, and the reference says so."""
    assert deployed("test_filter")["Statement"] == []
    assert "`test_filter` needs none of them." in OPERATIONS


@pytest.mark.parametrize("action", ASKING)
def test_the_table_of_permissions_is_the_templates(action: str) -> None:
    """The table's last row for an action names each of its permissions, below its resource."""
    rows = [
        line for line in OPERATIONS.splitlines() if re.match(rf"\| `{action}`( with .*)? \|", line)
    ]
    cells = [set(re.findall(r"`(\w+)`", cell)) for cell in rows[-1].split("|")[2:5]]
    kinds = ("cluster", "topic", "group")
    found: dict[str, set[str]] = {kind: set() for kind in kinds}
    for statement in at_existing(**EXAMPLE, AllowedActions=action).statements(
        "FunctionRole", "kafka-cluster:"
    ):
        (kind,) = (k for k in kinds if f":{k}/" in statement["Resource"])
        found[kind] |= {a.removeprefix("kafka-cluster:") for a in listed(statement["Action"])}
    assert [found[kind] for kind in kinds] == cells
