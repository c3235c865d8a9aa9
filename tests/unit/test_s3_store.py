"""How long a call to S3 is tried again; without S3."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions as aws

from msk_client import deadline
from msk_client.deadline import Deadline
from msk_client.errors import StorageUnavailable
from msk_client.s3 import store
from msk_client.s3.keys import Place
from tests.unit.test_s3_failures import answered

AT = Place("my-bucket", "x")
NO_CONNECTION = [
    aws.EndpointConnectionError(endpoint_url="https://x", error="refused"),
    aws.ConnectTimeoutError(endpoint_url="https://x"),
]
SERVED_BADLY = [answered(503, "SlowDown"), aws.ConnectionClosedError(endpoint_url="https://x")]


@dataclass
class FailingClient:
    """Fails some times, then answers."""

    problem: Exception
    times: int
    calls: int = 0
    meta: Any = field(default_factory=lambda: SimpleNamespace(region_name="eu-west-1"))

    def head_object(self, **_: str) -> dict[str, Any]:
        """As botocore's client."""
        self.calls += 1
        if self.calls <= self.times:
            raise self.problem
        return {"ContentLength": 7}


def storage(monkeypatch: pytest.MonkeyPatch, client: FailingClient) -> store.Store:
    """Make an S3 of which the client is known."""
    monkeypatch.setattr(store, "_client", lambda: client)
    monkeypatch.setattr(store, "FIRST_PAUSE_S", 0.001)
    return store.Store()


@pytest.mark.parametrize("problem", NO_CONNECTION)
def test_without_a_connection_it_is_given_up_soon(
    problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where none can be made, the patience for a busy S3 doesn't count."""
    client = FailingClient(problem, 1_000)
    monkeypatch.setattr(store, "UNREACHED_S", 0.0)
    with pytest.raises(StorageUnavailable, match="could not be reached for s3:GetObject on s3://"):
        storage(monkeypatch, client).head(AT, Deadline.after(60))
    assert client.calls == 1


@pytest.mark.parametrize("problem", SERVED_BADLY)
def test_what_is_served_badly_is_asked_for_again(
    problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that S3 throttles or breaks off is worth more patience."""
    client = FailingClient(problem, 3)
    monkeypatch.setattr(store, "UNREACHED_S", 0.0)
    found = storage(monkeypatch, client).head(AT, Deadline.after(60))
    assert found is not None
    assert (found.size_bytes, client.calls) == (7, 4)


@pytest.mark.parametrize("problem", NO_CONNECTION)
def test_a_connection_is_tried_again(problem: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that fails once is no failure."""
    client = FailingClient(problem, 1)
    assert storage(monkeypatch, client).head(AT, Deadline.after(60)) is not None


@pytest.mark.parametrize("problem", NO_CONNECTION)
def test_a_busy_time_is_none_without_a_connection(
    problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that fails once is no failure either where S3 was busy for long before."""
    passed_s = iter([store.UNREACHED_S + 1, 0.0])
    now_s = time.monotonic()

    class Client(FailingClient):
        def head_object(self, **wanted: str) -> dict[str, Any]:
            nonlocal now_s
            now_s += next(passed_s, 0.0)
            try:
                return super().head_object(**wanted)
            finally:
                self.problem = problem

    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: now_s))
    client = Client(answered(503, "SlowDown"), 2)
    assert storage(monkeypatch, client).head(AT, Deadline.after(60)) is not None
    assert client.calls == 3


def test_a_connection_is_worth_less_patience() -> None:
    """All of a name's eight addresses may be tried once within some seconds."""
    assert store.UNREACHED_S <= store.PATIENCE_S / 3
    assert 8 * store.CONNECT_S <= store.PATIENCE_S / 3
