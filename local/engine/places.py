"""Where our own engine keeps its things: nothing of it is in the system's configuration."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RUN = Path("/run/msk-lambda-client")


def data_folder() -> Path:
    """Return where images, containers and settings are; one engine serves all checkouts."""
    data_home = os.environ.get("XDG_DATA_HOME")  # noqa: TID251 - a setting of the machine's user
    base = Path(data_home) if data_home else Path.home() / ".local" / "share"
    return base / "msk-lambda-client" / "engine"


def run_folder() -> Path:
    """Return where socket, process id and mounts are: gone after a reboot, as podman expects.

    Its name is short because a socket's path may have 107 bytes only.
    """
    return _RUN / hashlib.sha256(bytes(data_folder())).hexdigest()[:8]


def socket_path() -> Path:
    """Return the socket on which our own engine listens."""
    return run_folder() / "engine.sock"


@contextmanager
def locked() -> Iterator[Path]:
    """Give the data folder, made if need be, and let no other process change it meanwhile."""
    data_folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data_folder() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield data_folder()
