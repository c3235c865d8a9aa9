"""What the image's tests share: engine, image, and a local MSK that containers can reach."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from local.containers.images import msk_image
from local.containers.msk import HOST, ContainerMsk
from local.containers.network import gateway
from local.engine import EngineError, NeedMissing, connect, docker_host
from local.image import base_image, build_image
from local.image.sizes import task_files
from local.msk import ProgramMissing, start_msk

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterator, Mapping

    import docker
    from docker.models.images import Image

MSK_HOST = "msk.internal"
"""By which containers reach this machine."""


@dataclass(frozen=True)
class Msk:
    """A local MSK as containers see it."""

    host: str
    """The name that it listens under."""
    address: str
    """Where that name leads, in the network that containers are in by default."""
    environment: Mapping[str, str]
    """What a function in a container needs; its certificate comes as text."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Further names that it needs, and where they lead."""


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
def msk_for_containers(engine: docker.DockerClient, kafka_version: str) -> Iterator[Msk]:
    """One local MSK that containers reach: on this machine, or in a container without Java."""
    try:
        msk = start_msk(kafka_version=kafka_version, hosts=[MSK_HOST])
    except ProgramMissing:
        with ContainerMsk(_msk_image()) as contained:
            yield Msk(HOST, contained.address(), contained.environment())
        return
    with msk:
        environment = msk.environment() | {
            "KAFKA_ENDPOINT": msk.bootstrap_by_host[MSK_HOST],
            "KAFKA_CLIENT_OPTIONS": json.dumps({"ssl.ca.pem": msk.ca_file.read_text()}),
        }
        del environment["KAFKA_CA_FILE"]
        yield Msk(MSK_HOST, gateway(engine), environment)


def _msk_image() -> str:
    try:
        return msk_image()
    except NeedMissing as lacking:
        pytest.skip(str(lacking))
