"""The environment as settings: each variable, good and bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from msk_client.errors import InvalidSetting
from msk_client.settings import NAMES, read, settings

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
    with pytest.raises(
        InvalidSetting, match=r"KAFKA_ENDPOINT is not set, nor is MSK_.*amazonaws\.com:9098"
    ):
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
