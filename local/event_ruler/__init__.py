"""AWS's own rule engine (github.com/aws/event-ruler), which the tests hold our filters against."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from local.msk import BuildFailed, ProgramMissing
from local.msk.build import java, locked

HERE = Path(__file__).parent
_SHOWN = 2000


class EventRuler:
    """A running engine; a context manager that ends it. Raises MskError where it can't run."""

    def __init__(self) -> None:
        path = _class_path()
        quick = ("-Xmx128m", "-XX:TieredStopAtLevel=1")
        self._process = subprocess.Popen(
            [java(), *quick, "-cp", path, str(HERE / "Rules.java")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self._pipes = cast("tuple[IO[str], IO[str]]", (self._process.stdin, self._process.stdout))

    def matches(self, pattern: str, event: str) -> bool | None:
        """Tell whether a pattern matches an event, both as JSON; None if it is refused."""
        questions, answers = self._pipes
        questions.write(json.dumps({"pattern": pattern, "event": event}) + "\n")
        questions.flush()
        match: bool | None = json.loads(answers.readline()).get("match")
        return match

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()


def _class_path() -> str:
    """Have Maven fetch the engine, once for each version of the pom."""
    version = hashlib.sha256((HERE / "pom.xml").read_bytes()).hexdigest()[:12]
    listing = HERE / "target" / version
    with locked(listing.parent):
        if not listing.exists() or not _complete(listing.read_text()):
            _fetch(listing)
    return listing.read_text().strip()


def _complete(path: str) -> bool:
    return all(Path(jar).exists() for jar in path.strip().split(os.pathsep))


def _fetch(listing: Path) -> None:
    if shutil.which("mvn") is None:
        raise ProgramMissing("Maven is missing: apt-get install maven")
    options = (f"-Dmdep.outputFile={listing}", "-DincludeScope=runtime", "-Dstyle.color=never")
    run = subprocess.run(
        ["mvn", "-q", "-B", *options, "dependency:build-classpath"],
        cwd=HERE, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode != 0:
        raise BuildFailed(
            f"Maven could not fetch the engine:\n{(run.stdout + run.stderr)[-_SHOWN:]}"
        )
