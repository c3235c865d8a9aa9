"""Settings that reach the client: its options, and the credentials."""

from __future__ import annotations

import pytest

from msk_client.errors import InvalidSetting
from msk_client.settings import Credentials, read


def refusal(name: str, value: str) -> str:
    """Answer why a variable's value is refused."""
    with pytest.raises(InvalidSetting) as caught:
        read({name: value})
    return str(caught.value)


# Client options


def test_client_options() -> None:
    """Client options are a JSON object of librdkafka properties."""
    text = '{"socket.timeout.ms": 20000, "debug": "security", "log.thread.name": true}'
    expected = {"socket.timeout.ms": 20_000, "debug": "security", "log.thread.name": True}
    assert expected == read({"KAFKA_CLIENT_OPTIONS": text}).client_options


@pytest.mark.parametrize("text", ["{", "[]", "1", "null", "a=b", '"a"', "[" * 100_000])
def test_client_options_that_are_no_object(text: str) -> None:
    """Client options that aren't a JSON object are refused by name."""
    assert refusal("KAFKA_CLIENT_OPTIONS", text).startswith("KAFKA_CLIENT_OPTIONS is not a JSON")


@pytest.mark.parametrize("value", ["null", "[]", "{}"])
def test_client_options_with_other_values(value: str) -> None:
    """An option whose value is no string, number or boolean is refused by its name."""
    message = refusal("KAFKA_CLIENT_OPTIONS", f'{{"socket.timeout.ms": {value}}}')
    assert message.startswith("KAFKA_CLIENT_OPTIONS gives 'socket.timeout.ms' a value")


@pytest.mark.parametrize(
    "option",
    [
        "bootstrap.servers",
        "metadata.broker.list",
        "security.protocol",
        "sasl.mechanisms",
        "sasl.oauthbearer.config",
        "enable.sasl.oauthbearer.unsecure.jwt",
        "oauth_cb",
        "error_cb",
        "acks",
        "request.required.acks",
        "enable.idempotence",
        "partitioner",
        "message.timeout.ms",
        "delivery.timeout.ms",
        "retries",
        "allow.auto.create.topics",
        "statistics.interval.ms",
        "group.id",
        "enable.auto.commit",
        "auto.commit.enable",
        "auto.offset.reset",
        "topic.blacklist",
        "isolation.level",
        "enable.partition.eof",
        "enable.ssl.certificate.verification",
        "ssl.endpoint.identification.algorithm",
        "test.mock.num.brokers",
        "plugin.library.paths",
        "logger",
        "on_delivery",
    ],
)
def test_client_options_that_would_break_a_promise(option: str) -> None:
    """An option on which a promise of this function rests is refused by its name."""
    message = refusal("KAFKA_CLIENT_OPTIONS", f'{{"{option}": "x"}}')
    assert message.startswith(f"KAFKA_CLIENT_OPTIONS sets '{option}'")


# Credentials

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s3cr3t-key"}


def test_credentials() -> None:
    """Credentials come with their session token and end, where they have them."""
    given = {"AWS_SESSION_TOKEN": "t0k3n", "AWS_CREDENTIAL_EXPIRATION": "2030-01-01T00:00:00Z"}
    expected = Credentials("AKIDEXAMPLE", "s3cr3t-key", "t0k3n", 1_893_456_000.0)
    assert expected == read(KEYS | given).credentials
    assert Credentials("AKIDEXAMPLE", "s3cr3t-key", None, None) == read(KEYS).credentials


@pytest.mark.parametrize("name", KEYS)
def test_half_of_the_credentials_is_none(name: str) -> None:
    """A key id without its secret, or the other way round, is no source of credentials."""
    assert read({name: "x"}).credentials is None


@pytest.mark.parametrize("text", ["soon", "1893456000", "2030-01-01T00:00:00"])
def test_a_bad_end_of_credentials(text: str) -> None:
    """An end of the credentials that isn't a time with its zone is refused by name."""
    with pytest.raises(InvalidSetting, match=r"^AWS_CREDENTIAL_EXPIRATION is "):
        read(KEYS | {"AWS_CREDENTIAL_EXPIRATION": text})


def test_no_secret_in_a_representation() -> None:
    """Neither keys nor tokens nor client options, which can hold passwords, are shown by `repr`."""
    options = '{"ssl.key.password": "p4ssw0rd"}'
    given = KEYS | {"AWS_SESSION_TOKEN": "t0k3n", "KAFKA_CLIENT_OPTIONS": options}
    shown = repr(read(given))
    assert "AKIDEXAMPLE" in shown
    assert not [secret for secret in ("s3cr3t-key", "t0k3n", "p4ssw0rd") if secret in shown]
