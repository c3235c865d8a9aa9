"""What is missing for an engine is said plainly, all at once, before anything is changed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from local.engine import needs
from local.engine.errors import NeedMissing

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="our own engine is for Linux")

PROGRAMS = {"some-engine": ("no-such-program-anywhere",)}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH, with an `unshare` that works; the caller is root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(tmp_path, "unshare", "exit 0")
    return tmp_path


def program(folder: Path, name: str, script: str) -> None:
    """Put a program into the folder."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def lacking(folder: Path) -> str:
    """What `check` says is missing."""
    with pytest.raises(NeedMissing) as raised:
        needs.check(folder)
    return str(raised.value)


def test_root(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who isn't root is told so, and what else would do."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    said = lacking(programs)
    assert "root" in said
    assert "DOCKER_HOST" in said


def test_the_right_to_make_namespaces(programs: Path) -> None:
    """A root that may not make namespaces is told the right's name and what the kernel said."""
    program(programs, "unshare", "echo 'unshare failed: Operation not permitted' >&2; exit 1")
    said = lacking(programs)
    assert "CAP_SYS_ADMIN" in said
    assert "Operation not permitted" in said


def test_control_groups(programs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without writable control groups is told so, with their folder."""
    empty = tmp_path / "cgroup"
    empty.mkdir()
    monkeypatch.setattr(needs, "_CGROUPS", empty)
    assert f"control groups: {empty}" in lacking(programs)


def test_disk_space(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too little space is told in figures, with the folder and how to name another."""
    monkeypatch.setattr(needs, "DISK_BYTES", 2**60)
    said = lacking(programs / "not" / "made" / "yet")
    assert "1073741824.0 GiB" in said
    assert str(programs) in said
    assert "XDG_DATA_HOME" in said


def test_packages_without_apt(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where packages are missing and there is no apt, they are named."""
    monkeypatch.setattr(needs, "PACKAGES", PROGRAMS)
    said = lacking(programs)
    assert "some-engine" in said
    assert "apt-get" in said


def test_everything_at_once(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is missing comes in one message, one line each."""
    monkeypatch.setattr(needs, "PACKAGES", PROGRAMS)
    monkeypatch.setattr(needs, "DISK_BYTES", 2**60)
    program(programs, "unshare", "exit 1")
    said = [line for line in lacking(programs).splitlines() if line.startswith("- ")]
    assert len(said) == 3


def test_an_apt_that_fails(programs: Path) -> None:
    """What apt says is passed on with the command."""
    program(programs, "apt-get", "echo 'E: Could not get lock /var/lib/dpkg/lock' >&2; exit 100")
    with pytest.raises(NeedMissing, match=r"(?s)`apt-get update -q` failed.*Could not get lock"):
        needs.install(PROGRAMS)


def test_an_apt_that_installs_nothing(programs: Path) -> None:
    """An apt that succeeds and doesn't bring the program is no success."""
    program(programs, "apt-get", "exit 0")
    with pytest.raises(NeedMissing, match=r"some-engine.*programs are not there"):
        needs.install(PROGRAMS)


def test_what_is_there_is_not_installed(programs: Path) -> None:
    """apt isn't asked for a program that is there already."""
    program(programs, "apt-get", "exit 100")
    program(programs, "no-such-program-anywhere", "exit 0")
    needs.install(PROGRAMS)
