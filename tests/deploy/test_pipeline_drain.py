"""Job drain: when the function is called, with what, and by whom."""

from __future__ import annotations

import json

import pytest

from local.msk.roles import ACCOUNT, REGION
from msk_client import settings
from msk_client.actions import ACTIONS
from msk_client.actions.request import decode
from tests.deploy.pipeline_template import (
    DRAIN,
    GROUP,
    LEARNT,
    LOAD,
    TOPIC,
    deployed,
    function,
    one,
)

FAILED_EVENTS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:FailedEvents"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:Function"


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
