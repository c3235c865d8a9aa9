"""ping: reaches the cluster."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from tests.unit.invoking import ENVIRON, Clock, KeptKafka, body

if TYPE_CHECKING:
    import pytest


def test_a_ping_tells_of_the_cluster() -> None:
    """The answer names the endpoint, the cluster and its brokers."""
    answer = body({"action": "ping"})
    expected = {
        "endpoint": ENVIRON["KAFKA_ENDPOINT"],
        "cluster_id": "fake",
        "controller_id": 1,
        "brokers": [{"id": 1, "host": "localhost", "port": 9098}],
    }
    assert expected.items() <= answer.items()


def test_a_ping_tells_versions() -> None:
    """The answer names the versions of Python, of the client and of its library."""
    versions = body({"action": "ping"})["versions"]
    assert {"python", "confluent_kafka", "librdkafka"} == versions.keys()
    assert platform.python_version() == versions["python"]


def test_a_ping_tells_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer tells the time of the first call and of a warm one apart, in milliseconds."""
    kafka = KeptKafka()
    clock = Clock(monkeypatch)
    monkeypatch.setattr("time.perf_counter", lambda: clock.now_s)
    describe, times = kafka.cluster, iter([0.25, 0.0012])

    def slow(deadline: object) -> object:
        clock.move(next(times))
        return describe(deadline)  # type: ignore[arg-type] # passed on

    monkeypatch.setattr(kafka, "cluster", slow)
    assert {"connect": 250.0, "round_trip": 1.2} == body({"action": "ping"}, kafka)["times_ms"]
