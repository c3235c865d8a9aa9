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

from local.aws import Fault
from local.lambda_runtime import SRC, Emulator
from tests.integration.eyes import Eyes
from tests.lake import BUCKET, Lake, records_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws import LocalAws
    from local.msk import LocalMsk

HANDLERS = Path(__file__).parent / "handlers"
PARTITIONS = 3
PORTION = 3_600
"""Records that are written before each round."""

OVERLAPPING = 0.5
"""The share of runs during which another one starts."""


class Run(threading.Thread):
    """One drain in an environment of its own, which may be killed."""

    def __init__(
        self,
        environment: dict[str, str],
        event: dict[str, Any],
        may_live: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__()
        self.killed = False
        self.body: dict[str, Any] = {}
        self._function = Emulator(
            environment, handler="eager_drain.lambda_handler", path=(SRC, HANDLERS)
        )
        self._event = event
        self._may_live = may_live
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        """Drain until killed, or to the end."""
        killer = threading.Thread(target=self._kill_in_time)
        killer.start()
        answer = self._function.invoke(self._event)
        self._over.set()
        killer.join()
        self._function.stop()
        if answer.error_type is None:
            assert isinstance(answer.payload, dict)
            self.body = answer.payload["body"]
        else:
            self.killed = True
            assert answer.error_type == "Runtime.ExitError", answer.error_message

    def _kill_in_time(self) -> None:
        while not self._over.wait(0.002):
            if not self._may_live():
                with suppress(LookupError, ProcessLookupError):
                    os.kill(self._function.pid(), signal.SIGKILL)
                return


class Drained:
    """A topic of three partitions that is filled, and drained below a prefix."""

    longest = 16
    """A run dies after so many writes at most."""

    def __init__(self, msk: LocalMsk, aws: LocalAws, dice: random.Random) -> None:
        self.eyes = Eyes(msk.plaintext)
        self.topic = self.eyes.create_topic(PARTITIONS)
        self.prefix = f"killed-{uuid.uuid4().hex[:8]}/"
        self.dice = dice
        self._environment = msk.environment() | aws.environment()
        self._aws = aws
        self.puts = 0
        """How many writes S3 was asked for by runs that were to be killed."""

    def fill(self, number: int, count: int) -> None:
        """Write records, and behind them aborted ones: offsets where there is nothing to read."""
        for partition in range(PARTITIONS):
            keys = [b"%d-%d-%d" % (partition, number, i) for i in range(count // PARTITIONS)]
            values = [self.value(key) for key in keys]
            self.eyes.produce(self.topic, values, partition, keys=keys)
            self.eyes.transact(self.topic, [b"aborted"] * 5, partition, commit=False)

    def value(self, key: bytes) -> bytes:
        """Choose a record's value."""
        return key

    def destination(self) -> dict[str, Any]:
        """Say more of where a run writes, and how."""
        return {}

    def drain(self, may_live: Callable[[], bool] = lambda: True) -> Run:
        """Begin a run; its objects are of any size."""
        destination = {
            "uri": f"s3://{BUCKET}/{self.prefix}",
            "object_bytes": self.dice.choice([5_000, 20_000, 50_000, 200_000]),
        }
        event = {"action": "consume", "topic": self.topic, "group": self.prefix}
        destination |= self.destination()
        return Run(self._environment, event | {"destination": destination}, may_live)

    def finish(self) -> None:
        """Drain what is left: runs that nobody kills, each until its time is up."""
        drained = False
        while not drained:
            last = self.drain()
            last.join()
            drained = last.body["drained"]
            assert drained or last.body["count"] > 0, last.body

    def some_runs(self) -> list[Run]:
        """Let one run, or two at once, live until around some write, or to their end."""
        puts = Fault("PUT", f"/{BUCKET}/{self.prefix}*")  # which only counts
        self._aws.set_faults(puts)
        runs = [self.drain(self._death(puts))]
        if self.dice.random() < OVERLAPPING:
            time.sleep(self.dice.uniform(0, 1))
            runs.append(self.drain(self._death(puts)))
        for run in runs:
            run.join()
        self._aws.set_faults()
        self.puts += puts.met
        return runs

    def _death(self, puts: Fault) -> Callable[[], bool]:
        """Choose when a run dies: a moment after the n-th write of all, or at some time."""
        at, moment_s = self.dice.randint(1, self.longest), self.dice.uniform(0, 0.02)
        at_s = time.monotonic() + self.dice.uniform(0.5, 6)

        def may_live() -> bool:
            if puts.met >= at:
                time.sleep(moment_s)
                return False
            return time.monotonic() < at_s

        return may_live


@pytest.mark.soak
def test_killed_and_overlapping_drains(
    msk: LocalMsk, aws: LocalAws, rounds: Callable[[int, int], int], tmp_path: Path
) -> None:
    """Whatever is killed, and whatever overlaps: every offset exactly once, no gap."""
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - shown where the test fails
    lake = Drained(msk, aws, random.Random(seed))
    killed = overlapping = written = 0
    while killed < rounds(4, 50) or written < rounds(0, 200_000):
        lake.fill(written, PORTION)
        written += PORTION
        runs = lake.some_runs()
        killed += sum(run.killed for run in runs)
        overlapping += len(runs) > 1
    in_the_way = lake.puts - len(Lake(aws, lake.prefix, tmp_path).keys())
    assert in_the_way >= rounds(0, 25)  # else the kills would have proved nothing
    lake.finish()
    found = Lake(aws, lake.prefix, tmp_path)
    expected = records_of(lake.eyes, lake.topic, PARTITIONS, but=b"aborted")
    assert len(expected) == written
    rows = found.rows()
    assert len(rows) == len(expected)
    assert rows == expected
    for partition, spans in found.spans().items():
        assert spans[0][0] == 0
        assert spans[-1][1] > max(row[1] for row in expected if row[0] == partition)
        assert all(before[1] == after[0] for before, after in pairwise(spans))
    told = {"killed": killed, "overlapping": overlapping, "in the way": in_the_way}
    print(told, written, "records", len(found.keys()), "objects")  # noqa: T201
