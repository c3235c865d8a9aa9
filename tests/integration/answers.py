"""Reads what `consume` answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import CallFunction

Body = dict[str, Any]


def consume(topic: str, **fields: object) -> dict[str, Any]:
    """An event; `from_` stands for `from`."""
    named = {name.rstrip("_"): value for name, value in fields.items()}
    return {"action": "consume", "topic": topic, **named}


def values_of(body: Body) -> list[Any]:
    """The records' values."""
    return [record["value"] for record in body["records"]]


def places_of(body: Body) -> list[tuple[int, int]]:
    """The records' partitions and offsets."""
    return [(record["partition"], record["offset"]) for record in body["records"]]


def pages_of(call: CallFunction, event: dict[str, Any]) -> Iterator[Body]:
    """Ask for page after page, by `next`, until one stops at the end."""
    while True:
        body = call(event)
        yield body
        if body["stopped"] == "end":
            return
        event = event | {"from": {"offsets": body["next"]}}
        event.pop("partitions", None)
