"""A network of our own for the containers, and nothing left of it or of them."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import docker
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from local.engine import connect, docker_host

LABEL = "msk-lambda-client.owner"
"""On containers and networks: the process that removes them, and its machine."""


@contextmanager
def open_network() -> Iterator[Network]:
    """Make a network; what earlier processes left behind when they were killed goes first.

    Raises EngineError where there is no engine.
    """
    os.environ["DOCKER_HOST"] = docker_host()  # noqa: TID251 - where testcontainers looks
    # Its own cleaner is one more image to pull, and podman's API is not enough for it.
    testcontainers_config.ryuk_disabled = True
    with closing(connect()) as engine:
        remove_orphans(engine)
    with Network(docker_network_kw={"labels": owned()}) as network:
        yield network


def container(image: str, network: Network, *aliases: str) -> DockerContainer:
    """Return a container that isn't started yet, known by these names to its neighbours."""
    made = DockerContainer(image).with_network(network).with_network_aliases(*aliases)
    return made.with_kwargs(labels=owned())


def owned() -> dict[str, str]:
    """Return the labels of what belongs to this process."""
    return {LABEL: f"{os.getpid()}@{socket.gethostname()}"}


def remove_orphans(engine: docker.DockerClient) -> None:
    """Remove containers and networks whose process isn't there any more."""
    for each in engine.containers.list(all=True, filters={"label": LABEL}):
        if _is_orphan(each.labels[LABEL]):
            each.remove(force=True)
    for each in engine.networks.list(filters={"label": LABEL}):
        if _is_orphan(each.attrs["Labels"][LABEL]):
            each.remove()


def _is_orphan(owner: str) -> bool:
    pid, _, machine = owner.partition("@")
    return machine == socket.gethostname() and not Path(f"/proc/{pid}").exists()
