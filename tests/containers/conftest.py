"""What the tests of the containers share: the engine, the two images, and a PATH without Java."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.containers.images import function_image, msk_image
from local.engine import EngineError, NeedMissing, connect, docker_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

JAVAS = ("java", "javac", "keytool", "mvn")


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A client of this machine's container engine."""
    try:
        docker_host()
    except EngineError as lacking:
        pytest.skip(str(lacking))
    with closing(connect()) as client:
        yield client


@pytest.fixture(scope="session")
def images(engine: docker.DockerClient) -> tuple[str, str]:
    """The images of the local MSK and of the function."""
    assert engine.ping()
    try:
        return msk_image(), function_image()
    except NeedMissing as lacking:
        pytest.skip(str(lacking))


@pytest.fixture(scope="session")
def path_without_java(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with every program of this machine but Java's and Maven."""
    folder = tmp_path_factory.mktemp("programs")
    for place in os.get_exec_path():
        for program in Path(place).glob("*"):
            link = folder / program.name
            if program.name not in JAVAS and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


@pytest.fixture
def without_java(path_without_java: str) -> dict[str, str]:
    """The environment of a machine without Java and Maven."""
    kept = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"}  # noqa: TID251 - the machine's
    return kept | {"PATH": path_without_java, "NO_COLOR": "1"}
