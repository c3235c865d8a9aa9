"""What the image's tests share: engine, image, and a local MSK that containers can reach."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from local.engine import EngineError, NeedMissing, connect, docker_host
from local.image import base_image, build_image
from local.image.sizes import task_files
from local.msk import LocalMsk, ProgramMissing, start_msk

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator

    import docker
    from docker.models.images import Image

MSK_HOST = "msk.internal"
"""By which the containers reach this machine."""


@dataclass(frozen=True)
class HostMsk:
    """A local MSK on this machine, as a container sees it."""

    msk: LocalMsk
    gateway: str
    """The address of this machine in a container's network."""

    def environment(self) -> dict[str, str]:
        """The environment of a function in a container; its certificate comes as text."""
        own = self.msk.environment()
        del own["KAFKA_CA_FILE"]
        return own | {
            "KAFKA_ENDPOINT": self.msk.bootstrap_by_host[MSK_HOST],
            "KAFKA_CLIENT_OPTIONS": json.dumps({"ssl.ca.pem": self.msk.ca_file.read_text()}),
        }


@pytest.fixture(scope="session")
def docker_address() -> str:
    """The engine's address."""
    try:
        return docker_host()
    except EngineError as lacking:
        pytest.skip(str(lacking))


@pytest.fixture(scope="session")
def engine(docker_address: str) -> Iterator[docker.DockerClient]:
    """A client of this machine's container engine."""
    assert docker_address
    with closing(connect()) as client:
        yield client


@pytest.fixture(scope="session")
def base(engine: docker.DockerClient) -> str:
    """The base image that can be had here."""
    try:
        return base_image(engine)
    except NeedMissing as lacking:
        pytest.skip(str(lacking))


@pytest.fixture(scope="session")
def image(engine: docker.DockerClient, base: str) -> Image:
    """The function's image, built now."""
    return build_image(engine, base)


@pytest.fixture(scope="session")
def files(engine: docker.DockerClient, image: Image) -> dict[str, tarfile.TarInfo]:
    """What is in the function's folder: path in it -> what the archive says."""
    return task_files(engine, image)


@pytest.fixture(scope="session")
def host_msk(engine: docker.DockerClient, kafka_version: str) -> Iterator[HostMsk]:
    """One local MSK, listening for containers too."""
    try:
        msk = start_msk(kafka_version=kafka_version, hosts=[MSK_HOST])
    except ProgramMissing as problem:
        pytest.skip(str(problem))
    with msk:
        yield HostMsk(msk, _gateway(engine))


def _gateway(engine: docker.DockerClient) -> str:
    """Where Docker runs in a virtual machine, only Docker knows how to reach its host."""
    if "podman" in str(engine.version()["Components"]).lower():
        gateway: str = engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
        return gateway
    return "host-gateway"
