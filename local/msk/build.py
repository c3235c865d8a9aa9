"""The plugins' jar and Kafka's, fetched and built once for each version and source state."""

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.msk.errors import BuildFailed, ProgramMissing

HERE = Path(__file__).parent
_LOG = logging.getLogger(__name__)
_SHOWN = 3000
_OLDEST_JAVA = 17


@dataclass(frozen=True)
class Build:
    """What a node is started from."""

    folder: Path
    jars: tuple[str, ...]

    @property
    def archive(self) -> Path:
        """Java's archive of the classes that a node loads; may not be there yet."""
        return self.folder / "classes.jsa"


def build(kafka_version: str) -> Build:
    """Return the build for this Kafka version; Maven runs only if these sources have none."""
    folder = HERE / "target" / f"{kafka_version}-{_source_hash()}"
    with locked(folder.parent):
        found = _finished(folder)
        if found is None:
            _check_programs()
            _run_maven(kafka_version, folder)
            found = _finished(folder)
    if found is None:
        raise BuildFailed(f"Maven left no usable class path in {folder}")
    return found


def java(name: str = "java") -> str:
    """Return the path of a program that comes with Java: JAVA_HOME's, else the first in PATH."""
    home = os.environ.get("JAVA_HOME")  # noqa: TID251 - a setting of the developer's machine
    path = shutil.which(name, path=f"{home}/bin") if home else None
    found = path or shutil.which(name)
    if found is None:
        raise ProgramMissing(_HOW_TO_GET_JAVA.format(found="is missing"))
    return found


_HOW_TO_GET_JAVA = (
    "Java 17 or newer {found}: install it with 'apt-get install openjdk-17-jdk-headless' (Debian)"
    " or 'brew install openjdk@17' (macOS), and set JAVA_HOME if it is not in PATH"
)
_HOW_TO_GET_MAVEN = (
    "Maven is missing: install it with 'apt-get install maven' (Debian)"
    " or 'brew install maven' (macOS)"
)


def _source_hash() -> str:
    digest = hashlib.sha256()
    for path in [HERE / "pom.xml", *sorted((HERE / "src" / "main").rglob("*.java"))]:
        digest.update(f"{path.relative_to(HERE)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let no other process into the same folder meanwhile; the folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _finished(folder: Path) -> Build | None:
    """Maven writes the class path last; its jars are in Maven's own cache and may have gone."""
    listing = folder / "class-path"
    if not listing.exists():
        return None
    jars = (str(folder / "plugins.jar"), *listing.read_text().strip().split(os.pathsep))
    return Build(folder, jars) if all(Path(jar).exists() for jar in jars) else None


def _check_programs() -> None:
    java("javac")
    run = subprocess.run([java(), "-version"], capture_output=True, text=True, check=False)
    version = run.stderr.partition('"')[2].partition('"')[0]
    major = version.partition(".")[0]
    if not major.isdigit() or int(major) < _OLDEST_JAVA:
        raise ProgramMissing(_HOW_TO_GET_JAVA.format(found=f"is needed, not {version or 'a stub'}"))
    if shutil.which("mvn") is None:
        raise ProgramMissing(_HOW_TO_GET_MAVEN)


def _run_maven(kafka_version: str, folder: Path) -> None:
    _LOG.info("building for Kafka %s; the first time Maven fetches about 100 MB", kafka_version)
    properties = {
        "kafka.version": kafka_version,
        "build.folder": str(folder),
        "maven.test.skip": "true",
        "includeScope": "runtime",
        "mdep.outputFile": str(folder / "class-path"),
        "style.color": "never",
    }
    command = ["mvn", "-q", "-B", *(f"-D{name}={value}" for name, value in properties.items())]
    run = subprocess.run(
        [*command, "package", "dependency:build-classpath"],
        cwd=HERE, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode != 0:
        end = (run.stdout + run.stderr)[-_SHOWN:]
        raise BuildFailed(f"Maven could not build the plugins for Kafka {kafka_version}:\n{end}")
