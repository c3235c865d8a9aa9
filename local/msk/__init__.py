"""A real Apache Kafka that behaves like Amazon MSK Serverless."""

from local.msk.cluster import LocalMsk
from local.msk.errors import BuildFailed, MskError, ProgramMissing, StartFailed
from local.msk.logs import Decision, Request
from local.msk.node import Node
from local.msk.roles import CLUSTER_ARN, DEFAULT_ROLE, REGION, Role
from local.msk.start import start_msk

__all__ = [
    "CLUSTER_ARN",
    "DEFAULT_ROLE",
    "REGION",
    "BuildFailed",
    "Decision",
    "LocalMsk",
    "MskError",
    "Node",
    "ProgramMissing",
    "Request",
    "Role",
    "StartFailed",
    "start_msk",
]
