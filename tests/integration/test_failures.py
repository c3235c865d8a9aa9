"""What a user sees when the cluster can't be reached or won't let the function in."""

from __future__ import annotations

import socket
import socketserver
import time
from contextlib import suppress
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from local.msk import DEFAULT_ROLE
from local.msk.certificate import export_certificate, make_key_store
from msk_client.errors import AuthenticationFailed, BrokerUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk, Role
    from msk_client.errors import MskClientError
    from tests.integration.conftest import CallFunction

EVENTS: dict[str, dict[str, Any]] = {
    "ping": {"action": "ping"},
    "list_topics": {"action": "list_topics"},
    "create_topic": {"action": "create_topic", "topic": "never"},
    "produce": {"action": "produce", "topic": "never", "records": [{"value": "x"}]},
    "consume": {"action": "consume", "topic": "never"},
}
SECONDS = 10
"""More than any of these may take; the two connection attempts of the slowest take 2 s."""

every_action = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)


def fails(call: CallFunction, event: dict[str, Any], kind: type[MskClientError]) -> str:
    """The error's text, which came within seconds."""
    started = time.monotonic()
    with pytest.raises(kind) as raised:
        call(event)
    assert type(raised.value) is kind
    assert time.monotonic() - started < SECONDS
    return str(raised.value)


@pytest.fixture(name="silent_port")
def a_port_that_never_answers() -> Iterator[int]:
    """A listener that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


@pytest.fixture(name="closed_port")
def a_port_that_refuses() -> Iterator[int]:
    """A port that is bound, so that nobody else takes it, and doesn't listen."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture(name="other_authority", scope="module")
def a_certificate_of_another_authority(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PEM file that has nothing to do with the cluster's certificate."""
    folder = tmp_path_factory.mktemp("other-authority")
    make_key_store(folder / "keys.p12", [])
    export_certificate(folder / "keys.p12", folder / "ca.pem")
    return str(folder / "ca.pem")


@every_action
def test_no_credentials(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any]
) -> None:
    """Without credentials the error says where they should come from."""
    nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}
    places = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    call = invoke_on(msk, AWS_EC2_METADATA_DISABLED="true", **nothing, **places)
    assert "no AWS credentials" in fails(call, event, AuthenticationFailed)


@every_action
def test_wrong_secret(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any]
) -> None:
    """A refused token names the key, where it came from, the region, and the likely causes."""
    call = invoke_on(msk, AWS_SECRET_ACCESS_KEY="wrong")
    text = fails(call, event, AuthenticationFailed)
    assert DEFAULT_ROLE.access_key_id in text
    assert "from environment" in text
    assert "us-east-1" in text
    assert text.index("kafka-cluster:Connect") < text.index("secret key")
    assert "wrong" not in text.replace("is wrong", "")


@every_action
def test_credentials_known_to_be_expired(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any]
) -> None:
    """Expired credentials are told apart before anything is connected."""
    call = invoke_on(msk, AWS_CREDENTIAL_EXPIRATION="2020-01-01T00:00:00Z")
    assert "ended at 2020-01-01T00:00:00Z" in fails(call, event, AuthenticationFailed)


@every_action
def test_credentials_expired_on_the_cluster(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any]
) -> None:
    """Credentials whose end only the cluster knows are refused with the likely causes."""
    old = replace(
        DEFAULT_ROLE, access_key_id="ASIAEXPIRED000000000", expires_at_ms=1_600_000_000_000
    )
    with also_known(msk, old):
        text = fails(invoke_on(msk, old), event, AuthenticationFailed)
    assert "has expired" in text


@every_action
def test_missing_connect(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any]
) -> None:
    """A role without Connect looks like a refused login, and Connect is the first cause named."""
    statement = {"Effect": "Allow", "Action": "kafka-cluster:*Topic", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    lame = replace(
        DEFAULT_ROLE,
        arn="arn:aws:iam::123456789012:role/no-connect",
        access_key_id="ASIANOCONNECT0000000",
        policy=policy,
    )
    with also_known(msk, lame):
        text = fails(invoke_on(msk, lame), event, AuthenticationFailed)
    assert "1. the role lacks kafka-cluster:Connect" in text


@every_action
def test_untrusted_certificate(
    msk: LocalMsk,
    invoke_on: Callable[..., CallFunction],
    event: dict[str, Any],
    other_authority: str,
) -> None:
    """A certificate of an unknown authority is told apart from an unreachable broker."""
    call = invoke_on(msk, KAFKA_CA_FILE=other_authority)
    text = fails(call, event, BrokerUnreachable)
    assert "not signed by a trusted authority" in text
    assert "KAFKA_CA_FILE" in text


class Relay(socketserver.BaseRequestHandler):
    """Passes on what it is sent, to the broker and back."""

    def handle(self) -> None:
        """Copy both ways until one side closes."""
        with socket.create_connection(self.server.broker) as broker:  # type: ignore[attr-defined]
            copying = Thread(target=copy, args=(broker, self.request), daemon=True)
            copying.start()
            copy(self.request, broker)
            copying.join()


def copy(source: socket.socket, target: socket.socket) -> None:
    """Copy until the source is closed, and close the target's other half."""
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(name="other_name")
def the_cluster_by_another_name(msk: LocalMsk) -> Iterator[str]:
    """Host and port that lead to the cluster, and that its certificate doesn't name."""
    host, _, port = msk.environment()["KAFKA_ENDPOINT"].partition(",")[0].rpartition(":")
    with socketserver.ThreadingTCPServer(("127.0.0.2", 0), Relay) as relay:
        relay.daemon_threads = True
        relay.broker = (host, int(port))  # type: ignore[attr-defined]
        Thread(target=relay.serve_forever, daemon=True).start()
        yield f"127.0.0.2:{relay.server_address[1]}"
        relay.shutdown()


@every_action
def test_another_host_name(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any], other_name: str
) -> None:
    """A certificate for another host name is told, with the name that was used."""
    text = fails(invoke_on(msk, KAFKA_ENDPOINT=other_name), event, BrokerUnreachable)
    assert f"Broker {other_name} could not be used: its TLS certificate" in text
    assert "is for another host name" in text
    assert "exactly as MSK gives them" in text


@every_action
def test_refused_port(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any], closed_port: int
) -> None:
    """A refused connection names host and port."""
    call = invoke_on(msk, KAFKA_ENDPOINT=f"127.0.0.1:{closed_port}")
    text = fails(call, event, BrokerUnreachable)
    assert f"127.0.0.1:{closed_port}" in text
    assert "refused" in text


@every_action
def test_silent_port(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any], silent_port: int
) -> None:
    """A port that never answers is given up after KAFKA_CONNECT_TIMEOUT_MS, with its causes."""
    endpoint = f"127.0.0.1:{silent_port}"
    call = invoke_on(msk, KAFKA_ENDPOINT=endpoint, KAFKA_CONNECT_TIMEOUT_MS="2000")
    text = fails(call, event, BrokerUnreachable)
    assert endpoint in text
    assert "security group" in text


@every_action
def test_unknown_host(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any]
) -> None:
    """A host name that doesn't resolve is named."""
    call = invoke_on(msk, KAFKA_ENDPOINT="no-such-host.invalid:9098")
    text = fails(call, event, BrokerUnreachable)
    assert "no-such-host.invalid:9098" in text
    assert "host name is unknown" in text


@every_action
def test_plaintext_port(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], event: dict[str, Any]
) -> None:
    """A port that doesn't speak TLS is recognized."""
    call = invoke_on(msk, KAFKA_ENDPOINT=msk.plaintext)
    assert "does not speak TLS" in fails(call, event, BrokerUnreachable)


def test_a_login_refused_once_is_tried_again(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One failed login is retried with a new client and a new token, and goes unnoticed."""
    from msk_client.kafka import iam  # noqa: PLC0415 - only this test looks inside

    sign = iam.sign
    spoilt: list[str] = []

    def spoil_the_first(*arguments: Any) -> str:  # noqa: ANN401 - as it is
        token = sign(*arguments)
        if not spoilt:
            spoilt.append(token)
            return token[:-12]
        return token

    call = invoke_on(msk)
    monkeypatch.setattr(iam, "sign", spoil_the_first)
    assert call({"action": "ping"})["brokers"]
    assert spoilt


class also_known:  # noqa: N801 - reads as a sentence
    """A role that the cluster knows beside the default one while the `with` lasts."""

    def __init__(self, msk: LocalMsk, role: Role) -> None:
        self.msk, self.role = msk, role

    def __enter__(self) -> None:
        self.msk.set_roles(DEFAULT_ROLE, self.role)

    def __exit__(self, *_: object) -> None:
        self.msk.set_roles(DEFAULT_ROLE)
