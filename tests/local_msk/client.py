"""Plain clients that log in the way AWS documents it: with the official signer."""

# ruff: noqa: TID251 - plain clients, as anybody has them

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider, Credentials
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local.msk import DEFAULT_ROLE, REGION, LocalMsk, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TIMEOUT_S = 20.0


class _Known(CredentialProvider):  # type: ignore[misc] # botocore has no types
    """Answers a role's credentials to the signer."""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self._role = role

    def load(self) -> Credentials:
        role = self._role
        return Credentials(role.access_key_id, role.secret_access_key, role.session_token)


def token(role: Role = DEFAULT_ROLE) -> tuple[str, float]:
    """The official signer's token and its end in seconds."""
    provider = _Known(role)
    text, end_ms = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
        REGION, provider
    )
    return text, end_ms / 1000


def config(msk: LocalMsk, role: Role = DEFAULT_ROLE, **more: object) -> dict[str, Any]:
    """What a client needs to log in as the role."""
    return {
        "bootstrap.servers": msk.bootstrap,
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": lambda _: token(role),
        "ssl.ca.location": str(msk.ca_file),
        "log_level": 0,
        **more,
    }


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
