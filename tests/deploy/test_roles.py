"""What the roles of the main template may do, beside Kafka's own permissions."""

from __future__ import annotations

import pytest

from local.msk.roles import ACCOUNT, CLUSTER_ARN, REGION
from tests.deploy.expand import listed
from tests.deploy.main_template import MADE, at_existing, with_new
from tests.deploy.parameter_values import NUMBERED_KEY, QUEUE

NO_RESOURCES = {
    # AWS's authorization reference gives these actions no resource types.
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
ANY_ID = f"arn:aws:ec2:{REGION}:{ACCOUNT}:*/*"


def test_nothing_is_allowed_on_everything_that_has_a_name() -> None:
    """A lone asterisk stands only where AWS knows no narrower resource."""
    stack = at_existing(Tracing="on")
    for role in stack.of_type("AWS::IAM::Role"):
        for statement in stack.statements(role):
            if statement["Effect"] == "Allow" and "*" in listed(statement["Resource"]):
                assert set(listed(statement["Action"])) <= NO_RESOURCES


def test_no_action_is_a_pattern() -> None:
    """Each permission is named, and no role has a managed policy."""
    stack = at_existing(Tracing="on")
    for role, properties in stack.of_type("AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in properties
        for statement in stack.statements(role):
            assert not [action for action in listed(statement["Action"]) if "*" in action]


IN_BUCKET = {"Bucket": "my-bucket", "BucketPrefix": "lake/", "S3PrefixListId": "pl-01234567"}
OBJECTS = {
    "consume": {"s3:GetObject", "s3:PutObject"},
    "produce": {"s3:GetObject", "s3:GetObjectVersion"},
    "replay": {"s3:GetObject", "s3:ListBucket"},
    "ping,list_topics,create_topic,test_filter": set(),
}
"""Action -> what it does in a bucket: looks before it writes, reads one version, lists a prefix."""


@pytest.mark.parametrize("actions", OBJECTS)
def test_a_bucket_is_used_for_what_is_allowed(actions: str) -> None:
    """On its prefix alone; without a bucket nothing of S3 is allowed."""
    given = {"AllowedActions": actions, **IN_BUCKET, "BucketKeyArn": NUMBERED_KEY}
    statements = at_existing(**given).statements("FunctionRole")
    about = [s for s in statements if listed(s["Action"])[0].startswith("s3:")]
    assert {a for s in about for a in listed(s["Action"])} == OBJECTS[actions]
    for statement in about:
        if statement["Action"] == "s3:ListBucket":
            assert statement["Resource"] == "arn:aws:s3:::my-bucket"
            assert statement["Condition"] == {"StringLike": {"s3:prefix": "lake/*"}}
        else:
            assert statement["Resource"] == "arn:aws:s3:::my-bucket/lake/*"
    keys = [set(listed(s["Action"])) for s in statements if s["Resource"] == NUMBERED_KEY]
    writes = {"kms:GenerateDataKey"} if actions == "consume" else set()
    assert keys == ([{"kms:Decrypt"} | writes] if OBJECTS[actions] else [])
    assert not at_existing(AllowedActions=actions).statements("FunctionRole", "s3:")


def test_a_queue_is_replayed_only_on_request() -> None:
    """Its messages may be received, deleted and given back, where replay is allowed."""
    role = at_existing(AllowedActions="replay", ReplayQueueArn=QUEUE)
    about = [s for s in role.statements("FunctionRole", "sqs:") if s["Resource"] == QUEUE]
    assert [set(s["Action"]) for s in about] == [
        {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}
    ]
    without = at_existing(AllowedActions="produce", ReplayQueueArn=QUEUE)
    assert QUEUE not in [s["Resource"] for s in without.statements("FunctionRole", "sqs:")]


def test_the_network_interfaces_are_lambdas_business() -> None:
    """The role may manage them, but what the function's own code asks for is denied."""
    stack = at_existing()
    name = stack.of_type("AWS::Lambda::Function")["Function"]["FunctionName"]
    describes, manages, denial = stack.statements("FunctionRole", "ec2:")
    assert manages["Resource"] == ANY_ID
    assert denial["Effect"] == "Deny"
    assert set(denial["Action"]) == {*describes["Action"], *manages["Action"]}
    expected = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    assert denial["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": expected}}


def test_traces_are_allowed_only_where_they_are_on() -> None:
    """Without tracing the role says nothing of X-Ray, and Lambda doesn't sample."""
    off, on = at_existing(), at_existing(Tracing="on")
    modes = [
        stack.of_type("AWS::Lambda::Function")["Function"]["TracingConfig"]["Mode"]
        for stack in (off, on)
    ]
    assert modes == ["PassThrough", "Active"]
    assert not off.statements("FunctionRole", "xray:")
    assert on.statements("FunctionRole", "xray:")


@pytest.mark.parametrize("role", ["FunctionRole", "BrokersFunctionRole"])
def test_logs_go_to_one_group(role: str) -> None:
    """A function writes to its own log group, which CloudFormation makes."""
    stack = at_existing()
    (logs,) = stack.statements(role, "logs:")
    group = "LogGroup" if role == "FunctionRole" else "BrokersFunctionLogGroup"
    assert logs["Resource"].endswith(f":{group}")
    assert set(logs["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_the_look_up_may_ask_for_this_clusters_brokers_only() -> None:
    """The deployment's own function has one permission on MSK, on the cluster in use."""
    for stack, cluster in ((at_existing(), CLUSTER_ARN), (with_new(), MADE)):
        (asks,) = stack.statements("BrokersFunctionRole", "kafka")
        assert (asks["Action"], asks["Resource"]) == ("kafka:GetBootstrapBrokers", cluster)


def test_topics_and_groups_belong_to_the_cluster_in_use() -> None:
    """Their ARNs come from the cluster's, be it new or not, with the prefix and an asterisk."""
    prefixes = {"TopicPrefix": "team.", "GroupPrefix": "night-"}
    for stack, cluster in (
        (at_existing(**prefixes), CLUSTER_ARN),
        (with_new(**prefixes), MADE),
    ):
        resources = {s["Sid"]: s["Resource"] for s in stack.statements("FunctionRole", "kafka-")}
        assert resources == {
            "Cluster": cluster,
            "Topics": cluster.replace(":cluster/", ":topic/") + "/team.*",
            "Groups": cluster.replace(":cluster/", ":group/") + "/night-*",
        }
