"""What `make image` tells a person."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from local.image.build import NAME

if TYPE_CHECKING:
    from docker.models.images import Image

ROOT = Path(__file__).parents[2]
PART = re.compile(r"^ *\d+\.\d MB  \S+$")


def make_image(**variables: str) -> subprocess.CompletedProcess[str]:
    """Run what `make image` runs."""
    return subprocess.run(
        [sys.executable, "-m", "local.image"],
        cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False,  # noqa: TID251 - the machine's
    )  # fmt: skip


def test_the_sizes(image: Image, base: str) -> None:
    """The image's name, the base's size, what our layers add, and the ten largest parts."""
    assert image
    done = make_image(BASE_IMAGE=base)
    assert done.returncode == 0, done.stderr
    name, of_base, ours, *parts = done.stdout.splitlines()
    assert (name, of_base.split()[0]) == (NAME, base)
    assert re.match(r"our layers add +\d+\.\d MB", ours)
    assert [part for part in parts if not PART.match(part)] == []
    sizes = [float(part.split()[0]) for part in parts]
    assert len(sizes) == 10
    assert sizes == sorted(sizes, reverse=True)


def test_no_engine_is_one_line() -> None:
    """Where no engine answers, one line says which was asked."""
    done = make_image(DOCKER_HOST="unix:///nonexistent/engine.sock")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("make image: DOCKER_HOST is unix:///nonexistent/engine.sock")
