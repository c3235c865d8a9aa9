"""Parameters that are right each, but not together, are refused."""

from __future__ import annotations

import pytest

from local.msk.roles import CLUSTER_ARN
from msk_client.actions import ACTIONS
from tests.deploy.expand import Refused, expand
from tests.deploy.main_template import (
    BROKERS,
    CLUSTER_GROUP,
    EXISTING,
    NETWORK,
    PATH,
    at_existing,
    template,
)
from tests.deploy.parameter_values import NUMBERED_KEY

DAILY = {"ScheduleExpression": "rate(1 day)"}
MAPPED = {"PipelineJob": "mapping", "PipelineTopic": "orders", "PipelineGroupId": "orders-lake"}
DRAINED = MAPPED | {"PipelineJob": "drain", "S3PrefixListId": "pl-01234567"}

WRONG = [
    ("BrokersOfWhichCluster", 0, NETWORK | {"BootstrapBrokers": BROKERS}),
    ("BrokersOfWhichCluster", 1, NETWORK | {"SecurityGroupIds": CLUSTER_GROUP}),
    ("ExistingClusterHasSecurityGroups", 0, NETWORK | {"ClusterArn": CLUSTER_ARN}),
    ("GatewayEndpointIsReached", 0, EXISTING | {"RouteTableIds": "rtb-01234567"}),
    ("BucketIsReached", 0, EXISTING | {"Bucket": "my-bucket"}),
    ("WhichBucket", 0, EXISTING | {"BucketPrefix": "lake/"}),
    ("WhichBucket", 0, EXISTING | {"BucketKeyArn": NUMBERED_KEY}),
    ("ScheduleNamesATopic", 0, EXISTING | DAILY | {"ScheduleAction": "create_topic"}),
    ("ScheduleNamesATopic", 0, EXISTING | DAILY | {"ScheduleAction": "produce"}),
    ("ScheduleNamesATopic", 0, EXISTING | DAILY | {"ScheduleAction": "consume"}),
    ("ScheduleNamesNoTopic", 0, EXISTING | {"ScheduleTopic": "orders"}),
    (
        "ScheduleNamesNoTopic",
        0,
        EXISTING | {"ScheduleAction": "list_topics", "ScheduleTopic": "orders"},
    ),
    ("PipelineKnowsItsTopic", 0, EXISTING | MAPPED | {"PipelineTopic": ""}),
    ("PipelineKnowsItsTopic", 1, EXISTING | DRAINED | {"PipelineGroupId": ""}),
    ("PipelineIsAskedFor", 0, EXISTING | {"PipelineTopic": "orders"}),
    ("PipelineIsAskedFor", 0, EXISTING | {"PipelineGroupId": "orders-lake"}),
    ("PipelineIsAskedFor", 0, EXISTING | {"PipelineBucket": "my-bucket"}),
    ("PipelineIsAskedFor", 0, EXISTING | {"PipelineBucketPrefix": "lake/"}),
    ("DrainReachesS3", 0, EXISTING | DRAINED | {"S3PrefixListId": ""}),
    ("DrainReachesS3", 1, EXISTING | DRAINED | {"PipelineDeadLetters": "queue"}),
    ("OnlyADrainIsScheduled", 0, EXISTING | MAPPED | {"PipelineSchedule": "rate(1 hour)"}),
    ("OnlyADrainIsScheduled", 0, EXISTING | {"PipelineSchedule": "rate(1 hour)"}),
]

RIGHT = [
    NETWORK,
    EXISTING,
    EXISTING | {"BootstrapBrokers": BROKERS},
    EXISTING | {"RouteTableIds": "rtb-01234567", "S3PrefixListId": "pl-01234567"},
    EXISTING | {"S3PrefixListId": "pl-01234567"},
    EXISTING | {"Bucket": "my-bucket", "BucketPrefix": "lake/", "S3PrefixListId": "pl-01234567"},
    EXISTING | DAILY,
    EXISTING | DAILY | {"ScheduleAction": "list_topics"},
    EXISTING | DAILY | {"ScheduleAction": "produce", "ScheduleTopic": "orders"},
    EXISTING | {"ScheduleAction": "produce"},
    EXISTING | MAPPED,
    NETWORK | MAPPED | {"PipelineDeadLetters": "s3", "PipelineBucket": "my-bucket"},
    EXISTING | DRAINED | {"PipelineSchedule": "rate(1 hour)", "PipelineBucketPrefix": "lake/"},
]


@pytest.mark.parametrize(("rule", "assertion", "parameters"), WRONG)
def test_a_wrong_combination_is_refused(
    rule: str, assertion: int, parameters: dict[str, str]
) -> None:
    """CloudFormation's own rules refuse it before anything is made, and say why."""
    why = template()["Rules"][rule]["Assertions"][assertion]["AssertDescription"]
    with pytest.raises(Refused) as refused:
        expand(PATH, parameters)
    assert why in str(refused.value)


@pytest.mark.parametrize("parameters", RIGHT)
def test_a_right_combination_is_deployed(parameters: dict[str, str]) -> None:
    """The rules are against nothing that works."""
    expand(PATH, parameters)


def test_a_subnet_of_another_vpc_is_refused() -> None:
    """CloudFormation looks the subnets' VPC up, and each must be the one that is given."""
    with pytest.raises(Refused, match="SubnetIds has a subnet of another VPC"):
        expand(PATH, EXISTING, {"subnet-0bbb.VpcId": "vpc-0999"})


def test_every_rule_is_tried() -> None:
    """Each assertion of each rule has a combination that it refuses."""
    rules = template()["Rules"].items()
    every = {(name, i) for name, rule in rules for i, _ in enumerate(rule["Assertions"])}
    assert every - {("SubnetsAreInTheVpc", 0)} == {(rule, index) for rule, index, _ in WRONG}


@pytest.mark.parametrize("scheduled", ACTIONS)
def test_a_scheduled_action_must_be_an_allowed_one(scheduled: str) -> None:
    """Where it isn't, the deployment has a resource that fails, and its name is the message."""
    topic = "" if scheduled in {"ping", "list_topics", "test_filter"} else "orders"
    others = [action for action in ACTIONS if action != scheduled]
    for allowed in ([scheduled], others, [*others, scheduled], others[:1]):
        given = {"ScheduleAction": scheduled, "ScheduleTopic": topic}
        resources = at_existing(AllowedActions=",".join(allowed), **given, **DAILY).resources
        refused = "ScheduleActionMustBeOneOfAllowedActions" in resources
        assert refused == (scheduled not in allowed)


def test_a_schedule_that_is_off_is_not_refused() -> None:
    """Its action doesn't matter then."""
    resources = at_existing(AllowedActions="consume").resources
    assert "ScheduleActionMustBeOneOfAllowedActions" not in resources
