"""Starts the nodes and is the handle on them."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local.msk import metadata
from local.msk.build import Build, build, java
from local.msk.certificate import export_certificate, make_key_store
from local.msk.config import CLUSTER_ID, Plan, Ports, properties
from local.msk.errors import PortTaken, StartFailed
from local.msk.logs import Decision, Request, read_decisions, read_requests
from local.msk.node import Node
from local.msk.ports import free_ports, loopback
from local.msk.processes import Processes
from local.msk.roles import DEFAULT_ROLE, REGION, Role, write_roles

_TRIES = 3
_MEET_TIMEOUT_S = 30.0
_POLL_S = 0.02
_JVM = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


class LocalMsk:
    """A running cluster; a context manager that stops it."""

    def __init__(self, processes: Processes, plan: Plan, nodes: list[Node]) -> None:
        self._processes = processes
        self._plan = plan
        self.nodes = nodes
        self.folder: Path = plan.folder
        self.ca_file: Path = plan.folder / "ca.pem"
        every = plan.ports.values()
        self.bootstrap: str = ",".join(f"localhost:{ports.iam}" for ports in every)
        self.plaintext: str = ",".join(f"127.0.0.1:{ports.plaintext}" for ports in every)
        self.bootstrap_by_host: Mapping[str, str] = {
            host: ",".join(f"{host}:{ports.hosts[i]}" for ports in every)
            for i, host in enumerate(plan.hosts)
        }
        """For clients that reach this machine by another name: the SASL_SSL listener of that name."""

    def environment(self, role: Role = DEFAULT_ROLE) -> dict[str, str]:
        """Return the environment of a function that runs as the role and is told of this cluster."""
        variables = {
            "KAFKA_ENDPOINT": self.bootstrap,
            "KAFKA_CA_FILE": str(self.ca_file),
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": role.access_key_id,
            "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
        }
        if role.session_token is not None:
            variables["AWS_SESSION_TOKEN"] = role.session_token
        return variables

    def set_roles(self, *roles: Role) -> None:
        """Replace all roles; holds for the very next request, on open connections too."""
        write_roles(self._plan.roles, roles)

    def decisions(self) -> list[Decision]:
        """Return what the authorizer decided so far, oldest first.

        As Kafka asks: a look that only filters what is shown, or has an alternative, counts when
        it was allowed and is left out when it was denied.
        """
        return read_decisions(self._plan.decisions)

    def requests(self) -> set[Request]:
        """Return the kinds of requests seen on the SASL_SSL listeners; needs `request_log=True`.

        A broker writes a request down a moment after it answered it.
        """
        return set().union(*(read_requests(node.log) for node in self.nodes))

    def stop(self) -> None:
        """Kill the nodes and remove everything they wrote."""
        self._processes.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_msk(  # noqa: PLR0913 - each is one fact about the cluster, given by name
    *,
    nodes: int = 1,
    kafka_version: str = "3.9.2",
    session_ms: int | None = None,
    hosts: Sequence[str] = (),
    request_log: bool = False,
    roles: Sequence[Role] = (DEFAULT_ROLE,),
) -> LocalMsk:
    """Start a cluster and return when clients can use it.

    `session_ms` bounds how long a login lasts before the client must log in again. `hosts` are
    names besides localhost by which clients reach this machine: each gets a listener on all
    addresses and a name in the certificate. Raises MskError.
    """
    built = build(kafka_version)
    for attempt in range(1, _TRIES + 1):
        try:
            return _start(built, nodes, session_ms, hosts, roles, request_log=request_log)
        except PortTaken:
            if attempt == _TRIES:
                raise
    raise AssertionError("unreachable")


def _start(  # noqa: PLR0913 - start_msk's, one for one
    built: Build,
    nodes: int,
    session_ms: int | None,
    hosts: Sequence[str],
    roles: Sequence[Role],
    *,
    request_log: bool,
) -> LocalMsk:
    processes = Processes()
    try:
        plan = _plan(processes.folder, nodes, session_ms, hosts)
        write_roles(plan.roles, roles)
        make_key_store(plan.key_store, hosts)
        command = _command(built, request_log=request_log)
        msk = LocalMsk(processes, plan, [_node(n, processes, plan, command) for n in plan.ports])
        _bring_up(msk, plan)
    except BaseException:
        processes.end()
        raise
    return msk


def _plan(folder: Path, nodes: int, session_ms: int | None, hosts: Sequence[str]) -> Plan:
    each = 3 + len(hosts)
    free = free_ports(nodes * each)
    groups = [free[i * each : (i + 1) * each] for i in range(nodes)]
    ports = {i: Ports(*group[:3], hosts=group[3:]) for i, group in enumerate(groups, start=1)}
    addresses = [address for _, address in loopback()]
    return Plan(folder, ports, addresses, tuple(hosts), session_ms)


def _command(built: Build, *, request_log: bool) -> list[str]:
    log = "org.slf4j.simpleLogger."
    options = {
        f"{log}showDateTime": "true",
        f"{log}dateTimeFormat": "HH:mm:ss.SSS",
        f"{log}log.kafka.request.logger": "debug" if request_log else "warn",
        "java.awt.headless": "true",
    }
    defined = [f"-D{name}={value}" for name, value in options.items()]
    return [java(), *_JVM, *defined, "-cp", built.class_path, "local.msk.Node"]


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
    while any(metadata.known_brokers(p.plaintext) != plan.ports.keys() for p in plan.ports.values()):
        if time.monotonic() > deadline:
            raise StartFailed("the nodes are up but don't know of each other")
        time.sleep(_POLL_S)
