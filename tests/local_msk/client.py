"""Plain clients that log in the way AWS documents it: with the official signer."""

# ruff: noqa: TID251 - plain clients, as anybody has them

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local.msk import DEFAULT_ROLE, LocalMsk, Role
from local.msk.login import as_role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TIMEOUT_S = 20.0


def config(msk: LocalMsk, role: Role = DEFAULT_ROLE, **more: object) -> dict[str, Any]:
    """What a client needs to log in as the role."""
    return {**as_role(msk, role), "log_level": 0, **more}


def admin(msk: LocalMsk, role: Role = DEFAULT_ROLE, **more: object) -> AdminClient:
    """An admin client of the role's."""
    return AdminClient(config(msk, role, **more))


def create_topic(
    msk: LocalMsk, role: Role = DEFAULT_ROLE, topic_config: Mapping[str, str] | None = None
) -> str:
    """Make a topic with a random name as the role."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    new = NewTopic(name, num_partitions=1, config=dict(topic_config or {}))
    client = admin(msk, role)
    client.create_topics([new])[name].result(TIMEOUT_S)
    return name


def produce(
    msk: LocalMsk,
    topic: str,
    value: bytes,
    role: Role = DEFAULT_ROLE,
    more: Mapping[str, object] | None = None,
) -> int:
    """Write one record as the role and answer its offset; raises what the broker said."""
    offsets: list[int] = []
    errors: list[KafkaError] = []
    producer = Producer(config(msk, role) | {"message.max.bytes": 10_000_000} | dict(more or {}))
    producer.produce(
        topic,
        value,
        on_delivery=lambda e, m: errors.append(e) if e else offsets.append(m.offset() or 0),
    )
    assert producer.flush(TIMEOUT_S) == 0
    if errors:
        raise KafkaException(errors[0])
    return offsets[0]


def code(action: Callable[[], object]) -> str | None:
    """The name of the Kafka error that the action raises; None: it raised none."""
    try:
        action()
    except KafkaException as error:
        cause: KafkaError = error.args[0]
        return cause.name()
    return None


def with_policy(*statements: tuple[str, str, str], name: str = "other") -> Role:
    """A role of its own with a policy of (Effect, Action, Resource)."""
    return replace(
        DEFAULT_ROLE,
        arn=f"arn:aws:iam::123456789012:role/{name}",
        access_key_id=f"ASIA{name.upper()}",
        policy={
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": effect, "Action": f"kafka-cluster:{action}", "Resource": resource}
                for effect, action, resource in statements
            ],
        },
    )
