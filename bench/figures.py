"""What is measured: for each figure the events, the right answer, and the ratio to reach."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.contenders import OURS, body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Body = dict[str, Any]

SMALL = 5
BULK = 20_000
VALUE = "x" * 100

COLD_TOPIC, WARM_TOPIC, SMALL_TOPIC = "cold", "warm", "small"
BULK_IN_TOPIC, BULK_OUT_TOPIC = "bulk_in", "bulk_out"
_RECORDS = {
    COLD_TOPIC: 0,
    WARM_TOPIC: 0,
    SMALL_TOPIC: SMALL,
    BULK_IN_TOPIC: 0,
    BULK_OUT_TOPIC: BULK,
}


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    name: str
    at_most: float
    """The ratio of medians, ours to the other's, that is wanted."""
    event: Callable[[], bytes]
    """Makes the next event to send; both contenders get the same, but for a fresh topic's name."""
    right: Callable[[Body], bool]
    cold: bool = False
    """Whether every event goes to a new execution environment."""
    samples: int = 1
    """Events to each contender in a round."""


def prepare(environment: Mapping[str, str]) -> None:
    """Make the topics that the figures use, with what they are to hold."""
    with OURS.start(environment) as function:
        for topic, count in _RECORDS.items():
            body(function.invoke({"action": "create_topic", "topic": topic}))
            body(function.invoke(_produce(topic, count)))


def _produce(topic: str, count: int) -> bytes:
    records = [{"key": f"k{i}", "value": VALUE} for i in range(count)]
    return json.dumps({"action": "produce", "topic": topic, "records": records}).encode()


def _consume(topic: str) -> bytes:
    return json.dumps({"action": "consume", "topic": topic}).encode()


def _always(event: bytes) -> Callable[[], bytes]:
    return lambda: event


_numbers = itertools.count()


def _create() -> bytes:
    return json.dumps({"action": "create_topic", "topic": f"fresh-{next(_numbers)}"}).encode()


def _delivered(count: int) -> Callable[[Body], bool]:
    """Every record is reported with its own, ascending offset."""

    def right(answer: Body) -> bool:
        offsets = [one["offset"] for one in answer["results"] if one["status"] == "delivered"]
        return len(offsets) == count == answer["produced"] and offsets == sorted(set(offsets))

    return right


def _read(count: int) -> Callable[[Body], bool]:
    """Every record is there, in order and whole."""

    def right(answer: Body) -> bool:
        found = [(one["offset"], one["key"], one["value"]) for one in answer["records"]]
        return found == [(i, f"k{i}", VALUE) for i in range(count)]

    return right


def _lists_all(answer: Body) -> bool:
    return {one["name"] for one in answer["topics"]} >= set(_RECORDS)


FIGURES = (
    Figure(
        "cold: first event to first acknowledged record",
        0.28,
        _always(_produce(COLD_TOPIC, 1)),
        _delivered(1),
        cold=True,
    ),
    Figure(
        "warm produce of one record",
        1.2,
        _always(_produce(WARM_TOPIC, 1)),
        _delivered(1),
        samples=20,
    ),
    Figure("warm create_topic", 0.15, _create, lambda answer: answer["num_partitions"] == 1),
    Figure(
        f"warm consume of a topic of {SMALL} records",
        0.02,
        _always(_consume(SMALL_TOPIC)),
        _read(SMALL),
    ),
    Figure("warm list_topics", 0.02, _always(b'{"action": "list_topics"}'), _lists_all),
    Figure(
        f"produce {BULK:,} x {len(VALUE)} B with per-record results",
        1.5,
        _always(_produce(BULK_IN_TOPIC, BULK)),
        _delivered(BULK),
    ),
    Figure(
        f"consume {BULK:,} x {len(VALUE)} B",
        0.4,
        _always(_consume(BULK_OUT_TOPIC)),
        _read(BULK),
    ),
)
