"""What became of a record when brokers stop: the four statuses are true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.msk import start_msk
from msk_client.errors import BrokerUnreachable
from msk_client.kafka import target
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk
    from tests.integration.conftest import CallFunction

THREE = [{"value": "a"}, {"value": "b"}, {"value": "c"}]


@pytest.fixture(scope="module", name="fragile")
def a_cluster_to_be_harmed(kafka_version: str) -> Iterator[LocalMsk]:
    """A cluster whose only node is stopped and killed here."""
    with start_msk(kafka_version=kafka_version) as cluster:
        yield cluster


@pytest.fixture(name="sight")
def eyes_on_fragile(fragile: LocalMsk) -> Eyes:
    """The super user of that cluster."""
    return Eyes(fragile.plaintext)


@pytest.fixture(name="after_metadata")
def act_after_metadata(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Let something happen between the first answer of the cluster and the first record."""
    original = target.num_partitions

    def arrange(act: Callable[[], None]) -> None:
        def find(*arguments: Any) -> int:  # noqa: ANN401 - as they are
            found = original(*arguments)
            monkeypatch.setattr(target, "num_partitions", original)
            act()
            return found

        monkeypatch.setattr(target, "num_partitions", find)

    return arrange


def report(call: CallFunction, topic: str, remaining_ms: int) -> dict[str, Any]:
    """Produce three records, and answer what became of them."""
    event = {"action": "produce", "topic": topic, "records": THREE, "on_failure": "report"}
    return call(event, remaining_ms)


def statuses(body: dict[str, Any]) -> list[tuple[str, str]]:
    """Status and error class of each record."""
    return [(r["status"], r["error"]["type"]) for r in body["results"]]


def values(sight: Eyes, topic: str) -> list[bytes | None]:
    """What stands in the log."""
    return [message.value() for message in sight.records(topic)]


def test_a_stopped_broker_leaves_records_unknown(
    fragile: LocalMsk,
    sight: Eyes,
    invoke_on: Callable[..., CallFunction],
    after_metadata: Callable[[Callable[[], None]], None],
) -> None:
    """Records handed to a broker that stopped answering may be in the log, and turn out to be."""
    call = invoke_on(fragile)
    name = sight.create_topic()
    call({"action": "produce", "topic": name, "records": [{"value": "warm"}]})
    after_metadata(fragile.nodes[0].pause)
    try:
        body = report(call, name, 4000)
    finally:
        fragile.nodes[0].resume()
    assert [("unknown", "DeadlineExceeded")] * 3 == statuses(body)
    assert [b"warm", b"a", b"b", b"c"] == values(sight, name)


def test_a_record_purged_from_the_queue_after_a_request_timeout_is_unknown(
    fragile: LocalMsk,
    sight: Eyes,
    invoke_on: Callable[..., CallFunction],
    after_metadata: Callable[[Callable[[], None]], None],
) -> None:
    """After a request timeout librdkafka calls a record queued that the broker already has."""
    call = invoke_on(fragile, KAFKA_CLIENT_OPTIONS='{"socket.timeout.ms": 1000}')
    name = sight.create_topic()
    call({"action": "produce", "topic": name, "records": [{"value": "warm"}]})
    after_metadata(fragile.nodes[0].pause)
    try:
        body = report(call, name, 6000)
    finally:
        fragile.nodes[0].resume()
    assert {"unknown"} == {status for status, _ in statuses(body)}
    assert [b"warm", b"a", b"b", b"c"] == values(sight, name)


def test_a_broker_gone_before_the_first_byte_leaves_records_not_delivered(
    fragile: LocalMsk,
    sight: Eyes,
    invoke_on: Callable[..., CallFunction],
    after_metadata: Callable[[Callable[[], None]], None],
) -> None:
    """Records that never left are certainly not in the log, and the answer names the broker."""
    call = invoke_on(fragile, KAFKA_CONNECT_TIMEOUT_MS="1500")
    name = sight.create_topic()
    after_metadata(fragile.nodes[0].kill)
    try:
        body = report(call, name, 20_000)
    finally:
        fragile.nodes[0].start()
    assert [("not_delivered", "BrokerUnreachable")] * 3 == statuses(body)
    assert "refused" in body["results"][0]["error"]["message"]
    assert body["results"][0]["retriable"]
    assert [] == values(sight, name)


def test_a_common_cause_is_raised_and_nothing_leaves_later(
    fragile: LocalMsk,
    sight: Eyes,
    invoke_on: Callable[..., CallFunction],
    after_metadata: Callable[[Callable[[], None]], None],
) -> None:
    """A failed call leaves nothing in the client that a later invocation would send."""
    call = invoke_on(fragile, KAFKA_CONNECT_TIMEOUT_MS="1500")
    name = sight.create_topic()
    after_metadata(fragile.nodes[0].kill)
    try:
        with pytest.raises(BrokerUnreachable, match="3 not_delivered"):
            call({"action": "produce", "topic": name, "records": THREE}, 20_000)
    finally:
        fragile.nodes[0].start()
    call({"action": "produce", "topic": name, "records": [{"value": "later"}]})
    assert [b"later"] == values(sight, name)


def test_a_broker_that_comes_back_in_time_gets_each_record_once(
    fragile: LocalMsk,
    sight: Eyes,
    invoke_on: Callable[..., CallFunction],
    after_metadata: Callable[[Callable[[], None]], None],
) -> None:
    """A restart in the middle of a call costs time, not records."""

    def restart() -> None:
        fragile.nodes[0].kill()
        fragile.nodes[0].start()

    call = invoke_on(fragile)
    name = sight.create_topic()
    call({"action": "produce", "topic": name, "records": [{"value": "warm"}]})
    after_metadata(restart)
    body = report(call, name, 60_000)
    assert ["delivered"] * 3 == [r["status"] for r in body["results"]]
    assert [b"warm", b"a", b"b", b"c"] == values(sight, name)
