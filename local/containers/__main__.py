"""`python -m local.containers TARGET...`: make targets that need Java, in the local MSK's image.

The container gets a copy of the checkout. What it installs and fetches stays in two volumes for
the next time: `msk-lambda-client-cache` and `msk-lambda-client-m2`.
"""

import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import closing

import docker
from docker.types import Ulimit

from local.containers.checkout import archive
from local.containers.images import msk_image
from local.containers.network import owned, remove_orphans
from local.engine import EngineError, connect
from local.image import ImageFailed

_FOLDER = "/checkout"
_VOLUMES = {
    "msk-lambda-client-cache": {"bind": "/cache", "mode": "rw"},
    "msk-lambda-client-m2": {"bind": "/root/.m2", "mode": "rw"},
}
_PASSED_ON = ("CI", "KAFKA_VERSION")
_PREPARE = (
    "mkdir -p /cache/venv /cache/target"
    f" && ln -sfn /cache/venv {_FOLDER}/.venv && ln -sfn /cache/target {_FOLDER}/local/msk/target"
)
# An engine may give too little for three brokers; both are named, because podman raises what isn't.
_LIMITS = [Ulimit(name=name, soft=16_384, hard=16_384) for name in ("nofile", "nproc")]


def main() -> int:
    """Run make there, show what it prints, and return its exit code."""
    targets = sys.argv[1:]
    lacking = "Java or Maven is missing (apt-get install openjdk-17-jdk-headless maven)"
    print(f"{lacking}: {' '.join(targets)} goes on in a container.", flush=True)
    try:
        image = msk_image()
        with closing(connect()) as engine:
            remove_orphans(engine)
            return run_make(engine, image, targets)
    except (EngineError, ImageFailed) as error:
        print(f"{lacking}, and {error}", file=sys.stderr)
        return 1


def run_make(engine: docker.DockerClient, image: str, targets: Sequence[str]) -> int:
    """Run the targets on a copy of the checkout; return make's exit code."""
    command = f"{_PREPARE} && exec make PYTHON=python3 {shlex.join(targets)}"
    environment = {n: os.environ[n] for n in _PASSED_ON if n in os.environ}  # noqa: TID251 - make's
    container = engine.containers.create(
        image,
        ["sh", "-c", command],
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
