"""The environment as settings: each variable, good and bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from msk_client.errors import InvalidSetting
from msk_client.settings import NAMES, Credentials, read, settings

if TYPE_CHECKING:
    from pathlib import Path


def refusal(name: str, value: str) -> str:
    """Answer why a variable's value is refused."""
    with pytest.raises(InvalidSetting) as caught:
        read({name: value})
    return str(caught.value)


def test_nothing_is_required() -> None:
    """An empty environment is none to complain about: what is missing fails where it is used."""
    none = read({})
    assert (None, 8_000, 8.0) == (none.ca_file, none.connect_timeout_ms, none.connect_timeout_s)
    assert (None, None, None) == (none.allowed_actions, none.allowed_topics, none.allowed_groups)
    assert ({}, None) == (none.client_options, none.credentials)


def test_an_empty_variable_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty and blank variables count as absent, as `sam local` sets some to nothing."""
    for name in (*NAMES, "AWS_REGION", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("AWS_SESSION_TOKEN", " ")
    assert read({}) == settings()


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of an execution environment are read once and kept."""
    monkeypatch.setenv("KAFKA_ENDPOINT", "one:9098")
    before = settings()
    monkeypatch.setenv("KAFKA_ENDPOINT", "two:9098")
    assert before is settings()


# The endpoint


@pytest.mark.parametrize(
    ("text", "brokers"),
    [
        ("localhost:9098", "localhost:9098"),
        ("a.b-c_d:1, 10.0.0.1:65535 ,[::1]:9098", "a.b-c_d:1,10.0.0.1:65535,[::1]:9098"),
    ],
)
def test_bootstrap_servers(text: str, brokers: str) -> None:
    """Bootstrap servers are host:port, one or more."""
    assert brokers == read({"KAFKA_ENDPOINT": text}).endpoint


@pytest.mark.parametrize(
    "text",
    [
        *("localhost", "localhost:", "localhost:0", "localhost:65536", ":9098", "a:9098,"),
        *("SASL_SSL://a:9098", "https://a:9098", "a:9098/", "a:9098;b:9098", "a b:9098"),
        *("é:9098", "a:٩"),
    ],
)
def test_bad_bootstrap_servers(text: str) -> None:
    """Bootstrap servers without port or with a scheme are refused, with what is wrong of them."""
    message = refusal("KAFKA_ENDPOINT", text)
    assert message.startswith("KAFKA_ENDPOINT holds ")
    assert "host:port" in message


def test_a_missing_endpoint_fails_where_it_is_used() -> None:
    """A missing endpoint is an error that names the variable and shows a value."""
    with pytest.raises(InvalidSetting, match=r"KAFKA_ENDPOINT is not set: .*amazonaws\.com:9098"):
        _ = read({}).endpoint


# Numbers, files, lists


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("900000", 900_000), (" 8000 ", 8_000)])
def test_the_connect_timeout(text: str, number: int) -> None:
    """The connect timeout is a whole number of milliseconds up to 15 minutes."""
    assert number == read({"KAFKA_CONNECT_TIMEOUT_MS": text}).connect_timeout_ms


@pytest.mark.parametrize("text", ["0", "-1", "900001", "1e3", "1.5", "8s", "٨", "9" * 5_000])
def test_a_bad_connect_timeout(text: str) -> None:
    """Any other connect timeout is refused by name."""
    assert refusal("KAFKA_CONNECT_TIMEOUT_MS", text).startswith("KAFKA_CONNECT_TIMEOUT_MS is ")


def test_a_ca_file_must_be_there(tmp_path: Path) -> None:
    """A CA file that isn't there, or is a folder, is refused by name."""
    path = tmp_path / "ca.pem"
    assert refusal("KAFKA_CA_FILE", str(path)).startswith("KAFKA_CA_FILE is ")
    assert refusal("KAFKA_CA_FILE", str(tmp_path)).startswith("KAFKA_CA_FILE is ")
    path.touch()
    assert str(path) == read({"KAFKA_CA_FILE": str(path)}).ca_file


@pytest.mark.parametrize("name", ["ALLOWED_ACTIONS", "ALLOWED_TOPICS", "ALLOWED_GROUPS"])
def test_lists(name: str) -> None:
    """A list is separated by commas, white space and empty items don't count."""
    assert ("a", "b*") == getattr(read({name: " a, b* ,,"}), name.lower())


def test_a_list_of_nothing_allows_nothing() -> None:
    """A list that holds only commas allows nothing: it is empty, and not absent."""
    assert () == read({"ALLOWED_TOPICS": ","}).allowed_topics


def test_actions_may_be_listed_with_hyphens() -> None:
    """In ALLOWED_ACTIONS `-` and `_` are the same."""
    assert ("create_topic", "ping") == read(
        {"ALLOWED_ACTIONS": "create-topic,ping"}
    ).allowed_actions


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
        "auto.offset.reset",
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
