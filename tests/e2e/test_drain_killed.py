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

import pytest

from local.lambda_runtime import SRC, Emulator
from tests.integration.eyes import Eyes
from tests.lake import BUCKET, Lake, records_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws import LocalAws
    from local.msk import LocalMsk

HANDLERS = Path(__file__).parent / "handlers"
PARTITIONS = 3
NEVER_S = 600.0
OVERLAPPING = 0.4
"""The share of runs during which another one starts."""


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
    count = rounds(9_000, 201_000)
    fill(eyes, topic, count)
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
    lake = Lake(aws, prefix, tmp_path)
    expected = records_of(eyes, topic, PARTITIONS, but=b"aborted")
    assert len(expected) == count
    rows = lake.rows()
    assert len(rows) == len(expected)
    assert rows == expected
    for partition, spans in lake.spans().items():
        assert spans[0][0] == 0
        assert spans[-1][1] > max(row[1] for row in expected if row[0] == partition)
        assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert len(lake.keys()) > PARTITIONS
