"""The templates of deploy/cross-account, and what deployments in two accounts would make."""

from __future__ import annotations

from pathlib import Path

from local.msk import CLUSTER_ARN
from local.msk.roles import ACCOUNT, REGION
from tests.deploy.expand import Stack, expand
from tests.deploy.pipeline_template import PATH as PIPELINE

FOLDER = Path(__file__).parents[2] / "deploy" / "cross-account"
CONSUMERS_ACCOUNT = "210987654321"
PROVISIONED_ARN = CLUSTER_ARN.removesuffix("s1") + "7"
CONNECTION_ARN = (
    f"arn:aws:kafka:{REGION}:{ACCOUNT}:vpc-connection/{CONSUMERS_ACCOUNT}/customers/"
    "0f1e2d3c-aaaa-4bbb-8ccc-0123456789ab-3"
)
NETWORK = {"VpcId": "vpc-01234567", "SubnetIds": "subnet-01234567,subnet-89abcdef"}


def cluster_stack(**parameters: str) -> Stack:
    """The stack of the cluster's account, with everything turned on."""
    given = {
        "ClusterArn": PROVISIONED_ARN,
        "ClusterSecurityGroupId": "sg-01234567",
        "ConsumerAccount": CONSUMERS_ACCOUNT,
        "MultiVpcConnectivity": "on",
        "VpcCidr": "10.0.0.0/16",
    }
    return expand(FOLDER / "cluster.yaml", NETWORK | given | parameters)


def consumer_stack(**parameters: str) -> Stack:
    """The stack of the consumer's account."""
    given = NETWORK | {"ClusterArn": PROVISIONED_ARN}
    return expand(
        FOLDER / "consumer.yaml",
        given | parameters,
        {"VpcConnection.Arn": CONNECTION_ARN},
        account=CONSUMERS_ACCOUNT,
    )


def pipeline_stack(**parameters: str) -> Stack:
    """The stack within it, with what that one hands on."""
    (nested,) = consumer_stack(**parameters).of_type("AWS::CloudFormation::Stack").values()
    handed_on = {name: str(value) for name, value in nested["Parameters"].items()}
    return expand(PIPELINE, handed_on, account=CONSUMERS_ACCOUNT)
