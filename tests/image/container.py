"""The function's image run as Lambda runs it, which the SAM CLI does not do."""

from __future__ import annotations

import http.client
import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from docker.types import Ulimit

from local.lambda_runtime.emulator import INVOCATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker
    from docker.models.containers import Container
    from docker.models.images import Image

    from tests.image.conftest import Msk

SANDBOX_USER = "12345:12345"
"""Nobody that the image knows."""
LIMIT = 1024
"""Open files, and processes with threads, that Lambda lets a function have."""
TEMPORARY = "/tmp"  # noqa: S108 - Lambda's own name for the one folder to write in
_PORT = "8080/tcp"
_START_TIMEOUT_S = 30


@contextmanager
def running(
    engine: docker.DockerClient, image: Image, msk: Msk, **variables: str
) -> Iterator[Container]:
    """Run the function read-only, as an unknown user without rights and without a home."""
    container = engine.containers.create(
        image,
        image.attrs["Config"]["Cmd"],
        entrypoint=["env", "-u", "HOME", *image.attrs["Config"]["Entrypoint"]],
        environment=dict(msk.environment) | variables,
        extra_hosts={msk.host: msk.address},
        ports={_PORT: ("127.0.0.1", None)},
        read_only=True,
        tmpfs={TEMPORARY: "size=512m"},
        user=SANDBOX_USER,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        ulimits=[Ulimit(name=name, soft=LIMIT, hard=LIMIT) for name in ("nofile", "nproc")],
        mem_limit="1g",
    )
    try:
        container.start()
        container.reload()
        yield container
    finally:
        container.remove(force=True)


def invoke(container: Container, event: object) -> Any:  # noqa: ANN401 - any JSON
    """Send one event to the emulator in the container; what it answers, parsed."""
    port = container.ports[_PORT][0]["HostPort"]
    give_up_at = time.monotonic() + _START_TIMEOUT_S
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=70)
        try:
            connection.request("POST", INVOCATIONS, json.dumps(event).encode())
            return json.loads(connection.getresponse().read())
        except (ConnectionError, http.client.RemoteDisconnected):
            # The emulator isn't listening yet; an event that it took is answered.
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)
        finally:
            connection.close()


def inside(container: Container, *command: str) -> str:
    """Run a program beside the function, as the same user; what it prints, errors too."""
    _, output = container.exec_run(list(command))
    text: str = output.decode()
    return text
