"""How clusters begin, live and end."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import KafkaException  # noqa: TID251 - what a plain client raises

import local.msk.start
from local.msk import (
    DEFAULT_ROLE,
    LocalMsk,
    MskError,
    ProgramMissing,
    StartFailed,
    build,
    start_msk,
)
from local.msk.__main__ import export
from local.msk.ports import free_ports
from tests.local_msk.client import TIMEOUT_S, admin, create_topic, produce

ROOT = Path(__file__).parents[2]


def _until(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + TIMEOUT_S
    while not done() and time.monotonic() < deadline:
        time.sleep(0.02)
    return done()


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@pytest.mark.parametrize("version", ["3.9.2", "4.3.1"])
def test_both_versions_serve(start: Callable[..., LocalMsk], version: str) -> None:
    """The oldest and the newest Kafka that we test with start and take a record."""
    msk = start(kafka_version=version)
    assert produce(msk, create_topic(msk), b"x") == 0
    assert f"Kafka version: {version}" in msk.nodes[0].log.read_text()


def test_stop_leaves_nothing(start: Callable[..., LocalMsk]) -> None:
    """After `stop` the nodes and every file are gone; a second `stop` does nothing."""
    msk = start()
    msk.stop()
    assert not msk.folder.exists()
    assert not _answers(msk.plaintext)
    msk.stop()
    with pytest.raises(MskError, match="is stopped"):
        msk.nodes[0].pause()


def test_three_nodes_outlive_one(start: Callable[..., LocalMsk]) -> None:
    """A topic has three copies, takes records while one node is dead, and is whole again later."""
    msk = start(nodes=3)
    topic = create_topic(msk)
    msk.nodes[0].kill()
    assert produce(msk, topic, b"1") == 0
    msk.nodes[0].start()
    client = admin(msk)

    def whole() -> bool:
        partitions = client.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions or {}
        return sorted(partitions[0].isrs) == [1, 2, 3]

    assert _until(whole)
    assert produce(msk, topic, b"2") == 1


def test_a_killed_node_keeps_its_data(start: Callable[..., LocalMsk]) -> None:
    """A node that is killed and started again has the same address and goes on where it was."""
    msk = start()
    topic = create_topic(msk)
    assert produce(msk, topic, b"1") == 0
    msk.nodes[0].kill()
    assert not _answers(msk.plaintext)
    msk.nodes[0].start()
    assert produce(msk, topic, b"2") == 1


def test_a_paused_node_answers_nothing_until_it_is_resumed(start: Callable[..., LocalMsk]) -> None:
    """A paused node's port takes connections that nobody serves; afterwards all is well."""
    msk = start()
    topic = create_topic(msk)
    msk.nodes[0].pause()
    assert _answers(msk.plaintext)
    with pytest.raises(KafkaException, match=r"_TRANSPORT|Failed to get metadata"):
        admin(msk).list_topics(timeout=0.5)
    msk.nodes[0].resume()
    assert produce(msk, topic, b"x") == 0


def test_another_name_of_the_machine_has_its_own_listener(start: Callable[..., LocalMsk]) -> None:
    """A listener for each further host is certified for that name and tells clients to use it."""
    msk = start(hosts=["msk.example", "127.0.0.1"])
    trust = ssl.create_default_context(cafile=str(msk.ca_file))
    for host, server in msk.bootstrap_by_host.items():
        port = int(server.removeprefix(f"{host}:"))
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            trust.wrap_socket(plain, server_hostname=host) as secure,
        ):
            assert secure.version() in {"TLSv1.2", "TLSv1.3"}
    client = admin(msk, DEFAULT_ROLE, **{"bootstrap.servers": msk.bootstrap_by_host["127.0.0.1"]})
    (broker,) = client.list_topics(timeout=TIMEOUT_S).brokers.values()
    assert f"{broker.host}:{broker.port}" == msk.bootstrap_by_host["127.0.0.1"]


def test_another_name_may_come_with_its_port(start: Callable[..., LocalMsk]) -> None:
    """`NAME:PORT` is where the listener for that name is, for whoever must know it beforehand."""
    (port,) = free_ports(1)
    msk = start(hosts=[f"msk.example:{port}", "::1"])
    assert msk.bootstrap_by_host["msk.example"] == f"msk.example:{port}"
    assert set(msk.bootstrap_by_host) == {"msk.example", "::1"}
    with socket.create_connection(("127.0.0.1", port)):
        pass


def test_what_clients_elsewhere_need_is_exported(
    start: Callable[..., LocalMsk], tmp_path: Path
) -> None:
    """The exported folder has the certificate, and the environment with the other name in it."""
    msk = start(hosts=["msk.example"])
    export(msk, tmp_path / "new")
    variables = json.loads((tmp_path / "new" / "environment.json").read_bytes())
    certificate = str(tmp_path / "new" / "ca.pem")
    servers = {"KAFKA_ENDPOINT": msk.bootstrap_by_host["msk.example"]}
    assert variables == msk.environment() | servers | {"KAFKA_CA_FILE": certificate}
    assert Path(certificate).read_bytes() == msk.ca_file.read_bytes()


@contextmanager
def _in_the_foreground() -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run `python -m local.msk` and read what it prints: exported variables and notes."""
    command = [sys.executable, "-m", "local.msk"]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as starter:
        try:
            yield starter, _said(starter)
        finally:
            starter.kill()


def _said(starter: subprocess.Popen[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for line in starter.stdout or ():
        name, _, value = line.strip().replace(": ", "=", 1).partition("=")
        said[name.removeprefix("export ")] = value
        if name == "# files":
            break
    return said


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_outlives_the_starter(number: signal.Signals) -> None:
    """Whatever ends the one who started the cluster, its nodes and files go with it."""
    with _in_the_foreground() as (starter, said):
        assert Path(said["KAFKA_CA_FILE"]).is_relative_to(said["# files"])
        assert _answers(said["KAFKA_ENDPOINT"])
        starter.send_signal(number)
        assert starter.wait(TIMEOUT_S) == (-number if number == signal.SIGKILL else 0)
        assert _until(lambda: not Path(said["# files"]).exists())
        assert not _answers(said["KAFKA_ENDPOINT"])


def test_nothing_outlives_a_lost_supervisor(start: Callable[..., LocalMsk]) -> None:
    """When the process that owns the nodes is killed, they end too."""
    msk = start()
    os.kill(msk._processes._supervisor.pid, signal.SIGKILL)
    assert _until(lambda: not _answers(msk.plaintext))
    with pytest.raises(MskError, match="supervisor"):
        msk.nodes[0].resume()
    msk.stop()
    assert not msk.folder.exists()


def test_a_failed_start_shows_the_nodes_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a node doesn't come up the error carries what it said, and nothing is left."""
    monkeypatch.setattr(local.msk.start, "properties", lambda *_: "log.dirs=/x\nnode.id=ten\n")
    with pytest.raises(StartFailed, match=r"(?s)node 1 ended.*Invalid value ten"):
        start_msk()


def test_a_taken_port_leads_to_another_try(
    monkeypatch: pytest.MonkeyPatch, start: Callable[..., LocalMsk]
) -> None:
    """When somebody takes a chosen port before the node does, others are chosen."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        choices = iter([[*free_ports(2), taken.getsockname()[1]], free_ports(3)])
        monkeypatch.setattr(local.msk.start, "free_ports", lambda _: next(choices))
        msk = start()
        assert _answers(msk.plaintext)


@pytest.mark.parametrize(
    ("present", "message"),
    [
        ([], "Java 17 or newer is missing: .*openjdk-17-jdk-headless.*openjdk@17"),
        (["javac", "java-11"], "Java 17 or newer is needed, not 11.0.2: "),
        (["javac", "java-17"], "Maven is missing: .*apt-get install maven.*brew install maven"),
    ],
)
def test_a_missing_program_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, present: list[str], message: str
) -> None:
    """Without Java 17 or Maven one line says which is missing and how to get it."""
    for name in present:
        program = tmp_path / name.partition("-")[0]
        program.write_text(f"#!/bin/sh\necho 'openjdk version \"{name[5:]}.0.2\"' >&2\n")
        program.chmod(0o755)
    monkeypatch.setattr(build, "HERE", _sources(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(ProgramMissing, match=message) as caught:
        start_msk()
    assert "\n" not in str(caught.value)


def _sources(folder: Path) -> Path:
    (folder / "pom.xml").write_text("")
    return folder
