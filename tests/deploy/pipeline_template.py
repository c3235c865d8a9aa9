"""The pipeline's template, and what a deployment of it would make with some parameters."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samtranslator.yaml_helper import yaml_parse

from local.msk.roles import ACCOUNT, CLUSTER_ARN, REGION
from msk_client import settings, settings_input, settings_mapping, settings_output
from tests.deploy.expand import Stack, expand

if TYPE_CHECKING:
    from msk_client.settings import Settings

PATH = Path(__file__).parents[2] / "deploy" / "pipeline.yaml"
SOURCE = PATH.read_text(encoding="utf-8")

TOPIC, GROUP = "orders", "orders-lake"
OTHER_CLUSTER = CLUSTER_ARN.replace(":cluster/", ":cluster/other-")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:AmazonMSK_orders-a1b2c3"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
CONNECTION = (
    f"arn:aws:kafka:{REGION}:210987654321:vpc-connection/{ACCOUNT}/local-msk/"
    "0f1e2d3c-aaaa-4bbb-8ccc-0123456789ab-3"
)

CA_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ca-d4e5f6"
REGISTRY_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:registry-a7b8c9"
REGISTRY_CA_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:registry-ca-d0e1f2"
GLUE = f"arn:aws:glue:{REGION}:{ACCOUNT}:registry/orders"

CLUSTER = {"ClusterArn": CLUSTER_ARN, "Topic": TOPIC}
NETWORK = {
    "BootstrapBrokers": "b-1.example.com:9098",
    "VpcId": "vpc-01234567",
    "SubnetIds": "subnet-01234567,subnet-89abcdef",
    "SecurityGroupIds": "sg-0000000000000000a",
}
TO_S3 = {"S3PrefixListId": "pl-01234567"}

MAPPING = CLUSTER | {"Job": "mapping", "GroupId": GROUP}
"""The least that a mapping into S3 needs."""

COPY = MAPPING | NETWORK | {"Sink": "produce", "TargetTopic": "copies"}
"""A mapping into another topic."""

OWN = {
    "Job": "mapping",
    "Topic": TOPIC,
    "GroupId": GROUP,
    "SourceBrokers": "kafka-1.example.com:9096,kafka-2.example.com:9096",
    "Authentication": "plain",
    "SecretArn": SECRET,
}
"""A mapping of a Kafka of one's own, over the internet."""

OWN_NETWORK = {
    "SourceSubnetIds": "subnet-01234567,subnet-89abcdef",
    "SourceSecurityGroupIds": "sg-0000000000000000b",
}

DRAIN = CLUSTER | NETWORK | TO_S3 | {"Job": "drain", "GroupId": GROUP}
LOAD = CLUSTER | NETWORK | TO_S3 | {"Job": "load", "S3Events": "eventbridge"}
QUEUED = CLUSTER | NETWORK | {"Job": "load", "SourceQueueArn": QUEUE}
"""Loads messages, and no objects."""

JOBS = {
    "mapping": MAPPING,
    "own": OWN,
    "copy": COPY,
    "drain": DRAIN,
    "load": LOAD,
    "queued": QUEUED,
}

LEARNT = {
    "ContinueQueue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/stack-ContinueQueue-1A2B3C",
    "DeadLetterQueue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/stack-DeadLetterQueue-1A2B3C",
    "Objects": "stack-objects-1a2b3c",
    "Objects.Arn": "arn:aws:s3:::stack-objects-1a2b3c",
}
"""What a deployment would learn from AWS."""

KNOWN = {
    *settings.NAMES,
    *settings_output.NAMES,
    *settings_mapping.NAMES,
    *settings_input.NAMES,
}
"""What the code reads from its environment."""


@cache
def template() -> dict[str, Any]:
    """The template as it is written, `!Ref` and the like as objects."""
    written: dict[str, Any] = yaml_parse(SOURCE)
    return written


def deployed(job: dict[str, str], **parameters: str) -> Stack:
    """What a deployment of a job would make; raises `Refused`."""
    return expand(PATH, job | parameters, LEARNT)


def mapping(job: dict[str, str] = MAPPING, /, **parameters: str) -> dict[str, Any]:
    """The mapping as it would be deployed, with the least else."""
    stack = deployed(job, **parameters)
    return stack.of_type("AWS::Lambda::EventSourceMapping")["Mapping"]


def told(job: dict[str, str], **parameters: str) -> Settings:
    """What the function makes of its deployed environment; raises for what it doesn't take."""
    variables = deployed(job, **parameters).environment("Function")
    ours = {name for name in variables if not name.startswith("POWERTOOLS_")}
    assert ours <= KNOWN
    return settings.read({n: value for n, value in variables.items() if value})


def one(job: dict[str, str], kind: str, **parameters: str) -> dict[str, Any]:
    """The only resource of a type."""
    (found,) = deployed(job, **parameters).of_type(kind).values()
    return found


def function(job: dict[str, str], **parameters: str) -> dict[str, Any]:
    """The function as it would be deployed."""
    return deployed(job, **parameters).of_type("AWS::Lambda::Function")["Function"]
