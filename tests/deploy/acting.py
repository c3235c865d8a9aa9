"""The function as it would be deployed: its environment, its role's policy, on the local MSK."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException  # noqa: TID251 - stand for a mapping

from local.msk import DEFAULT_ROLE
from msk_client import handler
from msk_client.errors import AuthenticationFailed, NotAuthorized
from msk_client.settings import settings
from tests.integration.eyes import TIMEOUT_S
from tests.local_msk.client import config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from local.msk import LocalMsk, Role

Event = dict[str, Any]

REFUSALS = (NotAuthorized, AuthenticationFailed)
"""What a function says that lacks a permission; without Connect it isn't even let in."""


@dataclass
class Context:
    """Lambda's context object, with time enough."""

    aws_request_id: str = "00000000-0000-0000-0000-000000000000"
    remaining_ms: int = 30_000
    """Half a minute: a refusal takes a second or two."""

    def get_remaining_time_in_millis(self) -> int:
        """Answer what was given."""
        return self.remaining_ms


def role_with(statements: Sequence[Mapping[str, Any]], arn: str = DEFAULT_ROLE.arn) -> Role:
    """A role with this policy and credentials of its own."""
    name = arn.rpartition("/")[2]
    return replace(
        DEFAULT_ROLE,
        arn=arn,
        access_key_id=f"ASIA{name.upper()[:16]:0<16}",
        policy={"Version": "2012-10-17", "Statement": list(statements)},
    )


@contextmanager
def function_on(
    msk: LocalMsk, role: Role, variables: Mapping[str, str]
) -> Iterator[Callable[..., dict[str, Any]]]:
    """Run the handler as the role, each time in a new execution environment."""
    # The local cluster's address takes the place of the deployed one's.
    environment = {**variables, **msk.environment(role)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            yield _call
        finally:
            _forget()


def _call(event: Event, remaining_ms: int = Context.remaining_ms) -> dict[str, Any]:
    """Answer the body of what an action answers, or what a trigger does."""
    _forget()
    answer = handler.lambda_handler(event, Context(remaining_ms=remaining_ms))
    body: dict[str, Any] = answer.get("body", answer)
    return body


def _forget() -> None:
    """Begin a new execution environment: what was looked up before counts no more."""
    if handler.kafka.cache_info().currsize:
        handler.kafka(settings().endpoint).clients.drop_all()
    settings.cache_clear()
    handler.kafka.cache_clear()


def poll_as(msk: LocalMsk, role: Role, topic: str, group: str) -> bytes | None:
    """Join the group, read a record, commit and leave, as a mapping does; None where refused."""
    refusals: list[KafkaError] = []
    settings = {
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "error_cb": refusals.append,
    }
    consumer = Consumer(config(msk, role, **settings))
    consumer.subscribe([topic])
    message, end_s = None, time.monotonic() + TIMEOUT_S
    try:
        while message is None and not refusals and time.monotonic() < end_s:
            message = consumer.poll(0.1)
        if message is None or message.error() is not None:
            return None
        consumer.commit(message=message, asynchronous=False)
        return message.value()
    except KafkaException:
        return None
    finally:
        consumer.close()
