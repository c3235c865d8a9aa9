"""A network of our own for the containers, and nothing left of it or of them."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import docker
from docker.errors import APIError
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
    _lead_testcontainers_here()
    with closing(connect()) as engine:
        remove_orphans(engine)
    with Network(docker_network_kw={"labels": owned()}) as network:
        yield network


def container(image: str, network: Network | None, *aliases: str) -> DockerContainer:
    """Return a container that isn't started yet, known by these names to its neighbours.

    Without a network it is in the engine's own, where there are no names.
    """
    _lead_testcontainers_here()
    made = DockerContainer(image)
    if network is not None:
        made.with_network(network).with_network_aliases(*aliases)
    return made.with_kwargs(labels=owned())


def _lead_testcontainers_here() -> None:
    os.environ["DOCKER_HOST"] = docker_host()  # noqa: TID251 - where testcontainers looks
    # Its own cleaner is one more image to pull, and podman's API is not enough for it.
    testcontainers_config.ryuk_disabled = True


def owned() -> dict[str, str]:
    """Return the labels of what belongs to this process."""
    return {LABEL: f"{os.getpid()}@{socket.gethostname()}"}


def remove_orphans(engine: docker.DockerClient) -> None:
    """Remove containers and networks whose process isn't there any more."""
    there = engine.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
    for each in there:
        if _is_orphan(each.labels[LABEL]):
            with suppress(APIError):  # another process is removing it, too
                each.remove(force=True)
    for each in engine.networks.list(filters={"label": LABEL}):
        if _is_orphan(each.attrs["Labels"][LABEL]):
            with suppress(APIError):  # same
                each.remove()


def _is_orphan(owner: str) -> bool:
    pid, _, machine = owner.partition("@")
    if machine != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)  # sends nothing
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's
        return False
    return False


def gateway(engine: docker.DockerClient, network: str = "bridge") -> str:
    """Where the containers of a network find this machine.

    Where Docker runs in a virtual machine, only Docker knows how to reach its host.
    """
    if "podman" in str(engine.version()["Components"]).lower():
        address: str = engine.networks.get(network).attrs["IPAM"]["Config"][0]["Gateway"]
        return address
    return "host-gateway"
