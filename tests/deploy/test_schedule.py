"""What EventBridge Scheduler would send, when, and what happens where that fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msk_client.actions import ACTIONS
from msk_client.actions.request import decode
from tests.deploy.main_template import at_existing

DAILY = "rate(1 day)"
FIELDS = {
    "create_topic": '"num_partitions": 3, "if_not_exists": true',
    "produce": '"records": [{"key": "k", "value": "{\\"n\\": 1}"}], "stamp": true',
    "consume": '"group": "nightly", "commit": true',
    "replay": '"source": {"topic": "given-up"}',
    "test_filter": '"filter_criteria": {"Filters": []}, "records": []',
}
WITH_TOPIC = {"create_topic", "produce", "consume", "replay"}
NEED_FIELDS = {"replay", "test_filter"}
"""Without further fields they would be refused."""

each_action = pytest.mark.parametrize("action", ACTIONS)


def parameters(action: str, fields: str = "") -> dict[str, str]:
    """Switch the schedule on, for an action."""
    topic = "orders" if action in WITH_TOPIC else ""
    return {
        "ScheduleExpression": DAILY,
        "ScheduleAction": action,
        "ScheduleTopic": topic,
        "ScheduleFields": fields,
    }


def schedule(**given: str) -> dict[str, Any]:
    """The schedule as it would be deployed."""
    (properties,) = at_existing(**given).of_type("AWS::Scheduler::Schedule").values()
    return properties


def event(action: str, fields: str = "") -> dict[str, Any]:
    """The event that would be sent."""
    sent: dict[str, Any] = json.loads(schedule(**parameters(action, fields))["Target"]["Input"])
    return sent


@each_action
def test_the_function_understands_what_is_sent(action: str) -> None:
    """The input is the action's event and nothing more, with and without further fields."""
    for fields in {FIELDS.get(action, ""), FIELDS[action] if action in NEED_FIELDS else ""}:
        sent = event(action, fields)
        assert sent["action"] == action
        assert sent.get("topic") == ("orders" if action in WITH_TOPIC else None)
        decode(sent, ACTIONS[action].request)


def test_further_fields_arrive_as_they_were_given() -> None:
    """They stand in the event beside action and topic."""
    assert event("produce", FIELDS["produce"]) == {
        "action": "produce",
        "topic": "orders",
        "records": [{"key": "k", "value": '{"n": 1}'}],
        "stamp": True,
    }


def test_it_is_off_until_there_is_a_time() -> None:
    """Without an expression the schedule stands by; with one it is on, at that time."""
    assert schedule()["State"] == "DISABLED"
    on = schedule(ScheduleExpression="cron(0 6 * * ? *)")
    assert (on["State"], on["ScheduleExpression"]) == ("ENABLED", "cron(0 6 * * ? *)")


@each_action
def test_what_writes_on_schedule_is_never_repeated(action: str) -> None:
    """Neither Scheduler nor Lambda tries it again; they try other actions twice more."""
    stack = at_existing(**parameters(action))
    (scheduled,) = stack.of_type("AWS::Scheduler::Schedule").values()
    (invoked,) = stack.of_type("AWS::Lambda::EventInvokeConfig").values()
    expected = 0 if action in {"produce", "replay"} else 2
    assert int(scheduled["Target"]["RetryPolicy"]["MaximumRetryAttempts"]) == expected
    assert int(invoked["MaximumRetryAttempts"]) == expected


def test_how_often_lambda_repeats_can_be_set() -> None:
    """The parameter holds where no produce is scheduled, also for a schedule that is off."""
    for given in ({}, {"ScheduleAction": "produce"}, parameters("ping")):
        stack = at_existing(AsynchronousRetries="1", **given)
        (invoked,) = stack.of_type("AWS::Lambda::EventInvokeConfig").values()
        assert int(invoked["MaximumRetryAttempts"]) == 1


def test_what_fails_is_kept() -> None:
    """Events that Scheduler can't deliver and calls that fail for good come into one queue."""
    stack = at_existing()
    (scheduled,) = stack.of_type("AWS::Scheduler::Schedule").values()
    (invoked,) = stack.of_type("AWS::Lambda::EventInvokeConfig").values()
    (queue,) = stack.of_type("AWS::SQS::Queue").values()
    arn = scheduled["Target"]["DeadLetterConfig"]["Arn"]
    assert invoked["DestinationConfig"]["OnFailure"]["Destination"] == arn
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    for role in ("FunctionRole", "ScheduleRole"):
        (sends,) = stack.statements(role, "sqs:")
        assert (sends["Action"], sends["Resource"]) == ("sqs:SendMessage", arn)


def test_the_schedule_may_call_this_function_only() -> None:
    """Its role is for Scheduler in this account, and for one function."""
    stack = at_existing()
    name = stack.of_type("AWS::Lambda::Function")["Function"]["FunctionName"]
    (calls,) = stack.statements("ScheduleRole", "lambda:")
    assert calls["Action"] == "lambda:InvokeFunction"
    assert calls["Resource"].endswith(f":function:{name}")
    role = stack.resources["ScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]
    (trust,) = role["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
