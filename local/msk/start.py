"""Brings a cluster up: build, folder, certificate, one process for each node."""

import logging
import os
import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.msk import metadata
from local.msk.build import Build, build, java, locked
from local.msk.certificate import export_certificate, make_key_store
from local.msk.cluster import LocalMsk
from local.msk.config import CLUSTER_ID, Plan, Ports, properties
from local.msk.errors import PortTaken, StartFailed
from local.msk.node import Node
from local.msk.ports import free_ports, loopback
from local.msk.processes import Processes
from local.msk.roles import DEFAULT_ROLE, Role, write_roles

_LOG = logging.getLogger(__name__)
_TRIES = 3
_MEET_TIMEOUT_S = 30.0
_POLL_S = 0.02
# The node is short-lived: a quick start is worth more than the fastest code.
_JVM = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")
_FASTEST_CODE = "-XX:TieredStopAtLevel=4"  # of two such options Java takes the last
_LOG_LEVELS = {
    # They print every setting, several times.
    "kafka.server.KafkaConfig": "error",
    "org.apache.kafka.common.config.AbstractConfig": "error",
}


@dataclass(frozen=True)
class _Wish:
    """What the caller asked for."""

    nodes: int = 1
    session_ms: int | None = None
    hosts: Sequence[str] = ()
    request_log: bool = False
    roles: Sequence[Role] = ()


def start_msk(  # noqa: PLR0913 - each is one fact about the cluster, given by name
    *,
    nodes: int = 1,
    kafka_version: str = "3.9.2",
    session_ms: int | None = None,
    hosts: Sequence[str] = (),
    request_log: bool = False,
    roles: Sequence[Role] = (DEFAULT_ROLE,),
    for_load: bool = False,
) -> LocalMsk:
    """Start a cluster and return when clients can use it.

    `session_ms` bounds how long a login lasts before the client must log in again. `hosts` are
    names besides localhost by which clients reach this machine: each gets a listener of its own,
    on all addresses, and its place in the certificate. `NAME:PORT` also says where the first node
    listens, the others on the ports after it. `for_load` starts more slowly and then serves faster:
    TLS above all. Raises MskError.
    """
    built = build(kafka_version)
    _archive_classes(built)
    options = (_FASTEST_CODE,) if for_load else ()
    return _start(
        _java_command(built, *options), _Wish(nodes, session_ms, hosts, request_log, roles)
    )


def _archive_classes(built: Build) -> None:
    """Let a first node write down the classes it loaded: later ones start in half the time."""
    with locked(built.folder):
        if built.archive.exists():
            return
        _LOG.info("preparing quick starts, once for each build")
        new = built.archive.with_suffix(".new")
        msk = _start(_java_command(built, f"-XX:ArchiveClassesAtExit={new}"), _Wish())
        with msk:
            msk.nodes[0].end(signal.SIGTERM)
        # A Java that cannot write archives leaves none; an empty one says not to try again.
        new.touch()
        new.replace(built.archive)


def _java_command(built: Build, *options: str) -> list[str]:
    if built.archive.exists() and built.archive.stat().st_size:
        options = (*options, f"-XX:SharedArchiveFile={built.archive}")
    class_path = os.pathsep.join(built.jars)
    return [java(), *_JVM, *options, "-cp", class_path]


def _start(command: Sequence[str], wish: _Wish) -> LocalMsk:
    for _ in range(_TRIES - 1):
        try:
            return _try_start(command, wish)
        except PortTaken:
            _LOG.info("a port was taken meanwhile, starting again with others")
    return _try_start(command, wish)


def _try_start(command: Sequence[str], wish: _Wish) -> LocalMsk:
    processes = Processes()
    try:
        plan = _plan(processes.folder, wish)
        write_roles(plan.roles, wish.roles)
        make_key_store(plan.key_store, plan.hosts)
        whole = [*command, *_log_options(request_log=wish.request_log), "local.msk.Node"]
        msk = LocalMsk(processes, plan, [_node(n, processes, plan, whole) for n in plan.ports])
        _bring_up(msk, plan)
    except BaseException:
        processes.end()
        raise
    return msk


def _plan(folder: Path, wish: _Wish) -> Plan:
    free = iter(free_ports(wish.nodes * (3 + len(wish.hosts))))
    hosts = [_name_and_port(host) for host in wish.hosts]
    ports = {
        node_id: Ports(
            next(free),
            next(free),
            next(free),
            tuple(next(free) if first is None else first + node_id - 1 for _, first in hosts),
        )
        for node_id in range(1, wish.nodes + 1)
    }
    addresses = [address for _, address in loopback()]
    return Plan(folder, ports, addresses, tuple(name for name, _ in hosts), wish.session_ms)


def _name_and_port(host: str) -> tuple[str, int | None]:
    """Split `NAME:PORT`; an IPv6 address by itself has colons too, but no name before them."""
    match = re.fullmatch(r"([^:]+):(\d+)", host)
    return (host, None) if match is None else (match[1], int(match[2]))


def _log_options(*, request_log: bool) -> list[str]:
    levels = _LOG_LEVELS | {"kafka.request.logger": "debug" if request_log else "warn"}
    options = {"showDateTime": "true", "dateTimeFormat": "HH:mm:ss.SSS"}
    options |= {f"log.{name}": level for name, level in levels.items()}
    return [f"-Dorg.slf4j.simpleLogger.{name}={value}" for name, value in options.items()]


def _node(node_id: int, processes: Processes, plan: Plan, command: Sequence[str]) -> Node:
    folder = plan.folder / f"node-{node_id}"
    folder.mkdir()
    settings = folder / "server.properties"
    settings.write_text(properties(plan, node_id), encoding="utf-8")
    return Node(node_id, processes, [*command, str(settings), CLUSTER_ID], folder / "node.log")


def _bring_up(msk: LocalMsk, plan: Plan) -> None:
    for node in msk.nodes:
        node.launch()
    export_certificate(plan.key_store, msk.ca_file)
    for node in msk.nodes:
        node.wait_until_ready()
    deadline = time.monotonic() + _MEET_TIMEOUT_S
    while not all(_knows_all(ports.plaintext, plan) for ports in plan.ports.values()):
        if time.monotonic() > deadline:
            raise StartFailed("the nodes are up but don't know of each other")
        time.sleep(_POLL_S)


def _knows_all(plaintext_port: int, plan: Plan) -> bool:
    return metadata.known_brokers(plaintext_port) == plan.ports.keys()
