"""The main template, and what a deployment of it would make with some parameters."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from local.msk.roles import ACCOUNT, CLUSTER_ARN, REGION
from tests.deploy.expand import Stack, expand

PATH = Path(__file__).parents[2] / "template.yaml"
SOURCE = PATH.read_text(encoding="utf-8")

BROKERS = "boot-abc.c2.kafka-serverless.us-east-1.amazonaws.com:9098"
MADE = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/stack/0f1e2d3c-aaaa-4bbb-8ccc-0123456789ab-s3"
CLUSTER_GROUP = "sg-0000000000000000a"
NETWORK = {"VpcId": "vpc-0123", "SubnetIds": "subnet-0aaa,subnet-0bbb"}
EXISTING = NETWORK | {"ClusterArn": CLUSTER_ARN, "SecurityGroupIds": CLUSTER_GROUP}
"""The least that a deployment to a cluster that is there needs."""

LEARNT = {"ServerlessCluster.Arn": MADE, "Brokers.BootstrapBrokers": BROKERS}
"""What a deployment would learn from AWS."""


@cache
def template() -> dict[str, Any]:
    """The template as it is written, `!Ref` and the like as objects."""
    written: dict[str, Any] = yaml_parse(SOURCE)
    return written


def at_existing(**parameters: str) -> Stack:
    """What a deployment to a cluster that is there would make; raises `Refused`."""
    return expand(PATH, EXISTING | parameters, LEARNT)


def with_new(**parameters: str) -> Stack:
    """What a deployment that makes its cluster would make; raises `Refused`."""
    return expand(PATH, NETWORK | parameters, LEARNT)
