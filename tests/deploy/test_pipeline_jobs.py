"""Jobs drain and load: when the function is called, with what, and what happens where it fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.msk.roles import ACCOUNT, REGION
from msk_client import settings
from msk_client.actions import ACTIONS
from msk_client.actions.request import decode
from msk_client.triggers import continuing
from tests.deploy.pipeline_template import (
    DRAIN,
    GROUP,
    JOBS,
    LEARNT,
    LOAD,
    MAPPING,
    QUEUE,
    QUEUED,
    TOPIC,
    deployed,
)

FAILED_EVENTS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:FailedEvents"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:Function"
ASYNCHRONOUS = ("drain", "load", "queued")


def one(job: dict[str, str], kind: str, **parameters: str) -> dict[str, Any]:
    """The only resource of a type."""
    (found,) = deployed(job, **parameters).of_type(kind).values()
    return found


def function(job: dict[str, str], **parameters: str) -> dict[str, Any]:
    """The function as it would be deployed."""
    return deployed(job, **parameters).of_type("AWS::Lambda::Function")["Function"]


# Drain


@pytest.mark.parametrize("more", ["", '"partitions": [0, 1], "isolation": "read_uncommitted"'])
def test_a_drain_is_what_is_sent(more: str) -> None:
    """The input is a consume into the settings' bucket, by the group; the function takes it."""
    target = one(DRAIN, "AWS::Scheduler::Schedule", DrainFields=more)["Target"]
    sent = json.loads(target["Input"])
    expected = {"action": "consume", "topic": TOPIC, "group": GROUP, "destination": True}
    assert sent == expected | json.loads(f"{{{more}}}")
    decode(sent, ACTIONS["consume"].request)
    told = settings.read(deployed(DRAIN).environment("Function"))
    assert (told.allowed_actions, told.allowed_topics, told.allowed_groups) == (
        ("consume",),
        (TOPIC,),
        (GROUP,),
    )
    assert told.output.bucket == LEARNT["Objects"]


def test_one_drain_runs_at_a_time() -> None:
    """Whatever else is asked for, the concurrency is 1; other jobs have what they ask for."""
    for given in ("-1", "0", "5"):
        assert function(DRAIN, ReservedConcurrency=given)["ReservedConcurrentExecutions"] == 1
    assert function(LOAD, ReservedConcurrency="5")["ReservedConcurrentExecutions"] == "5"
    assert "ReservedConcurrentExecutions" not in function(LOAD)


def test_a_drain_is_off_until_there_is_a_time() -> None:
    """Without an expression the schedule stands by; with one it is on, at that time."""
    assert one(DRAIN, "AWS::Scheduler::Schedule")["State"] == "DISABLED"
    on = one(DRAIN, "AWS::Scheduler::Schedule", ScheduleExpression="rate(15 minutes)")
    assert (on["State"], on["ScheduleExpression"]) == ("ENABLED", "rate(15 minutes)")


def test_a_drain_is_not_repeated_but_waits_its_turn() -> None:
    """The next one goes on; a call may wait for as long as the one before can take."""
    calls = one(DRAIN, "AWS::Lambda::EventInvokeConfig")
    assert calls["MaximumRetryAttempts"] == 0
    assert calls["MaximumEventAgeInSeconds"] > int(function(DRAIN)["Timeout"])
    assert one(LOAD, "AWS::Lambda::EventInvokeConfig")["MaximumRetryAttempts"] == "2"


def test_the_schedule_may_call_this_function_only() -> None:
    """Its role is for Scheduler in this account, for one function and one queue."""
    stack = deployed(DRAIN)
    calls, sends = stack.statements("ScheduleRole")
    assert (calls["Action"], calls["Resource"]) == ("lambda:InvokeFunction", FUNCTION)
    assert (sends["Action"], sends["Resource"]) == ("sqs:SendMessage", FAILED_EVENTS)
    (trust,) = stack.resources["ScheduleRole"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


# Load


def test_eventbridge_tells_of_new_objects() -> None:
    """Of one bucket and prefix; it may call the function for this rule, and keeps what failed."""
    stack = deployed(LOAD, Bucket="my-bucket", BucketPrefix="in/")
    (rule,) = stack.of_type("AWS::Events::Rule").values()
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": ["my-bucket"]}, "object": {"key": [{"prefix": "in/"}]}},
    }
    (target,) = rule["Targets"]
    assert (target["Arn"], target["DeadLetterConfig"]["Arn"]) == (FUNCTION, FAILED_EVENTS)
    (permission,) = stack.of_type("AWS::Lambda::Permission").values()
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["SourceArn"].endswith(":NewObjects")
    (policy,) = stack.of_type("AWS::SQS::QueuePolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == permission["SourceArn"]


def test_a_bucket_that_is_made_tells_eventbridge() -> None:
    """Any object of it counts, unless there is a prefix."""
    stack = deployed(LOAD)
    (bucket,) = stack.of_type("AWS::S3::Bucket").values()
    configured = bucket["NotificationConfiguration"]["EventBridgeConfiguration"]
    assert configured == {"EventBridgeEnabled": True}
    (rule,) = stack.of_type("AWS::Events::Rule").values()
    assert rule["EventPattern"]["detail"] == {"bucket": {"name": [LEARNT["Objects"]]}}
    assert "NotificationConfiguration" not in one(DRAIN, "AWS::S3::Bucket")


def test_a_bucket_may_tell_by_itself() -> None:
    """Then S3 may call the function, for this bucket of this account, and no rule is made."""
    stack = deployed(LOAD, S3Events="direct", Bucket="my-bucket")
    (permission,) = stack.of_type("AWS::Lambda::Permission").values()
    assert permission == {
        "FunctionName": "Function",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
        "SourceAccount": ACCOUNT,
        "SourceArn": "arn:aws:s3:::my-bucket",
    }
    assert not stack.of_type("AWS::Events::Rule")


def test_objects_go_to_their_topics() -> None:
    """To the one topic, or by rules to those with the prefix; the function takes either."""
    plain = settings.read(deployed(LOAD).environment("Function"))
    assert plain.input.rules == (("", {"topic": TOPIC}),)
    assert plain.allowed_topics == (TOPIC,)
    rules = '{"in/": "orders.new"}'
    stack = deployed(LOAD, S3EventTopics=rules, TopicPrefix="orders.")
    told = settings.read(stack.environment("Function"))
    assert told.input.rules == (("in/", {"topic": "orders.new"}),)
    assert told.allowed_topics == ("orders.*",)
    (topics,) = (
        s for s in stack.statements("FunctionRole", "kafka-") if ":topic/" in s["Resource"]
    )
    assert topics["Resource"].endswith("/orders.*")


def test_the_rest_of_an_object_calls_the_function_again() -> None:
    """One message at a time, by the function's own queue; what fails thrice is kept."""
    stack = deployed(LOAD)
    queue = stack.of_type("AWS::SQS::Queue")["ContinueQueue"]
    assert queue["VisibilityTimeout"] > int(function(LOAD)["Timeout"])
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": FAILED_EVENTS, "maxReceiveCount": 3}
    (mapping,) = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    assert mapping == {
        "FunctionName": "Function",
        "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:ContinueQueue",
        "BatchSize": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    told = settings.read(stack.environment("Function")).input
    assert told.sqs_partial_response
    assert told.continue_queue_url is not None


def test_the_function_knows_its_own_messages() -> None:
    """A continuation is told from a message to load by its queue, whose URL the function has."""
    variables = deployed(LOAD, SourceQueueArn=QUEUE).environment("Function")

    class _Call:
        settings = settings.read(variables)

    url = variables["CONTINUE_QUEUE_URL"]
    own = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{url.rpartition('/')[2]}"
    assert continuing.is_continuation(own, _Call())  # type: ignore[arg-type] # only its settings
    assert not continuing.is_continuation(QUEUE, _Call())  # type: ignore[arg-type] # same


def test_messages_of_a_queue_are_loaded() -> None:
    """In batches of which only what failed comes again; window and concurrency by request."""
    mapping = one(QUEUED, "AWS::Lambda::EventSourceMapping")
    assert mapping == {
        "FunctionName": "Function",
        "EventSourceArn": QUEUE,
        "BatchSize": "10",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    more = {"QueueBatchSize": "100", "QueueBatchingWindow": "5", "QueueConcurrency": "2"}
    assert one(QUEUED, "AWS::Lambda::EventSourceMapping", **more) == mapping | {
        "BatchSize": "100",
        "MaximumBatchingWindowInSeconds": "5",
        "ScalingConfig": {"MaximumConcurrency": "2"},
    }
    told = settings.read(deployed(QUEUED, MessageBody="value").environment("Function")).input
    assert (told.sqs_topic, told.sqs_body, told.sqs_partial_response) == (TOPIC, "value", True)


def test_a_load_may_only_produce() -> None:
    """Also where messages are action events."""
    stack = deployed(QUEUED, MessageBody="action")
    assert settings.read(stack.environment("Function")).allowed_actions == ("produce",)


# All


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
