"""What the jobs have of one another, and who reaches whom."""

from __future__ import annotations

import pytest

from local.msk.roles import ACCOUNT, REGION
from tests.deploy.pipeline_template import (
    DRAIN,
    JOBS,
    MAPPING,
    OWN,
    OWN_NETWORK,
    deployed,
    function,
)

FAILED_EVENTS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:FailedEvents"
ASYNCHRONOUS = ("drain", "load", "queued")


@pytest.mark.parametrize("job", ASYNCHRONOUS)
def test_what_fails_without_a_caller_is_kept(job: str) -> None:
    """Calls that fail for good come into a queue that keeps them for 14 days."""
    stack = deployed(JOBS[job])
    (calls,) = stack.of_type("AWS::Lambda::EventInvokeConfig").values()
    assert calls["DestinationConfig"]["OnFailure"]["Destination"] == FAILED_EVENTS
    queue = stack.of_type("AWS::SQS::Queue")["FailedEvents"]
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    assert "FailedEventsAlarm" in stack.resources


def test_a_mapping_has_nothing_of_the_other_jobs() -> None:
    """It is called by Lambda alone, and its failures have a place of their own."""
    kinds = {resource["Type"] for resource in deployed(MAPPING).resources.values()}
    assert kinds == {
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::Lambda::EventSourceMapping",
        "AWS::SQS::Queue",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::IAM::Role",
        "AWS::CloudWatch::Alarm",
    }


@pytest.mark.parametrize("job", ["copy", "drain", "load", "queued"])
def test_the_function_goes_nowhere_but_where_it_must(job: str) -> None:
    """Port 9098 of the cluster, S3 where its list is given, and port 443 only on request."""
    given = JOBS[job]
    stack = deployed(given)
    rules = stack.of_type("AWS::EC2::SecurityGroupEgress").values()
    expected = {9098} | ({443} if "S3PrefixListId" in given else set())
    assert {rule["ToPort"] for rule in rules} == expected
    assert not [rule for rule in rules if "CidrIp" in rule]
    (inline,) = stack.resources["SecurityGroup"]["Properties"]["SecurityGroupEgress"]
    assert inline["CidrIp"] == "127.0.0.1/32"
    wide = deployed(given, HttpsEgress="on").of_type("AWS::EC2::SecurityGroupEgress").values()
    assert {rule["FromPort"] for rule in wide if rule.get("CidrIp") == "0.0.0.0/0"} == {443}
    assert function(given)["VpcConfig"] == {
        "SubnetIds": ["subnet-01234567", "subnet-89abcdef"],
        "SecurityGroupIds": ["SecurityGroup"],
    }


def test_endpoints_let_through_what_they_are_for() -> None:
    """They admit the cluster, whose network the mapping uses, and one action each."""
    stack = deployed(JOBS["copy"], VpcEndpoints="lambda,sts,secretsmanager,sqs")
    actions = {}
    for endpoint in stack.of_type("AWS::EC2::VPCEndpoint").values():
        (statement,) = endpoint["PolicyDocument"]["Statement"]
        assert statement["Resource"] != "*"
        actions[endpoint["ServiceName"].rpartition(".")[2]] = statement["Action"]
    assert actions == {
        "lambda": "lambda:InvokeFunction",
        "sts": "sts:AssumeRole",
        "secretsmanager": "secretsmanager:GetSecretValue",
        "sqs": "sqs:SendMessage",
    }
    doors = {
        rule["SourceSecurityGroupId"]
        for rule in stack.of_type("AWS::EC2::SecurityGroupIngress").values()
        if rule["GroupId"] == "EndpointSecurityGroup"
    }
    assert doors == {"sg-0000000000000000a", "SecurityGroup"}
    assert not deployed(JOBS["copy"]).of_type("AWS::EC2::VPCEndpoint")
    gateway = deployed(DRAIN, RouteTableIds="rtb-01234567").of_type("AWS::EC2::VPCEndpoint")
    assert [endpoint["VpcEndpointType"] for endpoint in gateway.values()] == ["Gateway"]


def test_endpoints_admit_the_mapping_of_another_kafka() -> None:
    """It comes from the security group that it is given."""
    given = {"VpcId": "vpc-01234567", "SubnetIds": "subnet-01234567", "VpcEndpoints": "lambda,sts"}
    stack = deployed(OWN | OWN_NETWORK, **given)
    (door,) = stack.of_type("AWS::EC2::SecurityGroupIngress").values()
    assert door["GroupId"] == "EndpointSecurityGroup"
    assert door["SourceSecurityGroupId"] == OWN_NETWORK["SourceSecurityGroupIds"]
