"""list_topics: the topics that this function may use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.invoking import KeptKafka, body

NAMES = ["orders", "orders-dead", "Events", "__consumer_offsets", "_schemas"]


def listed(names: list[str], allowed: str = "", **fields: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """List the topics of a cluster that has these."""
    kafka = KeptKafka()
    for name in names:
        kafka.add_topic(name)
    answer = body({"action": "list-topics", **fields}, kafka, ALLOWED_TOPICS=allowed)
    return [topic["name"] for topic in answer["topics"]]


def test_topics_are_sorted_with_their_partitions() -> None:
    """Topics come sorted by name, each with its number of partitions."""
    kafka = KeptKafka()
    kafka.add_topic("b", 3)
    kafka.add_topic("a")
    expected = [{"name": "a", "num_partitions": 1}, {"name": "b", "num_partitions": 3}]
    assert {"topics": expected} == body({"action": "list-topics"}, kafka)


def test_internal_topics_are_left_out() -> None:
    """Topics whose names begin with two underscores are shown only where they are asked for."""
    assert ["Events", "_schemas", "orders", "orders-dead"] == listed(NAMES)
    assert sorted(NAMES) == listed(NAMES, include_internal=True)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("orders*", ["orders", "orders-dead"]),
        ("orders", ["orders"]),
        ("*dead", ["orders-dead"]),
        ("?vents", ["Events"]),
        ("[eE]*", ["Events"]),
        ("events", []),
        ("[", []),
        ("order.", []),
    ],
)
def test_a_pattern_is_a_glob(pattern: str, expected: list[str]) -> None:
    """A pattern is a glob over the whole name, and capitals count."""
    assert expected == listed(NAMES, pattern=pattern)


def test_forbidden_topics_are_not_shown() -> None:
    """Only topics that ALLOWED_TOPICS allows are shown."""
    assert ["orders-dead"] == listed(NAMES, "orders-*,Event")
    assert [] == listed(NAMES, ",")


def test_a_cluster_that_shows_nothing_is_explained() -> None:
    """Where the cluster shows no topic at all the answer names the permission that may lack."""
    answer = body({"action": "list-topics"})
    assert [] == answer["topics"]
    assert "kafka-cluster:DescribeTopic" in answer["note"]


@pytest.mark.parametrize("fields", [{"pattern": "x"}, {"include_internal": False}])
def test_a_list_without_matches_is_explained(fields: dict[str, Any]) -> None:
    """Where the cluster shows topics of which none is listed the answer says why that can be."""
    kafka = KeptKafka()
    kafka.add_topic("__internal")
    answer = body({"action": "list-topics", **fields}, kafka)
    assert [] == answer["topics"]
    for reason in ("pattern", "internal", "ALLOWED_TOPICS"):
        assert reason in answer["note"]
    assert "DescribeTopic" not in answer["note"]


def test_a_list_of_some_has_no_note() -> None:
    """Where topics are listed there is nothing to explain."""
    kafka = KeptKafka()
    kafka.add_topic("orders")
    assert "note" not in body({"action": "list-topics"}, kafka)
