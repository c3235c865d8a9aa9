"""What our own engine needs of this machine, looked at before anything is changed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local.engine.errors import NeedMissing

PACKAGES: Mapping[str, tuple[str, ...]] = {
    "podman": ("podman",),
    "runc": ("runc",),
    "iptables": ("iptables",),
    "netavark": ("/usr/lib/podman/netavark", "/usr/libexec/podman/netavark"),
    "aardvark-dns": ("/usr/lib/podman/aardvark-dns", "/usr/libexec/podman/aardvark-dns"),
}
"""Debian's package -> the program in it, or the places where it may be."""

DISK_BYTES = 4 * 1024**3
_CGROUPS = Path("/sys/fs/cgroup")
_INSTEAD = "Or start Docker yourself, or name an engine elsewhere in DOCKER_HOST."


def check(folder: Path) -> None:
    """Raise NeedMissing with everything that this machine lacks, one line for each."""
    if lacking := [*_system(), *_disk(folder), *_programs()]:
        raise NeedMissing("\n".join(["the container engine can't be set up:", *lacking, _INSTEAD]))


def check_maker(folder: Path) -> None:
    """Raise NeedMissing where a stand-in base can't be made: it takes root, and space here."""
    if lacking := [*_root(), *_disk(folder)]:
        raise NeedMissing("\n".join(["the stand-in base can't be made, for lack of:", *lacking]))


def install(packages: Mapping[str, tuple[str, ...]] = PACKAGES) -> None:
    """Install those Debian packages that are missing; raises NeedMissing where apt can't."""
    names = missing(packages)
    if not names:
        return
    print("apt-get install " + " ".join(names), file=sys.stderr)
    _apt_get("update", "-q")
    _apt_get("install", "-qy", "--no-install-recommends", *names)
    if left := missing(packages):
        raise NeedMissing(f"apt-get installed {', '.join(left)}, but the programs are not there.")


def missing(packages: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the packages of which no program is there."""
    return [name for name, programs in packages.items() if not any(map(find_program, programs))]


def find_program(name: str) -> str | None:
    """Return the program's path; administrators' programs are often not on a user's PATH."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def _system() -> list[str]:
    return _root() or [*_namespaces(), *_cgroups()]


def _root() -> list[str]:
    if sys.platform != "linux":
        return ["- Linux: podman runs containers on Linux only."]
    if os.geteuid() != 0:
        return ["- root: run this as root, or on a machine where you are."]
    return []


def _namespaces() -> list[str]:
    """Try what every container starts with; a root inside a plain container may not."""
    tried = subprocess.run(
        ["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode == 0:
        return []
    wanted = "- the right to make namespaces (CAP_SYS_ADMIN; mount, net, pid, ipc, uts)"
    return [f"{wanted}: {tried.stderr.strip()}"]


def _cgroups() -> list[str]:
    controllers = [_CGROUPS, _CGROUPS / "memory"]  # version 2, version 1
    if any(
        os.access(folder, os.W_OK) and any(folder.iterdir())
        for folder in controllers
        if folder.is_dir()
    ):
        return []
    return [f"- writable control groups: {_CGROUPS} is empty or read-only."]


def _disk(folder: Path) -> list[str]:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if free >= DISK_BYTES:
        return []
    needed, left = (f"{count / 1024**3:.1f} GiB" for count in (DISK_BYTES, free))
    return [f"- disk space: {needed} in {folder}, of {left} free. XDG_DATA_HOME puts it elsewhere."]


def _programs() -> list[str]:
    names = missing(PACKAGES)
    if not names or shutil.which("apt-get"):
        return []
    return [f"- {', '.join(names)}: there is no apt-get here, so install what is missing yourself."]


def _apt_get(*arguments: str) -> None:
    if shutil.which("apt-get") is None:
        raise NeedMissing(f"`apt-get {' '.join(arguments)}` is needed, but apt-get isn't there.")
    done = subprocess.run(
        ["apt-get", *arguments],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},  # noqa: TID251 - apt's own
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last_words = (done.stderr or done.stdout).strip()[-1000:]
        raise NeedMissing(f"`apt-get {' '.join(arguments)}` failed:\n{last_words}")
