"""Where the runtime interface emulator's binary is on this machine, if it can run here at all."""

import platform
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
HANDLER = "msk_client.handler.lambda_handler"
LOCK = ROOT / "requirements" / "rie.lock"
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
_PINNED = re.compile(r"^aws-sam-cli==(\S+)", re.MULTILINE)


def emulator_binary() -> Path | None:
    """Return the installed binary of the pinned version; None where there is none for this system.

    `python -m local.lambda_runtime.install` puts it there.
    """
    place = binary_place()
    return place if place is not None and place.is_file() else None


def binary_place() -> Path | None:
    """Return where the binary belongs, under the git-ignored `.venv`; None outside Linux."""
    architecture = _ARCHITECTURES.get(platform.machine().lower())
    if sys.platform != "linux" or architecture is None:
        return None
    return ROOT / ".venv" / "lib-rie" / pinned_version() / f"aws-lambda-rie-{architecture}"


def pinned_version() -> str:
    """Return the version of the package that ships the binary, as the lock file pins it."""
    found = _PINNED.search(LOCK.read_text())
    if found is None:
        raise ValueError(f"{LOCK.name} pins no aws-sam-cli")
    return found[1]
