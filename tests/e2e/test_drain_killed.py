"""Drains that are killed at any moment, and that overlap: each offset stands in one object."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from local.lambda_runtime import SRC, Emulator
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws import LocalAws
    from local.msk import LocalMsk

HANDLERS = Path(__file__).parent / "handlers"
PARTITIONS = 3
NEVER_S = 600.0
OVERLAPPING = 0.4
"""The share of runs during which another one starts."""

BUCKET = "my-bucket"
COLUMNS = {
    "partition": "INTEGER",
    "offset": "BIGINT",
    "key": "VARCHAR",
    "value": "VARCHAR",
    "timestamp": "BIGINT",
}


class Run(threading.Thread):
    """One drain in an environment of its own, which may be killed."""

    def __init__(self, environment: dict[str, str], event: dict[str, Any], kill_s: float) -> None:
        super().__init__()
        self.took_s = 0.0
        self.killed = False
        self.body: dict[str, Any] = {}
        self._function = Emulator(
            environment, handler="eager_drain.lambda_handler", path=(SRC, HANDLERS)
        )
        self._event = event
        self._kill_s = kill_s

    def run(self) -> None:
        """Drain until killed, or to the end."""
        killer = threading.Timer(self._kill_s, self._kill)
        started_s = time.monotonic()
        killer.start()
        answer = self._function.invoke(self._event)
        self.took_s = time.monotonic() - started_s
        killer.cancel()
        killer.join()
        self._function.stop()
        if answer.error_type is None:
            assert isinstance(answer.payload, dict)
            self.body = answer.payload["body"]
        else:
            self.killed = True
            assert answer.error_type == "Runtime.ExitError", answer.error_message

    def _kill(self) -> None:
        with suppress(LookupError, ProcessLookupError):
            os.kill(self._function.pid(), signal.SIGKILL)


def fill(eyes: Eyes, topic: str, count: int) -> None:
    """Write records and, in between, aborted ones: offsets where there is nothing to read."""
    for part in range(10):
        for partition in range(PARTITIONS):
            values = [b"%d-%d-%d" % (partition, part, i) for i in range(count // 30)]
            eyes.produce(topic, values, partition, keys=values)
            eyes.transact(topic, [b"aborted"] * 5, partition, commit=False)


def wanted(eyes: Eyes, topic: str) -> list[tuple[Any, ...]]:
    """What stands in the topic, by the tests' own eyes: partition, offset, key, value, time."""
    return [
        (p, m.offset(), (m.key() or b"").decode(), (m.value() or b"").decode(), m.timestamp()[1])
        for p in range(PARTITIONS)
        for m in eyes.records(topic, p)
        if m.value() != b"aborted"
    ]


def stored(aws: LocalAws, prefix: str, folder: Path) -> tuple[list[tuple[Any, ...]], int]:
    """Download the objects, and read them raw, without deduplication; and how many there are."""
    s3 = aws.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    for key in keys:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    rows = duckdb.read_json(
        f"{folder}/**/*.ndjson.gz",
        format="newline_delimited",
        columns=COLUMNS,
        hive_partitioning=False,
    ).order('partition, "offset"')
    return rows.fetchall(), len(keys)


def chains(aws: LocalAws, prefix: str) -> dict[int, list[tuple[int, int]]]:
    """The ranges that the objects say they hold, by partition and start."""
    s3 = aws.client("s3")
    found: dict[int, list[tuple[int, int]]] = {p: [] for p in range(PARTITIONS)}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    for one in (one for page in pages for one in page.get("Contents", [])):
        said = s3.head_object(Bucket=BUCKET, Key=one["Key"])["Metadata"]
        span = int(said["start-offset"]), int(said["next-offset"])
        found[int(said["partition"])].append(span)
    return {p: sorted(spans) for p, spans in found.items()}


@pytest.mark.soak
def test_killed_and_overlapping_drains(
    msk: LocalMsk, aws: LocalAws, rounds: Callable[[int, int], int], tmp_path: Path
) -> None:
    """Whatever is killed, and whatever overlaps: every offset exactly once, no gap."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - shown where the test fails
    dice = random.Random(seed)
    eyes = Eyes(msk.plaintext)
    topic = eyes.create_topic(PARTITIONS)
    fill(eyes, topic, rounds(9_000, 200_000))
    prefix = f"killed-{uuid.uuid4().hex[:8]}/"
    environment = msk.environment() | aws.environment()

    def drain(kill_s: float, into: str = prefix) -> Run:
        destination = {
            "uri": f"s3://{BUCKET}/{into}",
            "object_bytes": dice.choice([20_000, 100_000, 300_000, 1_000_000]),
        }
        event = {"action": "consume", "topic": topic, "group": into, "destination": destination}
        run = Run(environment, event, kill_s)
        run.start()
        return run

    unhurt = drain(NEVER_S, f"unhurt-{prefix}")
    unhurt.join()
    assert unhurt.killed is False
    killed = 0
    while killed < rounds(4, 50):
        runs = [drain(dice.uniform(0.3, unhurt.took_s))]
        if dice.random() < OVERLAPPING:
            time.sleep(dice.uniform(0, unhurt.took_s / 2))
            runs.append(drain(dice.uniform(0.3, unhurt.took_s)))
        for run in runs:
            run.join()
            killed += run.killed
    last = drain(NEVER_S)
    last.join()
    assert last.body["drained"], last.body
    rows, count = stored(aws, prefix, tmp_path)
    expected = wanted(eyes, topic)
    assert len(rows) == len(expected)
    assert rows == expected
    for partition, spans in chains(aws, prefix).items():
        assert spans[0][0] == 0
        assert spans[-1][1] > max(row[1] for row in expected if row[0] == partition)
        assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert count > PARTITIONS
