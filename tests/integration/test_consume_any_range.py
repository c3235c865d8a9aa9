"""Any range of a log with every kind of gap, held against a model of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.answers import consume, pages_of, places_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

pytestmark = pytest.mark.protocol

PARTITIONS = 3
STEPS = 40
QUESTIONS = 150
SHORT_MS = 10_000


@dataclass
class Log:
    """What a partition holds: its ends, and the offsets of its records."""

    low: int = 0
    high: int = 0
    committed: list[int] = field(default_factory=list)
    aborted: list[int] = field(default_factory=list)

    def append(self, count: int, *, commit: bool = True, marker: bool = False) -> None:
        """Add records, and a marker after them."""
        offsets = self.committed if commit else self.aborted
        offsets += range(self.high, self.high + count)
        self.high += count + marker

    def readable(self, start: int, end: int, *, read_committed: bool) -> list[int]:
        """The offsets of the records in [start, end)."""
        offsets = self.committed if read_committed else sorted(self.committed + self.aborted)
        return [o for o in offsets if max(start, self.low) <= o < end]


def test_any_range_is_read_exactly(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Whatever start, end, isolation, page size and partitions: the records are the model's."""
    dice = random.Random(20)
    name = topic(PARTITIONS)
    logs = [Log() for _ in range(PARTITIONS)]
    for _ in range(STEPS):
        _change(dice, name, logs, eyes)
    for _ in range(QUESTIONS):
        _ask(dice, name, logs, call)


def _change(dice: random.Random, topic: str, logs: list[Log], eyes: Eyes) -> None:
    """Write, write in a transaction that is committed or aborted, or delete the oldest."""
    partition = dice.randrange(PARTITIONS)
    log, count = logs[partition], dice.choice([1, 2, 10])
    what = dice.choice(["write", "commit", "abort", "abort", "delete"])
    if what == "write":
        eyes.produce(topic, [b"v"] * count, partition)
        log.append(count)
    elif what == "delete":
        log.low = min(log.high, log.low + dice.choice([1, 3]))
        eyes.delete_records(topic, {partition: log.low})
    else:
        commit = what == "commit"
        eyes.transact(topic, [b"v"] * count, partition, commit=commit)
        log.append(count, commit=commit, marker=True)


def _ask(dice: random.Random, topic: str, logs: list[Log], call: CallFunction) -> None:
    """Ask for a range, whole or in pages, and compare."""
    chosen = sorted(dice.sample(range(PARTITIONS), dice.randint(1, PARTITIONS)))
    starts = {p: dice.randint(0, logs[p].high) for p in chosen}
    ends = {p: dice.randint(0, logs[p].high + 2) for p in chosen}
    read_committed = dice.random() < 0.7
    event = consume(
        topic,
        from_={"offsets": {str(p): o for p, o in starts.items()}},
        until=dice.choice(["end", {"offsets": {str(p): o for p, o in ends.items()}}]),
        isolation="read_committed" if read_committed else "read_uncommitted",
    )
    if event["until"] == "end":
        ends = {p: logs[p].high for p in chosen}
    if dice.random() < 0.5:
        event["max_records"] = dice.randint(1, 5)
    pages = list(pages_of(lambda e: call(e, SHORT_MS), event))  # type: ignore[arg-type] # as called
    read = [place for page in pages for place in places_of(page)]
    for p in chosen:
        expected = logs[p].readable(starts[p], ends[p], read_committed=read_committed)
        assert [offset for partition, offset in read if partition == p] == expected, event
    assert {p for p, _ in read} <= set(chosen)
    assert pages[-1]["next"] == {str(p): _next(logs[p], starts[p], ends[p]) for p in chosen}
    assert _skipped(pages[0]) == {p: logs[p].low for p in chosen if starts[p] < logs[p].low}


def _next(log: Log, start: int, end: int) -> int:
    """Where a read of [start, end) leads to."""
    return max(start, log.low, min(end, log.high))


def _skipped(page: dict[str, Any]) -> dict[int, int]:
    return {int(p): gap["to"] for p, gap in page.get("skipped", {}).items()}


def test_any_tail_is_the_model_s(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """Whatever the gaps: the last n records are the model's last n."""
    dice = random.Random(21)
    name = topic(PARTITIONS)
    logs = [Log() for _ in range(PARTITIONS)]
    for _ in range(STEPS):
        _change(dice, name, logs, eyes)
    for count in (1, 2, 3, 5, 8, 13, 50):
        for read_committed in (True, False):
            isolation = "read_committed" if read_committed else "read_uncommitted"
            body = call(consume(name, from_={"tail": count}, isolation=isolation), SHORT_MS)
            for p, log in enumerate(logs):
                whole = log.readable(0, log.high, read_committed=read_committed)
                assert [o for partition, o in places_of(body) if partition == p] == whole[-count:]
