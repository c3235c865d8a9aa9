"""The handle on a running cluster."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.msk.config import Plan
from local.msk.logs import Decision, Request, read_decisions, read_requests
from local.msk.node import Node
from local.msk.processes import Processes
from local.msk.roles import CLUSTER_ARN, DEFAULT_ROLE, REGION, Role, write_roles


class LocalMsk:
    """A running cluster; a context manager that stops it."""

    nodes: list[Node]
    folder: Path
    """Data, logs, certificate; gone at `stop`."""
    ca_file: Path
    """What clients trust, as PEM."""
    bootstrap: str
    """The SASL_SSL listeners: `localhost:PORT[,localhost:PORT...]`."""
    bootstrap_by_host: Mapping[str, str]
    """What `bootstrap` is to clients that reach this machine by one of the other `hosts`."""
    plaintext: str
    """The listeners without TLS, login and permission checks, for the tests' own eyes."""

    def __init__(self, processes: Processes, plan: Plan, nodes: list[Node]) -> None:
        self._processes = processes
        self._plan = plan
        self.nodes = nodes
        self.folder = plan.folder
        self.ca_file = plan.folder / "ca.pem"
        every = plan.ports.values()
        self.bootstrap = ",".join(f"localhost:{ports.iam}" for ports in every)
        self.bootstrap_by_host = {
            host: ",".join(f"{host}:{ports.hosts[i]}" for ports in every)
            for i, host in enumerate(plan.hosts)
        }
        self.plaintext = ",".join(f"127.0.0.1:{ports.plaintext}" for ports in every)

    def environment(self, role: Role = DEFAULT_ROLE) -> dict[str, str]:
        """Return the environment of a function that runs as the role and knows this cluster."""
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

    def set_roles(
        self,
        *roles: Role,
        cluster_policy: Mapping[str, object] | None = None,
        cluster_arn: str = CLUSTER_ARN,
    ) -> None:
        """Replace all roles; holds for the very next request, on open connections too.

        `cluster_policy` is the cluster's resource policy: a role of another account needs it
        beside its own. `cluster_arn` is what the cluster is called from now on.
        """
        write_roles(self._plan.roles, roles, cluster_policy, cluster_arn)

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
