"""`python -m local.containers TARGET...`: make targets that need Java, in the local MSK's image.

The container gets a copy of the checkout, and changes nothing of it here.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import closing

import docker
from docker.errors import DockerException
from docker.types import Ulimit

from local.containers.checkout import archive
from local.containers.images import msk_image
from local.containers.network import owned, remove_orphans
from local.engine import EngineError, connect
from local.image import ImageFailed

_LACKING = "Java or Maven is missing (apt-get install openjdk-17-jdk-headless maven)"
_FOLDER = "/checkout"
_VOLUMES = {
    f"msk-lambda-client-{name}": {"bind": folder, "mode": "rw"}
    for name, folder in {
        "venv": f"{_FOLDER}/.venv",
        "target": f"{_FOLDER}/local/msk/target",
        "m2": "/root/.m2",
    }.items()
}
"""What the container installs and fetches, for the next time."""

_PASSED_ON = ("CI", "KAFKA_VERSION")
# An engine may give too little for three brokers; both are named, because podman raises what isn't.
_LIMITS = [Ulimit(name=name, soft=16_384, hard=16_384) for name in ("nofile", "nproc")]


def main() -> int:
    """Run make there, show what it prints, and return its exit code."""
    targets = sys.argv[1:]
    try:
        with closing(connect()) as engine:
            print(f"{_LACKING}: make {' '.join(targets)} goes on in a container.", flush=True)
            image = msk_image()
            remove_orphans(engine)
            return run_make(engine, image, targets)
    except (EngineError, ImageFailed, DockerException) as error:
        print(f"{_LACKING}, and {error}", file=sys.stderr)
        return 1


def run_make(engine: docker.DockerClient, image: str, targets: Sequence[str]) -> int:
    """Run the targets on a copy of the checkout; return make's exit code."""
    environment = {n: os.environ[n] for n in _PASSED_ON if n in os.environ}  # noqa: TID251 - make's
    container = engine.containers.create(
        image,
        ["make", "PYTHON=python3", *targets],
        working_dir=_FOLDER,
        environment=environment,
        volumes=_VOLUMES,
        ulimits=_LIMITS,
        labels=owned(),
    )
    try:
        container.put_archive(_FOLDER, archive())
        container.start()
        for piece in container.logs(stream=True, follow=True):
            sys.stdout.write(piece.decode(errors="replace"))
            sys.stdout.flush()
        return int(container.wait()["StatusCode"])
    finally:
        container.remove(force=True)


if __name__ == "__main__":
    sys.exit(main())
