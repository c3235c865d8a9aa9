"""Who reaches whom: the function goes nowhere but where it must."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.main_template import CLUSTER_GROUP, SOURCE, at_existing, with_new

if TYPE_CHECKING:
    from tests.deploy.expand import Stack

OWN_GROUP = "SecurityGroup"
ENDPOINT_GROUP = "EndpointSecurityGroup"
NOTHING = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}
ENDPOINTS = ("kafka", "lambda", "sts", "secretsmanager", "sqs")


def rules(stack: Stack, direction: str) -> set[tuple[str, str, int]]:
    """The rules beside the groups: whose, to or from whom, port."""
    far = "DestinationSecurityGroupId" if direction == "Egress" else "SourceSecurityGroupId"
    found = stack.of_type(f"AWS::EC2::SecurityGroup{direction}").values()
    assert all(rule["FromPort"] == rule["ToPort"] for rule in found)
    return {
        (rule["GroupId"], rule.get(far) or rule["DestinationPrefixListId"], rule["FromPort"])
        for rule in found
    }


def endpoints(stack: Stack) -> dict[str, dict[str, Any]]:
    """The VPC endpoints by service, as AWS offers them to new endpoints."""
    found = stack.of_type("AWS::EC2::VPCEndpoint").values()
    names = {"aws.api.us-east-1.kafka-api": "kafka"}
    return {
        names.get(e["ServiceName"]) or e["ServiceName"].removeprefix("com.amazonaws.us-east-1."): e
        for e in found
    }


def test_with_a_new_cluster_both_share_a_group() -> None:
    """The group lets itself in and out at port 9098, and nothing else."""
    stack = with_new()
    expected = {(OWN_GROUP, OWN_GROUP, 9098)}
    assert rules(stack, "Ingress") == rules(stack, "Egress") == expected
    (cluster,) = stack.of_type("AWS::MSK::ServerlessCluster").values()
    (network,) = cluster["VpcConfigs"]
    assert network["SecurityGroups"] == [OWN_GROUP]
    assert network["SubnetIds"] == ["subnet-0aaa", "subnet-0bbb"]


def test_an_existing_cluster_lets_the_function_in() -> None:
    """One rule into the cluster's first group, one out of the function's, both at port 9098."""
    stack = at_existing(SecurityGroupIds=f"{CLUSTER_GROUP},sg-0000000000000000b")
    assert rules(stack, "Ingress") == {(CLUSTER_GROUP, OWN_GROUP, 9098)}
    assert rules(stack, "Egress") == {(OWN_GROUP, CLUSTER_GROUP, 9098)}
    assert not stack.of_type("AWS::MSK::ServerlessCluster")


def test_the_function_is_in_the_vpc_with_its_own_group_only() -> None:
    """No other group's rules hold for it."""
    function = at_existing().of_type("AWS::Lambda::Function")["Function"]
    assert function["VpcConfig"] == {
        "SubnetIds": ["subnet-0aaa", "subnet-0bbb"],
        "SecurityGroupIds": [OWN_GROUP],
    }


def test_no_group_is_open_by_default() -> None:
    """Each group has a rule of its own for egress, which keeps EC2 from adding one to anywhere."""
    groups = at_existing(VpcEndpoints="kafka").of_type("AWS::EC2::SecurityGroup")
    assert set(groups) == {OWN_GROUP, ENDPOINT_GROUP}
    for group in groups.values():
        (egress,) = group["SecurityGroupEgress"]
        assert NOTHING.items() <= egress.items()


def test_no_endpoint_is_made_unasked() -> None:
    """Without the parameters there is no endpoint, and port 443 is shut."""
    for stack in (with_new(), at_existing()):
        assert not endpoints(stack)
        assert ENDPOINT_GROUP not in stack.resources


@pytest.mark.parametrize("service", ENDPOINTS)
def test_one_endpoint_is_made_alone(service: str) -> None:
    """It answers for the service's name in the VPC, and the function may reach it at port 443."""
    stack = at_existing(VpcEndpoints=service)
    (endpoint,) = endpoints(stack).values()
    assert list(endpoints(stack)) == [service]
    assert endpoint["PrivateDnsEnabled"] is True
    assert endpoint["SecurityGroupIds"] == [ENDPOINT_GROUP]
    assert (OWN_GROUP, ENDPOINT_GROUP, 443) in rules(stack, "Egress")


def test_all_endpoints_are_made_together() -> None:
    """Each of those that are named, and no other."""
    assert set(endpoints(at_existing(VpcEndpoints=",".join(ENDPOINTS)))) == set(ENDPOINTS)


def test_endpoints_admit_the_function_and_its_cluster() -> None:
    """An event source mapping comes from the cluster's group, which is the function's if new."""
    existing = at_existing(VpcEndpoints="sts")
    assert (ENDPOINT_GROUP, CLUSTER_GROUP, 443) in rules(existing, "Ingress")
    for stack in (existing, with_new(VpcEndpoints="sts")):
        (inline,) = stack.resources[ENDPOINT_GROUP]["Properties"]["SecurityGroupIngress"]
        assert (inline["SourceSecurityGroupId"], inline["FromPort"]) == (OWN_GROUP, 443)


def test_endpoints_let_through_what_they_are_for() -> None:
    """No other action of the service, and not on everything."""
    made = endpoints(at_existing(VpcEndpoints=",".join(ENDPOINTS)))
    allowed = {}
    for service, endpoint in made.items():
        (statement,) = endpoint["PolicyDocument"]["Statement"]
        assert statement["Resource"] != "*"
        allowed[service] = statement["Action"]
    assert allowed == {
        "kafka": "kafka:GetBootstrapBrokers",
        "lambda": "lambda:InvokeFunction",
        "sts": "sts:AssumeRole",
        "secretsmanager": "secretsmanager:GetSecretValue",
        "sqs": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
    }


def test_s3_is_reached_only_where_it_is_asked_for() -> None:
    """Its prefix list opens port 443 to it; route tables make a gateway endpoint as well."""
    only_list = at_existing(S3PrefixListId="pl-01234567")
    assert (OWN_GROUP, "pl-01234567", 443) in rules(only_list, "Egress")
    assert not endpoints(only_list)
    both = at_existing(S3PrefixListId="pl-01234567", RouteTableIds="rtb-01234567,rtb-89abcdef")
    (gateway,) = endpoints(both).values()
    assert gateway["VpcEndpointType"] == "Gateway"
    assert gateway["RouteTableIds"] == ["rtb-01234567", "rtb-89abcdef"]


def test_each_endpoint_says_why_it_is_there() -> None:
    """A comment before it begins with its reason."""
    made = re.findall(r"((?:  # .*\n)*)  \w+:\n    Type: AWS::EC2::VPCEndpoint\n", SOURCE)
    assert len(made) == len(ENDPOINTS) + 1
    assert all(comment.startswith("  # Reason: ") for comment in made)
