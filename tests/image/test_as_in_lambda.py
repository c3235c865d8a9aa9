"""The image runs as Lambda runs it: read-only, 1,024 descriptors, no rights, no home, any user."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.image.container import LIMIT, SANDBOX_USER, TEMPORARY, inside, invoke, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker
    from docker.models.containers import Container
    from docker.models.images import Image

    from tests.image.conftest import Msk

COMPILED_AT_IMPORT = """
import sys
sys.path.insert(0, "/var/task")
import msk_client.handler, msk_client.kafka, confluent_kafka, botocore.session
"""


@pytest.fixture(scope="module")
def function(
    engine: docker.DockerClient, image: Image, msk_for_containers: Msk
) -> Iterator[Container]:
    """One container of the function for all tests here."""
    with running(engine, image, msk_for_containers) as container:
        yield container


def test_what_is_produced_is_consumed(function: Container) -> None:
    """The function in its container makes a topic and reads its own records over TLS and IAM."""
    produced = invoke(function, {"action": "produce", "topic": "contained"})
    consumed = invoke(function, {"action": "consume", "topic": "contained"})
    assert produced["body"]["topic_created"]
    assert produced["body"]["produced"] == consumed["body"]["count"] == 2
    assert [record["key"] for record in consumed["body"]["records"]] == ["alice", "bob"]


def test_a_failure_has_our_class(function: Container) -> None:
    """What goes wrong arrives as Lambda's error object with a class of ours."""
    failed = invoke(function, {"action": "consume", "topic": "nowhere"})
    assert failed["errorType"] == "UnknownTopic"
    assert "nowhere" in failed["errorMessage"]


def test_it_is_confined(function: Container) -> None:
    """The confinement is real: nobody's process, few descriptors, no rights, nothing to write."""
    invoke(function, {"action": "ping"})
    status = inside(function, "cat", "/proc/1/status", "/proc/1/limits")
    fields = [line.split() for line in status.splitlines()]
    assert ["Uid:", *[SANDBOX_USER.partition(":")[0]] * 4] in fields
    assert ["CapEff:", "0" * 16] in fields
    assert ["Max", "open", "files", str(LIMIT), str(LIMIT), "files"] in fields
    assert "Read-only file system" in inside(function, "touch", "/var/task/new")
    environment = inside(function, "cat", "/proc/1/environ")
    assert "HOME=" not in environment


def test_it_writes_nothing(function: Container) -> None:
    """Neither modules nor calls leave anything in the temporary folder."""
    invoke(function, {"action": "produce", "topic": "contained-too"})
    assert inside(function, "ls", "-A", TEMPORARY) == ""


def test_nothing_is_compiled_at_a_cold_start(engine: docker.DockerClient, image: Image) -> None:
    """Every module of the image comes from its compiled file: Python compiles none itself."""
    words = engine.containers.run(
        image,
        ["-v", "-c", COMPILED_AT_IMPORT],
        entrypoint=["python"],
        read_only=True,
        user=SANDBOX_USER,
        stdout=False,
        stderr=True,
        remove=True,
    ).decode()
    loaded = [
        line.split()[-1].strip("'")
        for line in words.splitlines()
        if line.startswith("# code object from") and "/var/task" in line
    ]
    assert any(path.endswith("handler.cpython-313.pyc") for path in loaded), words[-500:]
    assert [path for path in loaded if not path.endswith(".pyc")] == []


def test_an_event_as_large_as_lambda_lets_in(function: Container) -> None:
    """A request near 6 MB passes through the container, within its memory and descriptors."""
    record = {"value": "x" * 500_000}
    event = {"action": "produce", "topic": "large", "records": [record] * 11, "results": "none"}
    assert len(json.dumps(event)) > 5_500_000
    answer = invoke(function, event)
    assert answer["body"]["produced"] == 11
