"""Whether a batch comes from the cluster that records would be sent to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msk_client.batch import Batch

PROVISIONED = re.compile(r".+\.(?P<cluster>[^.]+\.[^.]+\.c[0-9]+\.kafka\..+)")
"""`b-2.demo.a1b2c3.c5.kafka.eu-west-1.amazonaws.com`, `b-1-public.demo...`, and through a VPC
connection `b-1.iam.demo...`: all its brokers, by all its listeners."""

CLUSTER_ARN = re.compile(r"arn:[^:]+:kafka:[^:]*:[^:]*:cluster/.+")
"""Not a VPC connection's, which doesn't tell the cluster."""


def same_cluster(batch: Batch, endpoint: str, cluster_arn: str | None) -> bool:
    """Tell whether a batch's cluster is, or may be, the one at `endpoint` or of this ARN.

    By the ARNs, where both are a cluster's, and by the brokers' names, without the port, which is
    another one for each way to log in: better to refuse a copy than to let one go round for ever.
    """
    source = batch.source_arn
    if source is not None and cluster_arn is not None and CLUSTER_ARN.fullmatch(source):
        return source == cluster_arn
    theirs, ours = _names(batch.bootstrap_servers), _names(endpoint.split(","))
    return not theirs or bool(theirs & ours)


def _names(servers: Iterable[str]) -> set[str]:
    return {_name(server.strip().lower()) for server in servers}


def _name(server: str) -> str:
    host = server.rpartition(":")[0] or server
    match = PROVISIONED.fullmatch(host)
    return host if match is None else match["cluster"]
