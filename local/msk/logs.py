"""What the brokers wrote down: permission decisions and the requests they answered."""

import json
from dataclasses import dataclass
from pathlib import Path

_REQUEST_MARK = "Completed request:"


@dataclass(frozen=True)
class Decision:
    """One answer of the authorizer to a role's request."""

    allowed: bool
    action: str
    """`kafka-cluster:...`, or Kafka's own name where no such action exists on Serverless."""
    resource: str
    principal: str
    api: str


@dataclass(frozen=True)
class Request:
    """A kind of request that a client sent over the SASL_SSL listener."""

    api: str
    version: int
    client_id: str


def read_decisions(path: Path) -> list[Decision]:
    """Return the decisions so far, oldest first."""
    if not path.exists():
        return []
    return [Decision(**json.loads(line)) for line in _complete_lines(path)]


def read_requests(log: Path) -> set[Request]:
    """Return the kinds of requests that a node's log shows."""
    lines = (line.partition(_REQUEST_MARK)[2] for line in _complete_lines(log))
    entries = (json.loads(line) for line in lines if line)
    return {
        _request(entry["requestHeader"])
        for entry in entries
        if entry["securityProtocol"] == "SASL_SSL"
    }


def _request(header: dict[str, object]) -> Request:
    name = str(header["requestApiKeyName"]).title().replace("_", "")
    return Request(name, int(str(header["requestApiVersion"])), str(header["clientId"]))


def _complete_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").rpartition("\n")[0].splitlines()
