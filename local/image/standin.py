"""A stand-in for AWS's base image, for machines that can't pull it: Debian with the same layout.

It is not what Lambda runs: another distribution, another build of Python. What it shares with
AWS's image: Python 3.13, AWS's runtime client and emulator, folders, variables and entry point.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from local.engine import needs
from local.engine.places import locked
from local.image.errors import ImageFailed
from local.image.host import Host, read_host
from local.image.locks import entries
from local.lambda_runtime import emulator_binary
from local.lambda_runtime.binary import pinned_version

NAME = "localhost/lambda-python3.13-standin:latest"
_HERE = Path(__file__).parent
_LOCKS = _HERE.parents[1] / "requirements"
_LABEL = "standin.key"
_DEBOOTSTRAP = {"debootstrap": ("debootstrap",)}
_LAST_WORDS = 2000
_PACKAGES = {
    # folder in the image -> what pip puts there
    "var/runtime": ("development.lock", ("awslambdaric", "simplejson", "snapshot-restore-py")),
    "usr/local/lib/python3.13/dist-packages": ("pip.lock", ("pip",)),
}
_LEFT_OUT = ("dev/*", "proc/*", "sys/*", "tmp/*", "var/cache/apt/*", "var/lib/apt/lists/*")
_DOCUMENTS = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info")
_CHANGES = (
    "ENV LANG=en_US.UTF-8",
    "ENV TZ=:/etc/localtime",
    "ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/opt/bin",
    "ENV LAMBDA_TASK_ROOT=/var/task",
    "ENV LAMBDA_RUNTIME_DIR=/var/runtime",
    "WORKDIR /var/task",
    'ENTRYPOINT ["/lambda-entrypoint.sh"]',
)


def stand_in(engine: docker.DockerClient) -> str:
    """Return the name of the stand-in, made now unless the engine has it from the same parts.

    Takes about a minute the first time. Raises ImageFailed, and NeedMissing where debootstrap
    can't be had.
    """
    with locked() as folder:
        host = read_host()
        key = _key(host)
        if _made_from(engine) != key:
            needs.check_maker(folder)
            needs.install(_DEBOOTSTRAP)
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                with _for_everybody():
                    _make(engine, Path(scratch), host, key)
    return NAME


@contextmanager
def _for_everybody() -> Iterator[None]:
    """Make files that everybody may read, whatever this user's own files are like."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


def _key(host: Host) -> str:
    """Return a hash of all that goes in, but for Debian's own packages."""
    scripts = sorted((_HERE / "standin").iterdir())
    parts = [path.read_bytes() for path in (Path(__file__), *scripts)]
    parts += [entries(_LOCKS / lock, names).encode() for lock, names in _PACKAGES.values()]
    parts += [pinned_version().encode(), platform.machine().encode(), repr(host).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _made_from(engine: docker.DockerClient) -> str | None:
    try:
        labels = engine.images.get(NAME).labels
    except ImageNotFound:
        return None
    return str(labels.get(_LABEL))


def _make(engine: docker.DockerClient, scratch: Path, host: Host, key: str) -> None:
    root, archive = scratch / "root", scratch / "root.tar"
    include = "--include=python3,ca-certificates"
    _run(["debootstrap", "--variant=minbase", include, "trixie", str(root), host.mirror])
    for folder, (lock, names) in _PACKAGES.items():
        _pip(root / folder, scratch, entries(_LOCKS / lock, names))
    _add_runtime(root)
    host.write_into(root)
    left_out = [f"--exclude=./{path}" for path in (*_LEFT_OUT, *_DOCUMENTS)]
    _run(["tar", "-C", str(root), *left_out, "--numeric-owner", "-cf", str(archive), "."])
    shutil.rmtree(root)
    changes = [*_CHANGES, f"LABEL {_LABEL}={key}"]
    name, tag = NAME.split(":")  # podman knows no other tag than this one when it imports
    engine.api.import_image_from_file(str(archive), repository=name, tag=tag, changes=changes)


def _pip(target: Path, scratch: Path, requirements: str) -> None:
    listing = scratch / "requirements.txt"
    listing.write_text(requirements)
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--python-version=3.13"]
    _run([sys.executable, "-m", "pip", "install", *options, f"--target={target}", "-r", listing])


def _add_runtime(root: Path) -> None:
    python = root / "var/lang/bin"
    python.mkdir(parents=True)
    for name in ("python", "python3", "python3.13"):
        (python / name).symlink_to("/usr/bin/python3.13")
    (root / "var/task").mkdir()
    shutil.copy(_HERE / "standin/lambda-entrypoint.sh", root)
    shutil.copy(_HERE / "standin/bootstrap", root / "var/runtime")
    shutil.copy(_emulator(), root / "usr/local/bin/aws-lambda-rie")


def _emulator() -> Path:
    binary = emulator_binary()
    if binary is None:
        raise ImageFailed("the runtime interface emulator isn't installed: `make install`.")
    return binary


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last_words = (done.stdout + done.stderr).strip()[-_LAST_WORDS:]
        raise ImageFailed(f"{command[0]} failed while the stand-in base was made:\n{last_words}")
