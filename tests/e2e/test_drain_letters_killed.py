"""Drains of poison that are killed at any moment, and overlap: one object or letter for each."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.e2e.test_drain_killed import PARTITIONS, Drained
from tests.lake import BUCKET, Lake

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local.aws import LocalAws
    from local.msk import LocalMsk

PORTION = 600
BEGINS = 0.01
"""How likely a record begins poison, one or more of it."""

POISON = b"no JSON"

Places = list[tuple[int, int]]


class Poisoned(Drained):
    """A topic in which some records, and now and then many in a row, are no JSON."""

    longest = 60
    _left = 0

    def value(self, key: bytes) -> bytes:
        """Poison comes alone and in stretches."""
        if self._left == 0 and self.dice.random() < BEGINS:
            self._left = self.dice.choice([1, 1, 2, 10])
        poison = self._left > 0
        self._left = max(0, self._left - 1)
        return POISON if poison else b'{"key": "%s"}' % key

    def destination(self) -> dict[str, Any]:
        """Columns of JSON; letters go beside the objects."""
        return {
            "format": "csv.gz",
            "columns": ["partition", "offset", "key", "inside=value.key"],
            "dead_letter": f"s3://{BUCKET}/{self.prefix}dead",
            "object_bytes": self.dice.choice([500, 2_000, 20_000]),
        }

    def places(self) -> tuple[Places, Places]:
        """Where the good records stand in the topic, and where the poison."""
        found: tuple[Places, Places] = ([], [])
        for partition in range(PARTITIONS):
            for message in self.eyes.records(self.topic, partition):
                if message.value() != b"aborted":
                    found[message.value() == POISON].append((partition, message.offset() or 0))
        return found


def rows(folder: Path) -> Places:
    """What DuckDB reads in the objects, as they are."""
    found = duckdb.read_csv(
        f"{folder}/*/*.csv.gz", hive_partitioning=False, header=True, auto_detect=False,
        columns={"partition": "INT", "offset": "BIGINT", "key": "VARCHAR", "inside": "VARCHAR"},
    )  # fmt: skip
    assert found.filter("key <> inside").fetchall() == []
    return sorted(found.project('partition, "offset"').fetchall())


def letters(folder: Path) -> Places:
    """The records that the letters hold; each file is one, whole."""
    texts = [path.read_text() for path in folder.rglob("*.ndjson")]
    shown = [json.loads(text)["record"] for text in texts]
    return sorted((record["partition"], record["offset"]) for record in shown)


@pytest.mark.soak
def test_killed_and_overlapping_drains_of_poison(
    msk: LocalMsk, aws: LocalAws, rounds: Callable[[int, int], int], tmp_path: Path
) -> None:
    """Whatever is killed, and whatever overlaps: nothing twice, nothing lost, nothing held up."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - shown where the test fails
    drained = Poisoned(msk, aws, random.Random(seed))
    killed = written = 0
    while killed < rounds(3, 30):
        drained.fill(written, PORTION)
        written += PORTION
        killed += sum(run.killed for run in drained.some_runs())
    drained.finish()
    lake = Lake(aws, drained.prefix, tmp_path)
    folder = lake.download()
    good, poison = drained.places()
    assert len(good) + len(poison) == written
    assert poison
    assert letters(folder / "dead") == poison
    assert rows(folder / drained.topic) == good
    keys = sorted(key for key in set(lake.keys()) if key.endswith(".csv.gz"))
    for partition in range(PARTITIONS):
        of = [lake.head(key)["Metadata"] for key in keys if f"/partition={partition}/" in key]
        assert of[0]["start-offset"] == "0"
        assert all(one["next-offset"] == then["start-offset"] for one, then in pairwise(of))
    print(killed, "killed", len(keys), "objects", len(poison), "letters")  # noqa: T201
