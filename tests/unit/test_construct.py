"""Making a client without waiting for its constructor's sleep."""

from __future__ import annotations

import threading
import time
from threading import Event

import pytest

from msk_client.errors import AuthenticationFailed
from msk_client.kafka.construct import construct
from msk_client.kafka.iam import Token

TOKEN = Token("a-token", "AKIDEXAMPLE", 1_000.0, 1_900.0)


class SleepyClient:
    """Sleeps in its constructor after the callback, as confluent-kafka's clients do."""

    woken = Event()

    def __init__(self, config: dict[str, object]) -> None:
        self.config = config
        oauth_cb = config["oauth_cb"]
        assert callable(oauth_cb)
        self.login = oauth_cb("")
        self.woken.wait(10)


def test_the_caller_does_not_wait() -> None:
    """The client is handed out as soon as its callback has a token, before the constructor ends."""
    SleepyClient.woken.clear()
    client = construct(SleepyClient, {"client.id": "x"}, lambda: TOKEN)
    assert not SleepyClient.woken.is_set()
    SleepyClient.woken.set()
    assert "x" == client.config["client.id"]


def test_the_callback_answers_seconds() -> None:
    """The callback answers the token, its end in seconds, its principal and no extensions."""
    answered: list[object] = []

    class Client:
        def __init__(self, config: dict[str, object]) -> None:
            oauth_cb = config["oauth_cb"]
            assert callable(oauth_cb)
            answered.append(oauth_cb(""))

    thread_count = threading.active_count()
    construct(Client, {}, lambda: TOKEN)
    while threading.active_count() > thread_count:
        time.sleep(0.001)
    assert [("a-token", 1_900.0, "AKIDEXAMPLE", {})] == answered


def test_a_failing_constructor_is_raised() -> None:
    """What a constructor raises, a bad property for one, reaches the caller."""

    class Client:
        def __init__(self, _config: dict[str, object]) -> None:
            raise ValueError("no such property")

    with pytest.raises(ValueError, match="no such property"):
        construct(Client, {}, lambda: TOKEN)


def test_a_callback_that_fails_does_not_hang() -> None:
    """A token that can't be minted lets the caller go on at once; the reason is kept elsewhere."""
    called = Event()

    def mint() -> Token:
        called.set()
        raise AuthenticationFailed("There are no AWS credentials.")

    class Client:
        def __init__(self, config: dict[str, object]) -> None:
            oauth_cb = config["oauth_cb"]
            assert callable(oauth_cb)
            with pytest.raises(AuthenticationFailed):
                oauth_cb("")
            Event().wait(0.5)

    assert isinstance(construct(Client, {}, mint), Client)
    assert called.is_set()
