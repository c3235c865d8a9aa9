"""The Lambda function: what kind of event is this, carry it out, log and measure."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import Any

from msk_client.actions.call import Answer, Call
from msk_client.answer import MAX_ANSWER_BYTES
from msk_client.aws.brokers import endpoint
from msk_client.deadline import Deadline, LambdaContext
from msk_client.errors import DeadlineExceeded
from msk_client.kafka import MskKafka
from msk_client.settings import settings
from msk_client.telemetry import Telemetry
from msk_client.triggers import Trigger, direct, eventbridge, may_be_of_a_service


def lambda_handler(event: Any, context: LambdaContext) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Carry out an event; answers `{"statusCode": 200, "body": {...}}`.

    A failure is raised as a class of `errors.py`, whose name is Lambda's `errorType`, so that
    retries, dead-letter queues, alarms and Step Functions' `Catch` see it. Only HTTP requests are
    answered with their failure.
    """
    if may_be_of_a_service(event):
        from msk_client.triggers.services import http_event, trigger_of  # noqa: PLC0415 - cold start

        if http_event.recognises(event):
            return http_event.answer(event, partial(_act, context))
        trigger = trigger_of(event)
        if trigger is not None:
            return _serve(trigger, event, context)
    answer = _act(context, event)
    return {"statusCode": answer.status, "body": answer.body}


def _serve(trigger: Trigger, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Carry out what a service sends."""
    with Telemetry(context) as telemetry:
        telemetry.action = trigger.NAME
        telemetry.topic = trigger.topic_name(event)
        call = _call(context)
        telemetry.counts = call.counts
        return trigger.answer(event, call)


def _act(
    context: LambdaContext,
    event: Any,  # noqa: ANN401 - any JSON
    *,
    max_answer_bytes: int = MAX_ANSWER_BYTES,
    patience_s: float | None = None,
) -> Answer:
    """Carry out a plain action event."""
    with Telemetry(context) as telemetry:
        event = eventbridge.unwrapped(event)
        telemetry.action = direct.action_name(event)
        call = _call(context, patience_s)
        call.max_answer_bytes = max_answer_bytes
        telemetry.counts = call.counts
        telemetry.topic = direct.topic_name(event)
        return direct.run(event, call)


def _call(context: LambdaContext, patience_s: float | None = None) -> Call:
    deadline = Deadline.of(context)
    if patience_s is not None:
        deadline = deadline.within(patience_s)
    if deadline.passed:
        raise DeadlineExceeded(
            "Lambda leaves this invocation too little time to do anything: give the function a"
            " longer timeout (10 s at least)."
        )
    return Call(_open_kafka, settings(), deadline, context.aws_request_id)


def _open_kafka(deadline: Deadline) -> MskKafka:
    cluster = kafka(endpoint(settings(), deadline))
    cluster.begin_invocation()
    return cluster


@cache
def kafka(brokers: str) -> MskKafka:
    """The clients of these brokers, kept from one invocation of this environment to the next."""
    return MskKafka(replace(settings(), kafka_endpoint=brokers))
