"""Job load: who tells of objects and messages, where they go, and what calls again."""

from __future__ import annotations

from local.msk.roles import ACCOUNT, REGION
from msk_client import settings
from msk_client.triggers import continuing
from tests.deploy.pipeline_template import (
    DRAIN,
    LEARNT,
    LOAD,
    QUEUE,
    QUEUED,
    TOPIC,
    deployed,
    function,
    one,
)

FAILED_EVENTS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:FailedEvents"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:Function"


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


def test_a_large_object_may_call_often() -> None:
    """Lambda doesn't stop the calls for its rest as a loop; of other jobs it stops loops."""
    assert function(LOAD)["RecursiveLoop"] == "Allow"
    assert "RecursiveLoop" not in function(DRAIN)
    assert "RecursiveLoop" not in function(QUEUED)


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
