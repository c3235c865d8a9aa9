"""Why a broker can't be used, told from what librdkafka 2.16 says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError  # noqa: TID251 - what a connection hears

from msk_client.errors import AuthenticationFailed, BrokerUnreachable, MskClientError
from msk_client.kafka import failures
from msk_client.kafka.clients import Clients
from msk_client.kafka.connection import Connection
from msk_client.kafka.iam import Token, TokenSource
from tests.unit.invoking import SETTINGS

REFUSED = (
    "sasl_ssl://127.0.0.1:39443/bootstrap: Connect to ipv4#127.0.0.1:39443 failed:"
    " Connection refused (after 0ms in state CONNECT)"
)
UNKNOWN_HOST = (
    "sasl_ssl://no-such-host.invalid:9098/bootstrap: Failed to resolve"
    " 'no-such-host.invalid:9098': Name or service not known (after 1ms in state CONNECT)"
)
CERTIFICATE = (
    "sasl_ssl://127.0.0.1:47507/bootstrap: SSL handshake failed: error:0A000086:SSL"
    " routines::certificate verify failed: broker certificate could not be verified, verify that"
    " ssl.ca.location is correctly configured or root CA certificates are installed"
    " (install ca-certificates package) (after 6ms in state SSL_HANDSHAKE)"
)
PLAINTEXT = (
    "sasl_ssl://127.0.0.1:33579/bootstrap: SSL handshake failed: error:0A00010B:SSL"
    " routines::wrong version number (after 0ms in state SSL_HANDSHAKE)"
)
NO_ROUTE = (
    "sasl_ssl://10.9.8.7:9098/bootstrap: Connect to ipv4#10.9.8.7:9098 failed:"
    " Network is unreachable (after 0ms in state CONNECT)"
)
SILENT = (
    "sasl_ssl://10.9.8.7:9098/bootstrap: Connection setup timed out in state CONNECT"
    " (after 8008ms in state CONNECT)"
)
RESET = (
    "sasl_ssl://127.0.0.1:45195/bootstrap: Disconnected: connection reset by peer"
    " (after 0ms in state SSL_HANDSHAKE)"
)
CLOSED = (
    "sasl_ssl://127.0.0.1:54725/bootstrap: Disconnected: SSL connection closed by peer"
    " (after 0ms in state SSL_HANDSHAKE)"
)


@pytest.mark.parametrize(
    ("text", "where", "cause", "remedy"),
    [
        (REFUSED, "127.0.0.1:39443", "was refused", "check the port (9098"),
        (UNKNOWN_HOST, "no-such-host.invalid:9098", "name is unknown", "KAFKA_ENDPOINT"),
        (
            CERTIFICATE,
            "127.0.0.1:47507",
            "trusted authority, or is for another host",
            "KAFKA_CA_FILE",
        ),
        (PLAINTEXT, "127.0.0.1:33579", "does not speak TLS", "port for IAM (9098)"),
        (NO_ROUTE, "10.9.8.7:9098", "no route", "subnets and route tables"),
        (SILENT, "10.9.8.7:9098", "no answer", "security group"),
        (RESET, "127.0.0.1:45195", "closed the connection", "more than 100"),
        (CLOSED, "127.0.0.1:54725", "closed the connection", "port is the one for IAM"),
    ],
)
def test_a_cause_is_told(text: str, where: str, cause: str, remedy: str) -> None:
    """The message names host and port, the cause and the remedy, and quotes librdkafka."""
    told = str(failures.unreachable([text], SETTINGS, 1.0))
    assert told.startswith(f"Broker {where} could not be used: ")
    assert cause in told
    assert remedy in told
    assert text in told


@pytest.mark.parametrize("texts", [[], ["1/1 brokers are down"]])
def test_silence_is_told(texts: list[str]) -> None:
    """Where librdkafka says nothing of use, the message tells how long was waited."""
    told = str(failures.unreachable(texts, SETTINGS, 4.04))
    assert "no answer within 4.0 s" in told
    assert "security group" in told
    assert SETTINGS.endpoint in told


# Which of the things said counts

NOW_S = 1_700_000_000.0
TOKEN = Token("a-token", "AKIDEXAMPLE", NOW_S - 30, NOW_S + 870)
SAID = {
    "_SSL": CERTIFICATE,
    "_RESOLVE": UNKNOWN_HOST,
    "_TRANSPORT": REFUSED,
    "_ALL_BROKERS_DOWN": "1/1 brokers are down",
    "_AUTHENTICATION": "sasl_ssl://b-1:9098/bootstrap: SASL authentication error: Access denied",
}


def failure(*codes: str, renewal: MskClientError | None = None) -> MskClientError:
    """Make the failure of a client that said these things."""
    connection: Connection[Any] = Connection(cast("Any", None), TOKEN, NOW_S)
    connection.renewal_failure = renewal
    connection.said = [KafkaError(getattr(KafkaError, code), SAID[code]) for code in codes]
    settings = replace(SETTINGS, kafka_endpoint="b-1:9098")
    return Clients(settings, TokenSource(settings)).failure(connection, 8.0)


@pytest.mark.parametrize(
    ("codes", "cause"),
    [
        (("_TRANSPORT", "_ALL_BROKERS_DOWN"), "was refused"),
        (("_TRANSPORT", "_SSL", "_ALL_BROKERS_DOWN"), "TLS certificate"),
        (("_ALL_BROKERS_DOWN", "_TRANSPORT", "_RESOLVE"), "name is unknown"),
        (("_ALL_BROKERS_DOWN",), "no answer within 8.0 s"),
        ((), "no answer within 8.0 s"),
    ],
)
def test_the_most_telling_thing_counts(codes: tuple[str, ...], cause: str) -> None:
    """Of several things said the one that tells most becomes the cause."""
    problem = failure(*codes)
    assert BrokerUnreachable is type(problem)
    assert cause in str(problem)


def test_a_refused_login_comes_first() -> None:
    """A refused login is told with all that is known here, and `Connect` is the first cause."""
    problem = failure("_TRANSPORT", "_AUTHENTICATION", "_ALL_BROKERS_DOWN")
    assert AuthenticationFailed is type(problem)
    text = str(problem)
    for told in ("b-1:9098", "AKIDEXAMPLE", "from environment", "signed for eu-west-1", " s old"):
        assert told in text
    causes = ["kafka-cluster:Connect", "session token", "another region", "clock", "port"]
    places = [text.index(cause) for cause in causes]
    assert sorted(places) == places
    assert TOKEN.text not in text


def test_a_token_that_could_not_be_renewed_explains_all() -> None:
    """Why no new token could be made comes before anything that the broker said."""
    reason = AuthenticationFailed("The AWS credentials have ended.")
    assert reason is failure("_TRANSPORT", "_AUTHENTICATION", renewal=reason)
