"""`python -m bench.load`: an NDJSON object into a topic, beside `kcat -P -l` on the same lines."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.contenders import OURS, WrongAnswerError, body
from bench.files import served
from bench.table import markdown
from local.lambda_runtime import SRC
from local.msk import start_msk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local.lambda_runtime import Emulator
    from local.msk import LocalMsk

MEGABYTE = 1_000_000
ROUNDS = 3
PARTITIONS = 3
UNCOMPRESSED = '{"compression.type": "none"}'
"""As kcat is unless it is told otherwise; ours compresses unless it is told otherwise."""


@dataclass
class Taken:
    """What one contender took."""

    name: str
    seconds: list[float] = field(default_factory=list)
    peak_kb: int = 0

    @property
    def median_s(self) -> float:
        """Half of the times were shorter."""
        return statistics.median(self.seconds)


class Load:
    """One file of lines, and the ways to get it into a topic."""

    def __init__(self, msk: LocalMsk, function: Emulator, file: Path, count: int, s3: str) -> None:
        self._msk = msk
        self._function = function
        self._file = file
        self._count = count
        self._s3 = s3
        self.ways: dict[str, Callable[[str, Taken], None]] = {
            "kcat": self._kcat,
            "ours": partial(self._ours, plain=True, options=UNCOMPRESSED),
            "kcat, lz4": partial(self._kcat, options=("-z", "lz4")),
            "ours, lz4": partial(self._ours, plain=True),
            "ours, lz4, TLS and IAM": partial(self._ours, plain=False),
        }

    def take(self, taken: Taken) -> None:
        """Send the file once, to a topic of its own, and count what arrived."""
        topic = f"load-{uuid.uuid4().hex[:8]}"
        made = {"action": "create_topic", "topic": topic, "num_partitions": PARTITIONS}
        body(self._function.invoke(made))
        self.ways[taken.name](topic, taken)
        arrived = self._arrived(topic)
        if arrived != self._count:
            raise WrongAnswerError(f"{taken.name}: {arrived} records of {self._count}")

    def _kcat(self, topic: str, taken: Taken, options: Sequence[str] = ()) -> None:
        command = ["kcat", "-P", "-b", self._msk.plaintext, "-t", topic, *options]
        started_s = time.perf_counter()
        subprocess.run([*command, "-l", str(self._file)], check=True)
        taken.seconds.append(time.perf_counter() - started_s)

    def _ours(self, topic: str, taken: Taken, *, plain: bool, options: str = "{}") -> None:
        source = f"s3://bench/{self._file.name}"
        servers = ["--plain", self._msk.plaintext] if plain else []
        done = subprocess.run(
            [sys.executable, "-m", "bench.load_once", source, topic, *servers],
            env={**self._environment(), "KAFKA_CLIENT_OPTIONS": options},
            cwd=SRC.parent,
            check=True,
            capture_output=True,
            text=True,
        )
        told = json.loads(done.stdout.splitlines()[-1])
        taken.seconds.append(told["seconds"])
        taken.peak_kb = max(taken.peak_kb, told["peak_kb"])

    def _environment(self) -> Mapping[str, str]:
        paths = os.pathsep.join((str(SRC), str(SRC.parent)))
        region = self._msk.environment()["AWS_REGION"]
        aws = {"AWS_ENDPOINT_URL_S3": self._s3, "AWS_DEFAULT_REGION": region}
        return {"PATH": os.defpath, "PYTHONPATH": paths, **aws, **self._msk.environment()}

    def _arrived(self, topic: str) -> int:
        """Count what a new topic holds: nothing was deleted, and nothing else wrote to it."""
        event = {"action": "consume", "topic": topic, "from": "end"}
        return sum(body(self._function.invoke(event))["next"].values())


def write_lines(file: Path, size: int, line: int) -> int:
    """Write so many bytes in JSON lines of about that length; answers how many. lz4 halves them."""
    dice = random.Random(1)
    room = max(1, line - len('{"id":000000000,"data":""}\n'))
    count = size // line
    with file.open("wb", buffering=MEGABYTE) as out:
        for i in range(count):
            out.write(
                b'{"id":%09d,"data":"%s"}\n' % (i, dice.randbytes(room).hex()[:room].encode())
            )
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure in turn, and print the table."""
    parser = argparse.ArgumentParser("python -m bench.load", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--line", type=int, default=500, help="bytes of a line (default: 500)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    if shutil.which("kcat") is None:
        print("kcat is missing: apt-get install kcat", file=sys.stderr)
        return 2
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as s3,
        start_msk(for_load=True) as msk,
        OURS.start(msk.environment()) as function,
    ):
        file = Path(folder) / "lines.ndjson"
        count = write_lines(file, options.megabytes * MEGABYTE, options.line)
        load = Load(msk, function, file, count, s3)
        taken = [Taken(name) for name in load.ways]
        for _ in range(options.rounds):
            for one in taken:
                load.take(one)
                print(f"{one.name}: {one.seconds[-1]:.1f} s", file=sys.stderr, flush=True)
    print(table(taken, options.megabytes, count))
    return 0


def table(taken: Sequence[Taken], megabytes: int, count: int) -> str:
    """Lay out what each took, beside the kcat that compresses in the same way."""
    head = ("way", "pace beside kcat", "seconds", "MB/s", "thousand records/s", "peak memory, MB")
    rows = [head]
    for one in taken:
        if one.name.startswith("kcat"):
            base = one.median_s
        rows.append(
            (
                one.name,
                f"{base / one.median_s:.2f}",
                f"{one.median_s:.1f} ({min(one.seconds):.1f}-{max(one.seconds):.1f})",
                f"{megabytes / one.median_s:.0f}",
                f"{count / one.median_s / 1000:,.0f}",
                f"{one.peak_kb / 1000:.0f}" if one.peak_kb else "",
            )
        )
    return markdown(rows)


if __name__ == "__main__":
    sys.exit(main())
