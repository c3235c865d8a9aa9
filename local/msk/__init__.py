"""A real Apache Kafka that behaves like Amazon MSK Serverless: IAM login, IAM permissions, its limits."""

from local.msk.cluster import LocalMsk, start_msk
from local.msk.errors import MskError, ProgramMissing, StartFailed
from local.msk.logs import Decision, Request
from local.msk.node import Node
from local.msk.roles import CLUSTER_ARN, DEFAULT_ROLE, REGION, Role

__all__ = [
    "CLUSTER_ARN",
    "DEFAULT_ROLE",
    "REGION",
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
