"""The templates of deploy/cross-account: what they make, when, and what they refuse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.msk import CLUSTER_ARN, DEFAULT_ROLE
from local.msk.roles import ACCOUNT
from msk_client import settings
from tests.deploy.cross_account import (
    CONNECTION_ARN,
    CONSUMERS_ACCOUNT,
    FOLDER,
    NETWORK,
    PROVISIONED_ARN,
    cluster_stack,
    consumer_stack,
    pipeline_stack,
)
from tests.deploy.expand import Refused, Stack, expand, listed
from tests.deploy.pipeline_template import PATH as PIPELINE
from tests.deploy.pipeline_template import template as pipeline_template

NEW = {"ClusterArn": "", "ClusterSecurityGroupId": ""}
RUNBOOK = (Path(__file__).parents[2] / "docs" / "cross-account.md").read_text(encoding="utf-8")


def cluster_of(stack: Stack) -> dict[str, Any]:
    """The cluster that a stack makes."""
    (cluster,) = stack.of_type("AWS::MSK::Cluster").values()
    return cluster


def test_the_mapping_is_what_was_agreed() -> None:
    """It reads the topic from its beginning over the private connection, in batches of 100."""
    stack = pipeline_stack()
    (mapping,) = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    assert mapping == {
        "FunctionName": "Function",
        "EventSourceArn": CONNECTION_ARN,
        "Enabled": "true",
        "Topics": ["customer"],
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": "100",
        "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "msk-lambda-iam"},
        "DestinationConfig": {
            "OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:{CONSUMERS_ACCOUNT}:FailedBatches"}
        },
    }
    assert "FailedBatchesAlarm" in stack.resources


def test_what_is_consumed_is_stored() -> None:
    """The function stores batches, in a bucket that is made or in one that is given."""
    made = settings.read(pipeline_stack().environment("Function"))
    assert (made.mapping.sink, made.output.bucket) == ("s3", "Objects")
    given = pipeline_stack(Bucket="my-bucket", BucketPrefix="customers/")
    output = settings.read(given.environment("Function")).output
    assert (output.bucket, output.prefix) == ("my-bucket", "customers/")
    assert not given.of_type("AWS::S3::Bucket")


FIXED = {"Job", "Topic", "GroupId", "Sink", "ClusterArn", "VpcConnectionArn"}
"""What was agreed, or is the connection."""

NOT_HERE = {
    # The connection is for IAM, and the function isn't in a VPC.
    *("Authentication", "SecretArn"),
    # Of a Kafka of one's own.
    *("SourceBrokers", "SourceSubnetIds", "SourceSecurityGroupIds", "RootCaSecretArn"),
    *("BootstrapBrokers", "TargetClusterArn", "TargetTopic", "ClientOptions"),
    *("VpcId", "SubnetIds", "SecurityGroupIds", "VpcEndpoints", "RouteTableIds"),
    *("S3PrefixListId", "HttpsEgress"),
    # Of the other jobs, and of a function that others call.
    *("OutputObjectBytes", "ScheduleExpression", "DrainFields", "S3Events", "S3EventTopics"),
    *("TopicPrefix", "SourceQueueArn", "SourceQueueKeyArn", "MessageBody", "QueueBatchSize"),
    *("QueueBatchingWindow", "QueueConcurrency", "ReservedConcurrency", "AsynchronousRetries"),
}


def test_every_option_is_handed_on() -> None:
    """Each parameter of the pipeline is one here too, with its type and default, or has no use."""
    source = yaml_parse((FOLDER / "consumer.yaml").read_text(encoding="utf-8"))
    handed_on = source["Resources"]["Pipeline"]["Properties"]["Parameters"]
    ours, theirs = source["Parameters"], pipeline_template()["Parameters"]
    assert handed_on.keys() == theirs.keys() - NOT_HERE
    for name in handed_on.keys() - FIXED:
        assert handed_on[name] == {"Ref": name}
        for part in ("Type", "Default", "AllowedValues"):
            assert ours[name].get(part) == theirs[name].get(part), name


def test_an_option_that_is_wrong_is_refused_by_the_pipeline() -> None:
    """Its own patterns and rules hold for what is handed on."""
    with pytest.raises(Refused, match="BisectOnError needs ProvisionedMode on"):
        pipeline_stack(BisectOnError="on")
    with pytest.raises(Refused, match="MaximumRecordAge is '59'"):
        pipeline_stack(MaximumRecordAge="59")


def test_the_mapping_does_all_that_it_does_as_the_role() -> None:
    """AWS names these permissions for a cross-account mapping with IAM and a queue; no others."""
    allowed = {
        action: listed(statement["Resource"])
        for statement in pipeline_stack(Bucket="my-bucket").statements("FunctionRole")
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }
    queue = f"arn:aws:sqs:us-east-1:{CONSUMERS_ACCOUNT}:FailedBatches"
    assert [queue] == allowed.pop("sqs:SendMessage")
    assert [CONNECTION_ARN] == allowed.pop("kafka:DescribeVpcConnection")
    for action in ("kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"):
        assert [PROVISIONED_ARN] == allowed.pop(action)
    for action in ("s3:PutObject", "s3:GetObject"):
        assert allowed.pop(action) == ["arn:aws:s3:::my-bucket/*"]
    kinds = {action.partition(":")[0] for action in allowed}
    assert kinds == {"kafka-cluster", "ec2", "logs"}
    wide = {action for action, resources in allowed.items() if "*" in resources}
    assert all(action.startswith("ec2:Describe") for action in wide)


def test_the_policy_lets_the_account_connect_and_nobody_else() -> None:
    """Every statement is about the consumer's account, on the cluster, the topic or the group."""
    (policy,) = cluster_stack().of_type("AWS::MSK::ClusterPolicy").values()
    statements = policy["Policy"]["Statement"]
    assert all(s["Principal"] == {"AWS": CONSUMERS_ACCOUNT} for s in statements)
    topic = PROVISIONED_ARN.replace(":cluster/", ":topic/") + "/customer"
    group = PROVISIONED_ARN.replace(":cluster/", ":group/") + "/msk-lambda-iam"
    assert [s["Resource"] for s in statements] == [PROVISIONED_ARN, PROVISIONED_ARN, topic, group]
    assert set(statements[0]["Action"]) == {
        "kafka:CreateVpcConnection",
        "kafka:GetBootstrapBrokers",
        "kafka:DescribeCluster",
        "kafka:DescribeClusterV2",
    }


def test_a_new_cluster_is_connected_in_a_second_deployment() -> None:
    """MSK refuses to create a cluster with multi-VPC connectivity: off first, then on."""
    first = cluster_stack(**NEW, MultiVpcConnectivity="off")
    assert "ConnectivityInfo" not in cluster_of(first)["BrokerNodeGroupInfo"]
    assert not first.of_type("AWS::MSK::ClusterPolicy")
    second = cluster_stack(**NEW)
    connectivity = cluster_of(second)["BrokerNodeGroupInfo"]["ConnectivityInfo"]
    expected = {"VpcConnectivity": {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}}}
    assert connectivity == expected
    (policy,) = second.of_type("AWS::MSK::ClusterPolicy").values()
    assert policy["ClusterArn"] == f"arn:aws:msk:us-east-1:{ACCOUNT}:Cluster"


def test_an_existing_cluster_is_left_as_it_is() -> None:
    """With an ARN no cluster is made; its security group lets PrivateLink and the producer in."""
    stack = cluster_stack()
    assert not stack.of_type("AWS::MSK::Cluster")
    doors = {
        (rule["GroupId"], rule["FromPort"], rule["ToPort"])
        for rule in stack.of_type("AWS::EC2::SecurityGroupIngress").values()
    }
    assert doors == {("sg-01234567", 14001, 14100), ("sg-01234567", 9098, 9098)}


def test_the_producer_waits_for_its_brokers() -> None:
    """Without BootstrapBrokers the function has no endpoint, and says so when it is called."""
    assert "KAFKA_ENDPOINT" not in cluster_stack().environment("Producer")
    brokers = "b-1.example.com:9098,b-2.example.com:9098"
    known = cluster_stack(BootstrapBrokers=brokers).environment("Producer")
    assert known["KAFKA_ENDPOINT"] == brokers


def test_endpoints_are_made_where_they_are_wanted() -> None:
    """The mapping needs Lambda, STS and SQS from within the VPC."""
    services = {
        endpoint["ServiceName"].rpartition(".")[2]
        for endpoint in consumer_stack().of_type("AWS::EC2::VPCEndpoint").values()
    }
    assert services == {"lambda", "sts", "sqs"}
    assert not consumer_stack(VpcEndpoints="off").of_type("AWS::EC2::VPCEndpoint")


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"ClusterArn": CLUSTER_ARN}, "ClusterArn .*serverless"),
        ({"ClusterArn": DEFAULT_ROLE.arn}, "ClusterArn"),
        ({"ConsumerAccount": "12345"}, "ConsumerAccount .*twelve digits"),
        ({"BootstrapBrokers": "b-1.example.com"}, "BootstrapBrokers .*9098"),
        ({"BrokerType": "kafka.t3.small"}, "BrokerType"),
        ({"BrokerType": "express.m7g.large"}, "BrokerType"),
        ({"VpcCidr": "10.0.0.0"}, "VpcCidr"),
        ({"ClusterSecurityGroupId": ""}, "ClusterSecurityGroupId is blank"),
        ({"ClusterArn": ""}, "ClusterSecurityGroupId is given without ClusterArn"),
    ],
)
def test_the_clusters_template_refuses(parameters: dict[str, str], text: str) -> None:
    """A parameter that can't be right is refused before anything is made."""
    with pytest.raises(Refused, match=text):
        cluster_stack(**parameters)


@pytest.mark.parametrize("arn", ["", CLUSTER_ARN, "arn:aws:sqs:us-east-1:123456789012:queue"])
def test_the_consumers_template_refuses(arn: str) -> None:
    """It needs the ARN of a Provisioned cluster."""
    with pytest.raises(Refused, match="ClusterArn"):
        consumer_stack(ClusterArn=arn)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("cluster", {"ConsumerAccount": CONSUMERS_ACCOUNT, "VpcCidr": "10.0.0.0/16"}),
        ("consumer", {"ClusterArn": PROVISIONED_ARN}),
    ],
)
def test_a_subnet_of_another_vpc_is_refused(name: str, given: dict[str, str]) -> None:
    """CloudFormation looks the subnets' VPC up."""
    with pytest.raises(Refused, match="SubnetIds has a subnet of another VPC"):
        expand(FOLDER / f"{name}.yaml", NETWORK | given, {"subnet-89abcdef.VpcId": "vpc-9"})


def test_the_runbook_and_the_templates_name_the_same_parameters() -> None:
    """What the runbook sets is a parameter, and it names each one that has no default."""
    every: dict[str, Any] = {}
    for name in ("cluster", "consumer"):
        source = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
        every |= yaml_parse(source)["Parameters"]
    set_there = set(re.findall(r"`([A-Z][A-Za-z]+)=", RUNBOOK))
    assert {"MultiVpcConnectivity", "MappingEnabled", "VpcEndpoints"} <= set_there
    assert set_there <= every.keys()
    required = {name for name, parameter in every.items() if "Default" not in parameter}
    assert {name for name in required if f"`{name}`" not in RUNBOOK} == set()


def test_both_functions_are_built_from_the_projects_dockerfile() -> None:
    """The build's folder, which counts from the template's, has the Dockerfile."""
    for path in (FOLDER / "cluster.yaml", PIPELINE):
        resources = yaml_parse(path.read_text(encoding="utf-8"))["Resources"].values()
        (function,) = (r for r in resources if r["Type"] == "AWS::Serverless::Function")
        build = function["Metadata"]
        assert (path.parent / build["DockerContext"] / build["Dockerfile"]).is_file()


def test_the_pipelines_template_is_there() -> None:
    """The location of the stack within counts from the template's folder."""
    (nested,) = consumer_stack().of_type("AWS::CloudFormation::Stack").values()
    assert (FOLDER / nested["TemplateURL"]).resolve() == PIPELINE
