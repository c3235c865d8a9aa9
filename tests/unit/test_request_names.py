"""Names of topics and groups, and other texts that the client must survive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.invoking import refusal

if TYPE_CHECKING:
    from collections.abc import Callable


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
        (lambda bad: {"action": "consume", "topic": "t", "group": bad}, "group"),
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
