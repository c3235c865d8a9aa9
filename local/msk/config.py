"""A node's Kafka properties: what MSK Serverless fixes, and what makes a small cluster fast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.msk.certificate import PASSWORD

CLUSTER_ID = "bG9jYWwtbXNrLWthZmthIQ"
EIGHT_MIB = 8 * 1024 * 1024
PLUGINS = "local.msk"


@dataclass(frozen=True)
class Ports:
    """Where one node listens, on loopback."""

    iam: int
    plaintext: int
    controller: int
    hosts: Sequence[int] = ()
    """One for each further host name that clients reach the node by."""


@dataclass(frozen=True)
class Plan:
    """What is the same for every node."""

    folder: Path
    ports: Mapping[int, Ports]
    """By node id."""
    loopback: Sequence[str]
    hosts: Sequence[str]
    session_ms: int | None

    @property
    def key_store(self) -> Path:
        """The certificate and its key."""
        return self.folder / "broker.p12"

    @property
    def roles(self) -> Path:
        """The roles file that login and authorizer read."""
        return self.folder / "roles.json"

    @property
    def decisions(self) -> Path:
        """The file that every node's authorizer appends to."""
        return self.folder / "decisions.jsonl"


def properties(plan: Plan, node_id: int) -> str:
    """Return the text of the node's server.properties."""
    parts = (_roles(plan, node_id), _listeners(plan, node_id), _plugins(plan), _sizes(plan))
    return "".join(f"{name}={value}\n" for part in parts for name, value in part.items())


def _roles(plan: Plan, node_id: int) -> dict[str, object]:
    voters = (f"{n}@127.0.0.1:{ports.controller}" for n, ports in plan.ports.items())
    return {
        "process.roles": "broker,controller",
        "node.id": node_id,
        "controller.quorum.voters": ",".join(voters),
        "log.dirs": plan.folder / f"node-{node_id}" / "data",
    }


def _listeners(plan: Plan, node_id: int) -> dict[str, object]:
    ports = plan.ports[node_id]
    iam = _iam_listeners(plan, ports)
    private = {
        "PLAINTEXT": f"127.0.0.1:{ports.plaintext}",
        "CONTROLLER": f"127.0.0.1:{ports.controller}",
    }
    bound = {name: address for name, (address, _) in iam.items()} | private
    advertised = {name: address for name, (_, address) in iam.items()}
    advertised["PLAINTEXT"] = private["PLAINTEXT"]
    protocols = dict.fromkeys(iam, "SASL_SSL") | dict.fromkeys(private, "PLAINTEXT")
    settings: dict[str, object] = {
        "listeners": _joined(bound, "://"),
        "advertised.listeners": _joined(advertised, "://"),
        "listener.security.protocol.map": _joined(protocols, ":"),
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        # In KRaft the authorizer's own start must not wait for the listeners.
        "early.start.listeners": ",".join(bound),
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": plan.key_store,
        "ssl.keystore.password": PASSWORD,
        "sasl.enabled.mechanisms": "OAUTHBEARER",
    }
    for name in iam:
        settings |= _login(name, plan.session_ms)
    return settings


def _iam_listeners(plan: Plan, ports: Ports) -> dict[str, tuple[str, str]]:
    """Name of each listener for clients -> where it is bound, what it tells clients to call."""
    here = {
        f"IAM{i}": (f"{_bracketed(address)}:{ports.iam}", f"localhost:{ports.iam}")
        for i, address in enumerate(plan.loopback)
    }
    pairs = zip(plan.hosts, ports.hosts, strict=True)
    named = {
        f"HOST{i}": (f"0.0.0.0:{port}", f"{_bracketed(host)}:{port}")
        for i, (host, port) in enumerate(pairs)
    }
    return here | named


def _login(listener: str, session_ms: int | None) -> dict[str, object]:
    prefix = f"listener.name.{listener.lower()}.oauthbearer."
    module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
    settings: dict[str, object] = {
        f"{prefix}sasl.jaas.config": f"{module} required;",
        f"{prefix}sasl.server.callback.handler.class": f"{PLUGINS}.IamLogin",
    }
    if session_ms is not None:
        settings[f"{prefix}connections.max.reauth.ms"] = session_ms
    return settings


def _plugins(plan: Plan) -> dict[str, object]:
    return {
        "authorizer.class.name": f"{PLUGINS}.IamAuthorizer",
        "create.topic.policy.class.name": f"{PLUGINS}.NewTopicPolicy",
        "alter.config.policy.class.name": f"{PLUGINS}.ChangedConfigPolicy",
        "local.msk.roles.file": plan.roles,
        "local.msk.decisions.file": plan.decisions,
    }


def _sizes(plan: Plan) -> dict[str, object]:
    copies = len(plan.ports)
    in_sync = min(2, copies)
    return {
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.num.partitions": 2,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.num.partitions": 2,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "log.retention.bytes": 250 * 1024**3,
        "log.retention.hours": 7 * 24,
        "message.max.bytes": 1_048_588,
        "replica.fetch.max.bytes": EIGHT_MIB,
        "replica.fetch.response.max.bytes": 2 * EIGHT_MIB,
        "group.initial.rebalance.delay.ms": 0,
        "group.coordinator.rebalance.protocols": "classic",
        # A killed node must not be missed for long when it comes back.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        "log.cleaner.dedupe.buffer.size": EIGHT_MIB,
        "num.network.threads": 2,
        "num.io.threads": 4,
        # Voters on one machine find each other at once.
        "controller.quorum.election.timeout.ms": 300,
        "controller.quorum.election.backoff.max.ms": 300,
    }


def _joined(pairs: Mapping[str, str], between: str) -> str:
    return ",".join(f"{name}{between}{value}" for name, value in pairs.items())


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
