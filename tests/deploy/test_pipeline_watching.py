"""A pipeline's alarms look at metrics that are there, and its policies at what has a name."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest

from msk_client.errors import MskClientError
from tests.deploy.expand import listed
from tests.deploy.pipeline_template import (
    CA_SECRET,
    COPY,
    DRAIN,
    GLUE,
    JOBS,
    KEY,
    LOAD,
    MAPPING,
    OWN,
    OWN_NETWORK,
    QUEUE,
    SECRET,
    SOURCE,
    deployed,
)
from tests.deploy.test_roles import NO_RESOURCES
from tests.deploy.test_watching import LAMBDA, NAMESPACE, SQS, TOPIC
from tests.unit.batches import BROKEN, batch_event
from tests.unit.invoking import KeptKafka, invoke
from tests.unit.written import dimensions_of, lines, metrics_of

EVERYTHING = {
    "mapping": MAPPING | {"DeadLetters": "queue", "Tracing": "on", "BucketKeyArn": KEY},
    "login": MAPPING | {"Authentication": "scram", "SecretArn": SECRET, "SecretKeyArn": KEY},
    "own": OWN | OWN_NETWORK | {"RootCaSecretArn": CA_SECRET},
    "schemas": MAPPING | {"ProvisionedMode": "on", "SchemaRegistryArn": GLUE},
    "kafka": COPY | {"ProvisionedMode": "on", "OnFailureKafkaTopic": "failed"},
    "bucket": MAPPING | {"OnFailureBucket": "failed-batches", "OnFailureKeyArn": KEY},
    "queue": MAPPING | {"OnFailureQueueArn": QUEUE, "OnFailureKeyArn": KEY, "DeadLetters": "s3"},
    "drain": DRAIN | {"BucketKeyArn": KEY, "DeadLetters": "s3"},
    "load": LOAD | {"SourceQueueArn": QUEUE, "SourceQueueKeyArn": KEY, "BucketKeyArn": KEY},
}
"""Jobs with all that adds to the role."""

each = pytest.mark.parametrize("given", EVERYTHING.values(), ids=EVERYTHING)


def alarms(given: dict[str, str], **more: str) -> dict[str, dict[str, Any]]:
    """The alarms that would be deployed."""
    return deployed(given, **more).of_type("AWS::CloudWatch::Alarm")


def written(capsys: pytest.CaptureFixture[str]) -> dict[str, set[frozenset[str]]]:
    """What the function really writes of batches: metric -> names of dimensions."""
    with suppress(MskClientError):
        invoke(batch_event({0: [b"1", BROKEN]}), KeptKafka(), ESM_SINK="log")
    found: dict[str, set[frozenset[str]]] = {}
    for line in lines(capsys):
        if "_aws" in line:
            for name in metrics_of(line):
                found.setdefault(name, set()).add(frozenset(dimensions_of(line)))
    return found


@each
def test_alarms_look_at_metrics_that_exist(
    given: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Lambda's, the queue's, and what the function itself writes, with all its dimensions."""
    ours = written(capsys)
    known = {"AWS/Lambda": (LAMBDA | {"OffsetLag"}, "FunctionName"), "AWS/SQS": (SQS, "QueueName")}
    for alarm in alarms(given).values():
        metric = alarm["Metrics"][1]["MetricStat"]["Metric"] if "Metrics" in alarm else alarm
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}
        if metric["Namespace"] == NAMESPACE:
            assert frozenset(dimensions) in ours[metric["MetricName"]]
            action = "consume" if given["Job"] == "drain" else "kafka_batch"
            assert dimensions == {"service": "stack", "action": action}
        else:
            names, dimension = known[metric["Namespace"]]
            assert metric["MetricName"] in names
            assert [*dimensions] == [dimension]


@each
def test_alarms_are_told_to_whom_it_concerns(given: dict[str, str]) -> None:
    """All go to the topic that is given, also when they are over; silence is no alarm."""
    for alarm in alarms(given, AlarmTopicArn=TOPIC).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]
    for alarm in alarms(given).values():
        assert "AlarmActions" not in alarm
        assert alarm["TreatMissingData"] == "notBreaching"


def test_a_mapping_that_is_behind_is_an_alarm() -> None:
    """By so many records, for a quarter of an hour."""
    alarm = alarms(MAPPING, OffsetLagThreshold="500")["OffsetLagAlarm"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("OffsetLag", "500")
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 15 * 60
    assert "OffsetLagAlarm" not in alarms(DRAIN)


def test_each_job_is_watched_for_what_can_go_wrong_with_it() -> None:
    """A drain and a load use their time up on purpose; only a mapping has batches."""
    common = {"ErrorsAlarm", "ThrottlesAlarm"}
    batches = {"DurationAlarm", "OffsetLagAlarm", "RecordsFailedAlarm"}
    assert set(alarms(MAPPING)) == common | batches | {"FailedBatchesAlarm"}
    assert set(alarms(DRAIN)) == set(alarms(LOAD)) == common | {"FailedEventsAlarm"}
    for job in (MAPPING, DRAIN):
        assert "DeadLettersAlarm" in alarms(job, DeadLetters="s3")


@each
def test_nothing_is_allowed_on_everything_that_has_a_name(given: dict[str, str]) -> None:
    """A lone asterisk stands only where AWS knows no narrower resource, and no action is one."""
    more = {"ec2:DescribeSecurityGroups", "ec2:DescribeVpcs", "glue:GetSchemaVersion"}
    stack = deployed(given)
    for role, properties in stack.of_type("AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in properties
        for statement in stack.statements(role):
            assert not [action for action in listed(statement["Action"]) if "*" in action]
            if statement["Effect"] == "Allow" and "*" in listed(statement["Resource"]):
                assert set(listed(statement["Action"])) <= NO_RESOURCES | more


@each
def test_the_network_interfaces_are_lambdas_business(given: dict[str, str]) -> None:
    """The role may manage them, but what the function's own code asks for is denied."""
    allowed: set[str] = set()
    denied: set[str] = set()
    for statement in deployed(given).statements("FunctionRole", "ec2:"):
        into = allowed if statement["Effect"] == "Allow" else denied
        into.update(listed(statement["Action"]))
    assert allowed <= denied


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"OnFailureBucket": "failed-batches"}, {"s3:ListBucket", "s3:PutObject"}),
        ({"OnFailureTopicArn": TOPIC}, {"sns:Publish"}),
        ({"OnFailureQueueArn": QUEUE}, {"sqs:SendMessage"}),
        (
            {"OnFailureQueueArn": QUEUE, "OnFailureKeyArn": KEY},
            {"sqs:SendMessage", "kms:GenerateDataKey", "kms:Decrypt"},
        ),
        (
            {"OnFailureBucket": "failed-batches", "OnFailureKeyArn": KEY},
            {"s3:ListBucket", "s3:PutObject", "kms:GenerateDataKey"},
        ),
        (
            {"OnFailureKafkaTopic": "failed", "ProvisionedMode": "on"},
            {"kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"},
        ),
    ],
)
def test_a_destination_brings_its_permissions(given: dict[str, str], expected: set[str]) -> None:
    """Those that Lambda's guide names for it, in "Capturing discarded batches", on it alone."""
    role = deployed(MAPPING, **given).resources["FunctionRole"]["Properties"]
    (policy,) = (p for p in role["Policies"] if p["PolicyName"] == "failed-batches")
    statements = policy["PolicyDocument"]["Statement"]
    assert {action for s in statements for action in listed(s["Action"])} == expected
    named = next(iter(given.values())).rpartition(":")[2]
    about = [r for s in statements for r in listed(s["Resource"]) if ":kms:" not in r]
    assert all(named in resource for resource in about)


def test_a_login_brings_its_permissions() -> None:
    """With a secret the role may read it, and may nothing on the cluster by IAM."""
    role = deployed(EVERYTHING["login"])
    assert not role.statements("FunctionRole", "kafka-cluster:")
    (reads,) = role.statements("FunctionRole", "secretsmanager:")
    assert (reads["Action"], reads["Resource"]) == ("secretsmanager:GetSecretValue", [SECRET])
    assert ["kms:Decrypt", KEY] in [
        [s["Action"], s["Resource"]] for s in role.statements("FunctionRole", "kms:")
    ]


@pytest.mark.parametrize("job", JOBS)
def test_logs_are_json_and_end(job: str) -> None:
    """The function logs JSON into a group of its own, kept as long as it says."""
    stack = deployed(JOBS[job], LogRetentionDays="7", LogLevel="DEBUG")
    (group,) = stack.of_type("AWS::Logs::LogGroup").values()
    function = stack.of_type("AWS::Lambda::Function")["Function"]
    assert group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}"
    assert group["RetentionInDays"] == "7"
    told = function["LoggingConfig"]
    assert (told["LogFormat"], told["ApplicationLogLevel"]) == ("JSON", "DEBUG")
    assert stack.environment("Function")["POWERTOOLS_LOG_LEVEL"] == "DEBUG"


def test_every_suppression_and_endpoint_has_its_reason() -> None:
    """A check that is passed over says why, and so does a comment before each endpoint."""
    skips = re.findall(r'- \{id: CKV_AWS_\d+, comment: "([^"]{20,})"\}', SOURCE)
    assert len(skips) == SOURCE.count("CKV_")
    ignored = re.findall(r"ignore_checks: \[[\w, ]+\]\}\}  # .{20,}", SOURCE)
    assert len(ignored) == SOURCE.count("ignore_checks")
    made = re.findall(r"((?:  # .*\n)*)  \w+:\n    Type: AWS::EC2::VPCEndpoint\n", SOURCE)
    assert len(made) == 5
    assert all(comment.startswith("  # Reason: ") for comment in made)
