"""Who gets in, for how long, and what the others are told."""

# ruff: noqa: TID251 - plain clients, as anybody has them

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from confluent_kafka import KafkaError

from local.msk import DEFAULT_ROLE, LocalMsk, Role
from tests.local_msk.client import TIMEOUT_S, admin, create_topic, with_policy


def _refusal(msk: LocalMsk, role: Role) -> str:
    """What a client is told that can't log in."""
    told: list[str] = []
    happened = threading.Event()

    def on_error(error: KafkaError) -> None:
        if error.code() == KafkaError._AUTHENTICATION:
            told.append(error.str())
            happened.set()

    client = admin(msk, role, error_cb=on_error)
    deadline = time.monotonic() + TIMEOUT_S
    while not happened.is_set() and time.monotonic() < deadline:
        client.poll(0.1)
    return told[0]


def test_the_official_signers_token_is_accepted(msk: LocalMsk) -> None:
    """A client with AWS's own signer logs in and acts as its role."""
    topic = create_topic(msk)
    decision = msk.decisions()[-1]
    assert decision.principal == DEFAULT_ROLE.arn
    assert decision.resource.endswith(f"/{topic}")


def test_credentials_without_session_token_are_accepted(msk: LocalMsk) -> None:
    """Lasting credentials log in as well as lent ones."""
    role = replace(DEFAULT_ROLE, access_key_id="AKIALASTING", session_token=None)
    msk.set_roles(role)
    create_topic(msk, role)
    assert "AWS_SESSION_TOKEN" not in msk.environment(role)


def test_the_environment_speaks_for_the_role(msk: LocalMsk) -> None:
    """The environment names the cluster, its certificate and the role's credentials."""
    assert msk.environment() == {
        "KAFKA_ENDPOINT": msk.bootstrap,
        "KAFKA_CA_FILE": str(msk.ca_file),
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": DEFAULT_ROLE.access_key_id,
        "AWS_SECRET_ACCESS_KEY": DEFAULT_ROLE.secret_access_key,
        "AWS_SESSION_TOKEN": DEFAULT_ROLE.session_token,
    }


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        (replace(DEFAULT_ROLE, secret_access_key="wrong"), "signature"),
        (replace(DEFAULT_ROLE, session_token="wrong"), "session token"),
        (replace(DEFAULT_ROLE, access_key_id="wrong"), "no role has the access key id"),
        (with_policy(("Allow", "Describe*", "*")), "has no kafka-cluster:Connect"),
    ],
)
def test_a_refused_client_learns_nothing_but_the_log_knows(
    msk: LocalMsk, role: Role, reason: str
) -> None:
    """Whatever is wrong, the client is told "Access denied"; the broker's log has the reason."""
    if role.policy is not DEFAULT_ROLE.policy:
        msk.set_roles(role)
    number = re.search(r"\[([0-9a-f-]{36})\]: Access denied", _refusal(msk, role))
    assert number
    log = msk.nodes[0].log.read_text()
    (line,) = [x for x in log.splitlines() if number[1] in x and "Login refused" in x]
    assert reason in line


def test_expired_credentials_are_refused(msk: LocalMsk) -> None:
    """A token that is still good is refused once its credentials have ended."""
    role = replace(DEFAULT_ROLE, expires_at_ms=int(time.time() * 1000) - 1)
    msk.set_roles(role)
    assert "Access denied" in _refusal(msk, role)


def test_a_client_must_log_in_again_when_its_session_ends(start: Callable[..., LocalMsk]) -> None:
    """With `session_ms` an open connection is judged anew, by the credentials of that moment."""
    msk = start(session_ms=1500)
    told = threading.Event()
    client = admin(msk, error_cb=lambda error: told.set() if "denied" in error.str() else None)
    client.list_topics(timeout=TIMEOUT_S)
    msk.set_roles(replace(DEFAULT_ROLE, secret_access_key="changed"))
    client.list_topics(timeout=TIMEOUT_S)  # the open connection still serves
    deadline = time.monotonic() + TIMEOUT_S
    while not told.is_set() and time.monotonic() < deadline:
        client.poll(0.1)
    assert told.is_set()
