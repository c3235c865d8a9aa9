"""Where Java is missing, `make demo` and `make test` go on in containers."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.containers.__main__ import run_make
from local.containers.checkout import archive
from local.demo import STORY

if TYPE_CHECKING:
    import docker

ROOT = Path(__file__).parents[2]
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/engine.sock"}
INSTALLED = ["-o", "install", "-o", ".venv/installed"]
"""Options of make: what is installed already is left alone."""


def run(*command: str | Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program in the checkout."""
    return subprocess.run(  # noqa: S603 - our own programs
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_demo_goes_on_in_containers(
    images: tuple[str, str], without_java: dict[str, str]
) -> None:
    """Without Java `make demo` tells the same story, and every event is answered as it should."""
    assert images
    done = run("make", *INSTALLED, "demo", environment=without_java)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Java 17 or newer is missing" in done.stdout
    assert "Ready at msk:9098" in done.stdout
    for number, step in enumerate(STORY, 1):
        assert f"{number}/{len(STORY)}  {step.title}" in done.stdout
    assert f"All {len(STORY)} steps came out as they should" in done.stdout


def test_the_demo_without_java_and_engine_is_one_line(without_java: dict[str, str]) -> None:
    """It names the two packages, and the way without them."""
    done = run(sys.executable, "-m", "local.demo", environment=without_java | NO_ENGINE)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    for words in ("openjdk-17-jdk-headless", "maven", "make engine"):
        assert words in line


def test_a_target_without_java_and_engine_is_one_line(without_java: dict[str, str]) -> None:
    """So do the tests that need Java."""
    target = [sys.executable, "-m", "local.containers", "test-java"]
    done = run(*target, environment=without_java | NO_ENGINE)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    for words in ("openjdk-17-jdk-headless", "maven", "DOCKER_HOST"):
        assert words in line


@pytest.mark.parametrize("command", [["local.msk"], ["local.invoke", "events/ping.json"]])
def test_what_stays_on_this_machine_says_so(
    command: list[str], without_java: dict[str, str]
) -> None:
    """`make msk` and `make invoke` need Java here, and name what has a way without it."""
    done = run(sys.executable, "-m", *command, environment=without_java)
    assert done.returncode > 0
    (line,) = done.stderr.splitlines()[-1:]
    for words in ("openjdk-17-jdk-headless", "make invoke", "make demo", "containers"):
        assert words in line


NEED_JAVA = (
    "test-java",
    "test-local",
    "test-integration",
    "test-protocol",
    "test-deploy",
    "test-e2e",
)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Programs that say how they were called."""
    for name in ("python", "pytest", "java", "mvn"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "{name} $@"\n')
        program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("target", NEED_JAVA)
def test_make_chooses_the_container(
    target: str, programs: Path, without_java: dict[str, str]
) -> None:
    """Without Java the whole target is handed to the container."""
    done = run("make", *INSTALLED, f"BIN={programs}", target, environment=without_java)
    assert done.stdout == f"python -m local.containers {target}\n"


@pytest.mark.parametrize("target", NEED_JAVA)
def test_make_stays_here_with_java(
    target: str, programs: Path, without_java: dict[str, str]
) -> None:
    """With Java and Maven it runs here, as it always did."""
    path = {"PATH": f"{programs}{os.pathsep}{without_java['PATH']}"}
    done = run("make", *INSTALLED, f"BIN={programs}", target, environment=without_java | path)
    assert done.stdout.startswith("mvn " if target == "test-java" else "pytest tests/")


@pytest.mark.parametrize(("target", "code"), [("help", 0), ("no-such-target", 2)])
def test_make_runs_on_a_copy(
    target: str,
    code: int,
    images: tuple[str, str],
    engine: docker.DockerClient,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What make prints and its exit code come back from the container."""
    assert run_make(engine, images[0], [target]) == code
    assert ("test-integration" if code == 0 else "no-such-target") in capfd.readouterr().out


def test_the_copy_is_the_checkout_as_it_is_now(tmp_path: Path) -> None:
    """Files that aren't committed come along; what was built or installed here doesn't."""
    for name in ("Makefile", "src/new.py", ".venv/bin/python", "local/msk/target/x", ".git/HEAD"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    with tarfile.open(fileobj=io.BytesIO(archive(tmp_path))) as tar:
        files = {m.name.removeprefix("./"): m for m in tar.getmembers() if m.isfile()}
    assert files.keys() == {"Makefile", "src/new.py"}
    assert files["Makefile"].uid == 0
