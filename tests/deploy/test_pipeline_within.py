"""The pipeline that the client's stack may contain: what is handed on, and what lets it through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from local.msk.roles import CLUSTER_ARN
from tests.deploy import pipeline_template
from tests.deploy.expand import Stack, expand, listed
from tests.deploy.main_template import (
    BROKERS,
    CLUSTER_GROUP,
    MADE,
    PATH,
    SOURCE,
    at_existing,
    with_new,
)
from tests.deploy.test_rules import DRAINED, MAPPED

MADE_GROUP = "sg-0000000000000000c"
OUTPUTS = {
    *("PipelineFunctionName", "PipelineBucket", "PipelineMappingState"),
    *("PipelineFailedBatchesQueueUrl", "PipelineFailedBatchesQueueArn"),
}


def within(stack: Stack) -> Stack:
    """The stack within, with what it is handed on, as the pipeline's template takes it."""
    (nested,) = stack.of_type("AWS::CloudFormation::Stack").values()
    given = {name: str(value) for name, value in nested["Parameters"].items()}
    if given["SecurityGroupIds"] == "SecurityGroup":  # which is made, and gets an id
        given["SecurityGroupIds"] = MADE_GROUP
    return expand(pipeline_template.PATH, given, pipeline_template.LEARNT)


def mapping_of(stack: Stack) -> dict[str, Any]:
    """The mapping in the stack within."""
    (found,) = within(stack).of_type("AWS::Lambda::EventSourceMapping").values()
    return found


def admitted(stack: Stack, service: str) -> list[tuple[Any, list[str]]]:
    """What the endpoint of a service lets through: actions, and principals or resources."""
    (endpoint,) = (
        e
        for e in stack.of_type("AWS::EC2::VPCEndpoint").values()
        if e["ServiceName"].endswith(f".{service}")
    )
    return [
        (
            s["Action"],
            listed(s["Resource"]) if s["Principal"] == "*" else listed(s["Principal"]["AWS"]),
        )
        for s in endpoint["PolicyDocument"]["Statement"]
    ]


def test_there_is_none_unless_it_is_asked_for() -> None:
    """By default a deployment makes the client alone."""
    stack = at_existing()
    assert not stack.of_type("AWS::CloudFormation::Stack")
    assert not OUTPUTS & stack.outputs.keys()


@pytest.mark.parametrize("cluster", ["existing", "new"])
def test_a_mapping_reads_the_stacks_cluster(cluster: str) -> None:
    """The one that is given or the one that is made, by IAM, from the topic's beginning."""
    stack = at_existing(**MAPPED) if cluster == "existing" else with_new(**MAPPED)
    mapping = mapping_of(stack)
    assert mapping["EventSourceArn"] == (CLUSTER_ARN if cluster == "existing" else MADE)
    assert mapping["Topics"] == [MAPPED["PipelineTopic"]]
    config = mapping["AmazonManagedKafkaEventSourceConfig"]
    assert config == {"ConsumerGroupId": MAPPED["PipelineGroupId"]}
    assert "SourceAccessConfigurations" not in mapping
    assert OUTPUTS <= stack.outputs.keys()


@pytest.mark.parametrize("cluster", ["existing", "new"])
def test_a_drain_reaches_the_stacks_cluster(cluster: str) -> None:
    """Its brokers, network and group are the stack's own, be they given or made."""
    stack = at_existing(**DRAINED) if cluster == "existing" else with_new(**DRAINED)
    drain = within(stack)
    function = drain.of_type("AWS::Lambda::Function")["Function"]
    assert function["VpcConfig"]["SubnetIds"] == ["subnet-0aaa", "subnet-0bbb"]
    assert drain.environment("Function")["KAFKA_ENDPOINT"] == BROKERS
    (door,) = drain.of_type("AWS::EC2::SecurityGroupIngress").values()
    assert door["GroupId"] == (CLUSTER_GROUP if cluster == "existing" else MADE_GROUP)
    assert drain.of_type("AWS::Lambda::Function")["Function"]["ReservedConcurrentExecutions"] == 1
    assert {"PipelineFunctionName", "PipelineBucket"} == OUTPUTS & stack.outputs.keys()


def test_a_drain_has_its_schedule_and_bucket() -> None:
    """Those of the pipeline, not the client's own."""
    given = {"PipelineSchedule": "rate(1 hour)", "PipelineBucket": "lake-1"}
    given |= {"PipelineBucketPrefix": "lake/", "Bucket": "other", "BucketPrefix": "in/"}
    drain = within(at_existing(**DRAINED, **given))
    (schedule,) = drain.of_type("AWS::Scheduler::Schedule").values()
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(1 hour)")
    assert json.loads(schedule["Target"]["Input"])["topic"] == DRAINED["PipelineTopic"]
    variables = drain.environment("Function")
    assert (variables["OUTPUT_BUCKET"], variables["OUTPUT_PREFIX"]) == ("lake-1", "lake/")


def test_dead_letters_are_handed_on() -> None:
    """Into the mapping's bucket or a queue."""
    letters = within(at_existing(**MAPPED, PipelineDeadLetters="queue"))
    assert "DeadLetterQueue" in letters.of_type("AWS::SQS::Queue")


def test_what_holds_for_both_is_handed_on() -> None:
    """Processor, logs, traces and alarms are those of the client's stack."""
    alarms = "arn:aws:sns:us-east-1:123456789012:alarms"
    both = {"Architecture": "arm64", "LogRetentionDays": "7", "LogLevel": "DEBUG"}
    stack = within(at_existing(**MAPPED, **both, Tracing="on", AlarmTopicArn=alarms))
    function = stack.of_type("AWS::Lambda::Function")["Function"]
    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"] == {"Mode": "Active"}
    (logs,) = stack.of_type("AWS::Logs::LogGroup").values()
    assert logs["RetentionInDays"] == "7"
    for alarm in stack.of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [alarms]


def test_endpoints_let_the_mapping_through() -> None:
    """On demand it calls its function, takes its role and tells of failed batches by them."""
    both = at_existing(**MAPPED, VpcEndpoints="lambda,sts,sqs")
    function, role = "Pipeline.Outputs.FunctionArn", "Pipeline.Outputs.FunctionRoleArn"
    assert function in admitted(both, "lambda")[0][1]
    assert role in admitted(both, "sts")[0][1]
    assert ("sqs:SendMessage", [role]) in admitted(both, "sqs")
    alone = at_existing(VpcEndpoints="lambda,sts,sqs")
    told = json.dumps([admitted(alone, service) for service in ("lambda", "sts", "sqs")])
    assert "Pipeline" not in told


def test_what_is_handed_on_is_limited_alike() -> None:
    """A value that the client's template takes is never refused by the one within."""
    ours, theirs = yaml_parse(SOURCE)["Parameters"], pipeline_template.template()["Parameters"]
    pairs = {
        "PipelineGroupId": "GroupId",
        "PipelineSchedule": "ScheduleExpression",
        "PipelineDeadLetters": "DeadLetters",
        "PipelineBucket": "Bucket",
        "PipelineBucketPrefix": "BucketPrefix",
        "LogRetentionDays": "LogRetentionDays",
        "ClientOptions": "ClientOptions",
        "BootstrapBrokers": "BootstrapBrokers",
        "SecurityGroupIds": "SecurityGroupIds",
        "S3PrefixListId": "S3PrefixListId",
        "AlarmTopicArn": "AlarmTopicArn",
        "ClusterArn": "ClusterArn",
    }
    for name, within_it in pairs.items():
        for part in ("AllowedPattern", "AllowedValues", "MaxLength", "Default"):
            assert ours[name].get(part) == theirs[within_it].get(part), (name, part)


def test_its_template_is_there() -> None:
    """The location counts from the template's folder."""
    (nested,) = at_existing(**MAPPED).of_type("AWS::CloudFormation::Stack").values()
    assert (PATH.parent / nested["TemplateURL"]).resolve() == pipeline_template.PATH
