"""The local MSK and the function's image on one network."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import LocalAws
from local.containers.errors import ContainerFailed
from local.containers.function import ContainerFunction
from local.containers.msk import ContainerMsk
from local.containers.network import LABEL, gateway, open_network, owned
from local.msk.errors import MskError
from tests.e2e.test_function import EVENTS
from tests.e2e.test_function import names as event_names
from tests.objects import stock

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker
    from testcontainers.core.network import Network

    from local.lambda_runtime import Invocation

S3_HOST = "host.docker.internal"
"""By which containers reach the local S3; moto takes most other names for a bucket's."""

BROKEN = """
FROM {image}
CMD ["sh", "-c", "echo no luck today; exit 3"]
"""


@pytest.fixture(scope="module")
def network(images: tuple[str, str]) -> Iterator[Network]:
    """One network for all of it."""
    assert images
    with open_network() as made:
        yield made


@pytest.fixture(scope="module")
def msk(images: tuple[str, str], network: Network) -> Iterator[ContainerMsk]:
    """The local MSK."""
    with ContainerMsk(images[0], network) as started:
        yield started


@pytest.fixture(scope="module")
def function(
    images: tuple[str, str], network: Network, msk: ContainerMsk, engine: docker.DockerClient
) -> Iterator[ContainerFunction]:
    """The function, kept warm, and an S3 with the objects that the events read."""
    with LocalAws(host="0.0.0.0") as aws:  # noqa: S104 - containers come by their bridge
        stock(aws)
        s3 = {"AWS_ENDPOINT_URL_S3": f"http://{S3_HOST}:{aws.url.rpartition(':')[2]}"}
        hosts = {S3_HOST: gateway(engine, network.name)}
        environment = {**msk.environment(), **s3}
        with ContainerFunction(images[1], network, environment, hosts=hosts) as started:
            yield started


def body(invocation: Invocation) -> dict[str, Any]:
    """The answer's body; fails with the function's own words."""
    assert invocation.error_type is None, f"{invocation.error_type}: {invocation.error_message}"
    assert isinstance(invocation.payload, dict)
    answer: dict[str, Any] = invocation.payload["body"]
    return answer


@pytest.mark.parametrize("name", event_names())
def test_each_event_file_works(function: ContainerFunction, name: str) -> None:
    """Every event in events/ is carried out, from container to container."""
    assert body(function.invoke(json.loads((EVENTS / f"{name}.json").read_bytes())))


def test_the_cluster_is_reached_by_its_name(function: ContainerFunction) -> None:
    """The function knows the cluster by its name in the network, and so does the broker itself."""
    answer = body(function.invoke({"action": "ping"}))
    assert answer["endpoint"] == "msk:9098"
    assert answer["brokers"] == [{"id": 1, "host": "msk", "port": 9098}]


def test_failures_arrive_as_their_class(function: ContainerFunction) -> None:
    """A failure is the function's error, with our class as its type."""
    invocation = function.invoke({"action": "consume", "topic": "no_such_topic"})
    assert invocation.error_type == "UnknownTopic"


def test_the_login_is_checked(images: tuple[str, str], network: Network, msk: ContainerMsk) -> None:
    """A function with another secret is refused by the cluster."""
    wrong = msk.environment() | {"AWS_SECRET_ACCESS_KEY": "another"}
    with ContainerFunction(images[1], network, wrong) as stranger:
        assert stranger.invoke({"action": "ping"}).error_type == "AuthenticationFailed"
        log = stranger.log()
    assert '"error":"AuthenticationFailed"' in log.replace('": ', '":')
    assert stranger.log() == log


def test_the_function_runs_as_lambda_would(
    function: ContainerFunction, engine: docker.DockerClient
) -> None:
    """Its file system is read-only but for the temporary folder, and its files are limited."""
    assert function.log()
    mine = {"label": f"{LABEL}={owned()[LABEL]}"}
    found = [c.attrs["HostConfig"] for c in engine.containers.list(filters=mine)]
    (config,) = (each for each in found if each["ReadonlyRootfs"])
    assert {each["Name"].lower().removeprefix("rlimit_") for each in config["Ulimits"]} >= {
        "nofile",
        "nproc",
    }
    assert "/tmp" in config["Tmpfs"]  # noqa: S108 - Lambda's own name


def test_a_start_needs_no_network(images: tuple[str, str], engine: docker.DockerClient) -> None:
    """A cluster comes up in a container that reaches nothing: all it needs is in the image."""
    script = (
        "python3 -m local.msk --host msk:9098 --export /tmp/told & "
        "until [ -f /tmp/told/environment.json ]; do kill -0 $! || exit 1; sleep 0.1; done; "
        "cat /tmp/told/environment.json"
    )
    said = engine.containers.run(
        images[0], ["sh", "-c", script], network_mode="none", remove=True, stderr=False
    )
    last_line = said.decode().strip().rpartition("\n")[2]
    assert json.loads(last_line)["KAFKA_ENDPOINT"] == "msk:9098"


def test_the_image_has_what_the_tests_need(
    images: tuple[str, str], engine: docker.DockerClient
) -> None:
    """Java's compiler, Maven, make, Python with venv, and openssl are in it."""
    script = "javac -version && mvn -v && make -v && openssl version && python3 -m venv --help"
    said = engine.containers.run(images[0], ["sh", "-c", script], network_mode="none", remove=True)
    assert b"Apache Maven" in said


def test_a_cluster_that_ends_is_told(
    images: tuple[str, str], network: Network, engine: docker.DockerClient
) -> None:
    """Where the container ends before the cluster is ready, the error has its last words."""
    broken = io.BytesIO(BROKEN.format(image=images[0]).encode())
    image, _ = engine.images.build(fileobj=broken, tag="localhost/broken-msk:latest", rm=True)
    try:
        with pytest.raises(ContainerFailed, match="no luck today"):
            ContainerMsk(str(image.id), network)
    finally:
        engine.images.remove(str(image.id), force=True)


def test_nothing_is_left_of_those_who_were_killed(
    images: tuple[str, str], engine: docker.DockerClient
) -> None:
    """Containers and networks of a process that is gone are removed with the next start."""
    gone = {LABEL: f"999999999@{owned()[LABEL].partition('@')[2]}"}
    elsewhere = {LABEL: "1@another-machine"}
    left = engine.containers.create(images[1], labels=gone)
    theirs = engine.containers.create(images[1], labels=elsewhere)
    engine.networks.create("orphan", labels=gone)
    try:
        with open_network():
            there = {c.id for c in engine.containers.list(all=True, filters={"label": LABEL})}
            assert left.id not in there
            assert theirs.id in there
            assert engine.networks.list(names=["orphan"]) == []
    finally:
        theirs.remove(force=True)


def test_nothing_is_left_behind(images: tuple[str, str], engine: docker.DockerClient) -> None:
    """A stage that ends by an error removes its containers and its network."""

    def ours() -> set[str]:
        mine = {"label": f"{LABEL}={owned()[LABEL]}"}
        containers = engine.containers.list(all=True, filters=mine)
        return {str(each.id) for each in [*containers, *engine.networks.list(filters=mine)]}

    before = ours()
    with (
        suppress(MskError),
        open_network() as network,
        ContainerFunction(images[1], network, {}) as function,
    ):
        assert function.invoke({"action": "ping"}).error_type == "InvalidSetting"
        assert len(ours()) == len(before) + 2
        raise MskError("stop")
    assert ours() == before
