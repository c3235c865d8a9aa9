"""The ARN of an MSK cluster, and by which of its listeners for IAM it is reached."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from msk_client.errors import InvalidSetting

Connectivity = Literal["private", "vpc_connection", "public"]
CONNECTIVITIES: tuple[Connectivity, ...] = get_args(Connectivity)

CLUSTER = re.compile(
    r"arn:aws[a-z-]*:kafka:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]+):[0-9]{12}"
    r":cluster/[A-Za-z0-9-]{1,64}/[A-Za-z0-9-]+"
)
EXAMPLE = (
    "arn:aws:kafka:eu-west-1:123456789012:cluster/my-cluster/"
    "5c6f2a1e-7d3b-4e0a-9b52-0d1f6c8e4a37-s1"
)


@dataclass(frozen=True)
class ClusterArn:
    """A cluster's ARN, the region that it names, and the setting that holds it."""

    text: str
    region: str
    name: str


def cluster_arn(text: str, name: str) -> ClusterArn:
    """Take a cluster's ARN; raises `InvalidSetting` that calls it `name`."""
    match = CLUSTER.fullmatch(text.strip())
    if match is None:
        raise InvalidSetting(
            f"{name} is {text[:200]!r}, which is not the ARN of an MSK cluster:"
            f" {_remedy(text)} such as {EXAMPLE}."
        )
    return ClusterArn(match[0], match["region"], name)


def _remedy(text: str) -> str:
    kind = text.split(":", 5)[-1].partition("/")[0]
    if kind == "vpc-connection":
        return (
            "set MSK_CONNECTIVITY to vpc_connection and give the ARN of the cluster behind the"
            " connection,"
        )
    if kind in {"topic", "group"}:
        return f"it is that of a {kind}; give the cluster's,"
    return "give one"


def connectivity(text: str, name: str) -> Connectivity:
    """Take how the cluster is reached; raises `InvalidSetting` that calls it `name`."""
    for known in CONNECTIVITIES:
        if text.strip() == known:
            return known
    raise InvalidSetting(
        f"{name} is {text[:80]!r}: give one of {', '.join(CONNECTIVITIES)} (the cluster's own VPC,"
        " a managed VPC connection, the internet)."
    )
