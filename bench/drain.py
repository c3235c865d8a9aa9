"""`python -m bench.drain`: a topic into objects of S3, beside kcat writing the same to a file."""

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench import plain
from bench.contenders import WrongAnswerError
from bench.sink import sink
from bench.table import markdown
from local.lambda_runtime import SRC
from local.msk import start_msk
from msk_client.deadline import Deadline
from msk_client.ports import NewTopic
from msk_client.records import Outgoing
from msk_client.s3.packing import unpacked
from msk_client.settings import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local.msk import LocalMsk
    from msk_client.s3.formats import Compression

MEGABYTE = 1_000_000
ROUNDS = 3
PARTITIONS = 3
AT_LEAST = 0.3
AT_MOST = 1.2
SMALL_SHARE = 10
"""Memory is compared with that of a topic of a tenth."""
BATCH = 5_000
PACKED: dict[str, Compression] = {".gz": "gz", ".zst": "zst"}


@dataclass(frozen=True)
class Way:
    """How a topic gets out: kcat's options, or ours, which is held against a way of kcat."""

    name: str
    beside: str
    form: str = ""
    kcat: tuple[str, ...] = ()
    tls: bool = False

    @property
    def wanted(self) -> bool:
        """Whether kcat does the same: it has no IAM."""
        return bool(self.form) and not self.tls


JSON, VALUES = "kcat -J, each record as JSON", "kcat, values alone"
WAYS = (
    Way(JSON, JSON, kcat=("-J",)),
    Way("ours, ndjson.gz", JSON, "ndjson.gz"),
    Way("ours, ndjson.zst", JSON, "ndjson.zst"),
    Way("ours, ndjson", JSON, "ndjson"),
    Way("ours, ndjson.gz, TLS and IAM", JSON, "ndjson.gz", tls=True),
    Way(VALUES, VALUES),
    Way("ours, raw", VALUES, "raw"),
)


@dataclass
class Taken:
    """What one way took."""

    seconds: list[float] = field(default_factory=list)
    peak_kb: int = 0

    @property
    def median_s(self) -> float:
        """Half of the times were shorter."""
        return statistics.median(self.seconds)


class Drains:
    """One cluster, and the ways to get a topic out of it."""

    def __init__(self, msk: LocalMsk, folder: Path, s3: str) -> None:
        self._msk = msk
        self._folder = folder
        self._s3 = s3

    def fill(self, topic: str, size: int, value_bytes: int) -> int:
        """Write so many bytes of values; answers how many records that are."""
        kafka = plain.kafka(read(self._msk.environment()), self._msk.plaintext)
        new = NewTopic(topic, PARTITIONS, None, {})
        kafka.create_topic(new, Deadline.after(30), validate_only=False)
        count = max(PARTITIONS, size // value_bytes)
        values = list(orders(value_bytes))
        for first in range(0, count, BATCH):
            numbers = range(first, min(first + BATCH, count))
            records = [
                Outgoing(b"key-%d" % i, values[i % len(values)], [], i % PARTITIONS)
                for i in numbers
            ]
            kafka.produce(topic, records, Deadline.after(60))
        return count

    def take(self, way: Way, topic: str, count: int, into: Taken) -> None:
        """Get the topic out once, and count what arrived."""
        arrived = (self._ours if way.form else self._kcat)(way, topic, into)
        if arrived != count:
            raise WrongAnswerError(f"{way.name}: {arrived} records of {count}")

    def _kcat(self, way: Way, topic: str, into: Taken) -> int:
        command = ["kcat", "-C", "-b", self._msk.plaintext, "-t", topic, "-o", "beginning", "-e"]
        path = self._folder / "kcat"
        with path.open("wb") as file:
            started_s = time.perf_counter()
            subprocess.run([*command, "-q", *way.kcat], stdout=file, check=True)
            into.seconds.append(time.perf_counter() - started_s)
        return lines_of([path])

    def _ours(self, way: Way, topic: str, into: Taken) -> int:
        servers = [] if way.tls else ["--plain", self._msk.plaintext]
        done = subprocess.run(
            [sys.executable, "-m", "bench.drain_once", topic, way.form, *servers],
            env=self._environment(),
            cwd=SRC.parent,
            check=True,
            capture_output=True,
            text=True,
        )
        told = json.loads(done.stdout.splitlines()[-1])
        into.seconds.append(told["seconds"])
        into.peak_kb = max(into.peak_kb, told["peak_kb"])
        return lines_of(sorted(self._folder.glob("bench|*")))

    def _environment(self) -> dict[str, str]:
        paths = os.pathsep.join((str(SRC), str(SRC.parent)))
        region = self._msk.environment()["AWS_REGION"]
        aws = {"AWS_ENDPOINT_URL_S3": self._s3, "AWS_DEFAULT_REGION": region}
        return {"PATH": os.defpath, "PYTHONPATH": paths, **aws, **self._msk.environment()}


def orders(size: int) -> Iterator[bytes]:
    """Make values of about that length that compress as documents do."""
    dice = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(dice.choices(letters, k=dice.randint(3, 9))) for _ in range(3_000)]
    for _ in range(BATCH):
        order = {"id": dice.getrandbits(40), "by": " ".join(dice.choices(words, k=2)), "of": []}
        items: list[object] = []
        while len(json.dumps(order)) < size:
            items.append({"sku": dice.getrandbits(32), "text": " ".join(dice.choices(words, k=3))})
            order["of"] = items
        yield json.dumps(order).encode()[:size]


def lines_of(paths: Sequence[Path]) -> int:
    """Count the lines in files that may be compressed, and remove them."""
    count = 0
    for path in paths:
        with path.open("rb") as raw, unpacked(raw, PACKED.get(path.suffix, "")) as file:
            while block := file.read(MEGABYTE):
                count += block.count(b"\n")
        path.unlink()
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure in turn, and print the tables."""
    parser = argparse.ArgumentParser("python -m bench.drain", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--value", type=int, default=1_000, help="bytes of a value: 1000")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    lacking = shutil.which("kcat") is None
    ways = [way for way in WAYS if way.form or not lacking]
    with (
        tempfile.TemporaryDirectory() as folder,
        sink(Path(folder)) as s3,
        start_msk(for_load=True) as msk,
    ):
        drains = Drains(msk, Path(folder), s3)
        size = options.megabytes * MEGABYTE
        counts = {
            "large": drains.fill("large", size, options.value),
            "small": drains.fill("small", size // SMALL_SHARE, options.value),
        }
        taken = {topic: {way.name: Taken() for way in ways} for topic in counts}
        for number in range(options.rounds):
            for topic, count in counts.items():
                for way in ways:
                    one = taken[topic][way.name]
                    drains.take(way, topic, count, one)
                    told = f"{number + 1}. {topic}, {way.name}: {one.seconds[-1]:.2f} s"
                    print(told, file=sys.stderr, flush=True)
    print(table(ways, taken, options.megabytes, counts["large"]))
    if lacking:
        print("\nkcat is missing (apt-get install kcat): ours is beside nothing.")
    return 0


def table(
    ways: Sequence[Way], taken: dict[str, dict[str, Taken]], megabytes: int, count: int
) -> str:
    """Lay out what each took, beside its kcat, and its memory beside that of a small topic."""
    head = ("way", "pace beside kcat", "seconds", "MB/s", "thousand records/s")
    rows = [(*head, "peak memory, MB", "beside that of a tenth")]
    for way in ways:
        one, small = taken["large"][way.name], taken["small"][way.name]
        base = taken["large"].get(way.beside)
        pace = "" if base is None else f"{base.median_s / one.median_s:.2f}"
        memory = f"{one.peak_kb / small.peak_kb:.2f}" if one.peak_kb else ""
        rows.append(
            (
                way.name,
                marked(pace, missed=way.wanted and bool(pace) and float(pace) < AT_LEAST),
                f"{one.median_s:.1f} ({min(one.seconds):.1f}-{max(one.seconds):.1f})",
                f"{megabytes / one.median_s:.0f}",
                f"{count / one.median_s / 1000:,.0f}",
                f"{one.peak_kb / 1000:.0f}" if one.peak_kb else "",
                marked(memory, missed=bool(memory) and float(memory) > AT_MOST),
            )
        )
    return markdown(rows)


def marked(text: str, *, missed: bool) -> str:
    """Mark what is not as wanted."""
    return f"{text} (missed)" if missed else text


if __name__ == "__main__":
    sys.exit(main())
