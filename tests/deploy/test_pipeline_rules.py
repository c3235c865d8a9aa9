"""Parameters of a pipeline that are right each, but not together, are refused."""

from __future__ import annotations

import pytest

from local.msk.roles import CLUSTER_ARN
from tests.deploy.expand import Refused, expand
from tests.deploy.pipeline_template import (
    CONNECTION,
    COPY,
    DRAIN,
    JOBS,
    KEY,
    LOAD,
    MAPPING,
    NETWORK,
    OTHER_CLUSTER,
    PATH,
    QUEUE,
    QUEUED,
    SECRET,
    TOPIC,
    template,
)

SNS = "arn:aws:sns:us-east-1:123456789012:failed"
PROVISIONED = MAPPING | {"ProvisionedMode": "on"}
CONNECTED = MAPPING | {"VpcConnectionArn": CONNECTION}


def without(given: dict[str, str], *names: str) -> dict[str, str]:
    """Leave some parameters out."""
    return {name: value for name, value in given.items() if name not in names}


WRONG: list[tuple[str, int, dict[str, str]]] = [
    ("GroupIsNamed", 0, without(MAPPING, "GroupId")),
    ("GroupIsNamed", 0, without(DRAIN, "GroupId")),
    *(
        ("FunctionReachesItsCluster", i, without(job, name))
        for i, name in enumerate(NETWORK)
        for job in (DRAIN, LOAD, COPY)
    ),
    ("FunctionReachesS3", 0, without(DRAIN, "S3PrefixListId")),
    ("FunctionReachesS3", 0, without(LOAD, "S3PrefixListId")),
    ("FunctionReachesS3", 0, COPY | {"DeadLetters": "s3"}),
    ("GatewayEndpointIsReached", 0, QUEUED | {"RouteTableIds": "rtb-01234567"}),
    (
        "GatewayEndpointIsReached",
        1,
        MAPPING | {"RouteTableIds": "rtb-01234567", "S3PrefixListId": "pl-01234567"},
    ),
    *(
        ("EndpointsHaveANetwork", i, MAPPING | {"VpcEndpoints": "sts"} | without(NETWORK, name))
        for i, name in enumerate(("VpcId", "SubnetIds", "SecurityGroupIds"))
    ),
    ("ConnectionIsForAMapping", 0, DRAIN | {"VpcConnectionArn": CONNECTION}),
    ("ConnectionIsForAMapping", 1, COPY | {"VpcConnectionArn": CONNECTION}),
    ("ProduceHasATarget", 0, without(COPY, "TargetTopic")),
    ("ProduceHasATarget", 1, COPY | {"TargetTopic": TOPIC}),
    ("ProduceHasATarget", 2, COPY | {"TargetClusterArn": CLUSTER_ARN}),
    ("OnlyProduceHasATarget", 0, MAPPING | {"TargetTopic": "copies"}),
    ("OnlyProduceHasATarget", 0, MAPPING | {"TargetClusterArn": OTHER_CLUSTER}),
    ("TimeIsGivenWhereItCounts", 0, MAPPING | {"StartingPosition": "AT_TIMESTAMP"}),
    ("TimeCountsNowhereElse", 0, MAPPING | {"StartingTimestamp": "1767225600"}),
    ("LoginHasItsSecret", 0, MAPPING | {"Authentication": "scram"}),
    ("LoginHasItsSecret", 0, MAPPING | {"Authentication": "mtls"}),
    ("IamHasNoSecret", 0, MAPPING | {"SecretArn": SECRET}),
    ("IamHasNoSecret", 0, MAPPING | {"SecretKeyArn": KEY}),
    (
        "FailedBatchesGoToOnePlace",
        0,
        MAPPING | {"OnFailureQueueArn": QUEUE, "OnFailureBucket": "b-1"},
    ),
    (
        "FailedBatchesGoToOnePlace",
        0,
        PROVISIONED | {"OnFailureKafkaTopic": "failed", "OnFailureTopicArn": SNS},
    ),
    ("FailedBatchesGoToOnePlace", 1, PROVISIONED | {"OnFailureKafkaTopic": TOPIC}),
    ("ProvisionedModeIsNeeded", 0, MAPPING | {"OnFailureKafkaTopic": "failed"}),
    ("ProvisionedModeIsNeeded", 1, MAPPING | {"PollerGroup": "lake"}),
    ("ProvisionedModeIsNeeded", 2, MAPPING | {"MaximumRetries": "3"}),
    ("ProvisionedModeIsNeeded", 3, MAPPING | {"MaximumRecordAge": "3600"}),
    ("ProvisionedModeIsNeeded", 4, MAPPING | {"BisectOnError": "on"}),
    ("ProvisionedModeIsNeeded", 5, MAPPING | {"ReportBatchItemFailures": "on"}),
    ("ProvisionedModeIsNeeded", 6, MAPPING | {"MappingLogLevel": "INFO"}),
    ("ColumnsAreOfCsv", 0, MAPPING | {"OutputColumns": "offset,key"}),
    ("OnlyADrainIsScheduled", 0, MAPPING | {"ScheduleExpression": "rate(1 hour)"}),
    ("OnlyADrainIsScheduled", 0, LOAD | {"DrainFields": '"partitions": [0]'}),
    ("LoadHasASource", 0, without(LOAD, "S3Events")),
    ("OnlyLoadHasASource", 0, DRAIN | {"S3Events": "eventbridge"}),
    ("OnlyLoadHasASource", 0, MAPPING | {"SourceQueueArn": QUEUE}),
    ("OnlyLoadHasASource", 0, MAPPING | {"S3EventTopics": '{"in/": "orders"}'}),
    ("OnlyLoadHasASource", 0, MAPPING | {"TopicPrefix": "orders"}),
    ("TheBucketTellsByItself", 0, LOAD | {"S3Events": "direct"}),
]

RIGHT = [
    *JOBS.values(),
    without(DRAIN, "S3PrefixListId") | {"HttpsEgress": "on"},
    COPY | {"DeadLetters": "queue"},
    COPY | {"TargetTopic": TOPIC, "TargetClusterArn": OTHER_CLUSTER},
    CONNECTED,
    COPY | {"VpcConnectionArn": CONNECTION, "TargetClusterArn": OTHER_CLUSTER},
    MAPPING | NETWORK | {"VpcEndpoints": "lambda,sts,sqs"},
    MAPPING | {"StartingPosition": "AT_TIMESTAMP", "StartingTimestamp": "1767225600"},
    MAPPING | {"Authentication": "scram", "SecretArn": SECRET, "SecretKeyArn": KEY},
    PROVISIONED
    | {
        "OnFailureKafkaTopic": "failed",
        "PollerGroup": "lake",
        "MaximumRetries": "3",
        "MaximumRecordAge": "3600",
        "BisectOnError": "on",
        "ReportBatchItemFailures": "on",
        "MappingLogLevel": "INFO",
    },
    MAPPING | {"OutputFormat": "csv.gz", "OutputColumns": "offset,key"},
    LOAD | {"SourceQueueArn": QUEUE, "S3Events": "direct", "Bucket": "my-bucket"},
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


def test_every_rule_is_tried() -> None:
    """Each assertion of each rule has a combination that it refuses."""
    rules = template()["Rules"].items()
    every = {(name, i) for name, rule in rules for i, _ in enumerate(rule["Assertions"])}
    assert every == {(rule, index) for rule, index, _ in WRONG}
