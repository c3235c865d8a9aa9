"""Three nodes, one big produce, and nodes that die in the middle of it."""

from __future__ import annotations

from collections import Counter
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from local.msk import start_msk
from msk_client.errors import ThrottledOrBusy
from msk_client.kafka.produce import Sender
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk, Node
    from tests.integration.conftest import CallFunction

RECORDS = 50_000
PARTITIONS = 3
BEFORE_THE_CRASH = 5_000


@pytest.fixture(scope="module", name="trio")
def three_nodes(kafka_version: str) -> Iterator[LocalMsk]:
    """A cluster of three nodes with replicated topics."""
    with start_msk(nodes=3, kafka_version=kafka_version) as cluster:
        yield cluster


def leader(sight: Eyes, cluster: LocalMsk, topic: str, partition: int) -> Node:
    """Find the node that leads a partition."""
    while partition not in (found := sight.partitions(topic)):
        pass
    return next(n for n in cluster.nodes if n.node_id == found[partition].leader)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_killed_leader_and_a_restarted_node_lose_and_repeat_nothing(
    trio: LocalMsk,
    invoke_on: Callable[..., CallFunction],
    rounds: Callable[[int, int], int],
) -> None:
    """Each delivered record stands once, where it was said, and the statuses are true."""
    for _ in range(rounds(1, 25)):
        with pytest.MonkeyPatch.context() as patch:
            produce_while_nodes_die(trio, invoke_on(trio), patch)


def produce_while_nodes_die(
    trio: LocalMsk, call: CallFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Send the records, kill the leader of some on the way, and hold the answer to the log."""
    sight = Eyes(trio.plaintext)
    name = sight.create_topic(PARTITIONS)
    call({"action": "produce", "topic": name, "records": [{"value": "warm", "partition": 0}]})
    victim = leader(sight, trio, name, 0)
    other = next(node for node in trio.nodes if node is not victim)
    crash = Thread(target=lambda: crash_and_restart(victim, other))
    send = Sender._hand_over

    def hand_over(sender: Sender, index: int) -> None:
        if index == BEFORE_THE_CRASH:
            sender.producer.flush(0.2)
            crash.start()
        send(sender, index)

    monkeypatch.setattr(Sender, "_hand_over", hand_over)
    values = [f"record-{i}" for i in range(RECORDS)]
    records = [{"value": v, "partition": i % PARTITIONS} for i, v in enumerate(values)]
    event = {"action": "produce", "topic": name, "records": records, "on_failure": "report"}
    body = call(event, 120_000)
    crash.join()
    check(sight, name, values, body)
    assert {"delivered": RECORDS} == Counter(r["status"] for r in body["results"])


def crash_and_restart(victim: Node, other: Node) -> None:
    """Kill the leader for good, then restart another node once it is back."""
    victim.kill()
    victim.start()
    other.kill()
    other.start()


def check(sight: Eyes, topic: str, values: list[str], body: dict[str, Any]) -> None:
    """Hold the answer against what stands in the logs.

    A new leader shows a record only when it knows that the others have it too.
    """
    for partition in range(PARTITIONS):
        offsets = [r["offset"] for r in body["results"] if r.get("partition") == partition]
        sight.await_end(topic, partition, max(offsets, default=-1) + 1)
    logs = {
        (p, m.offset()): (m.value() or b"").decode()
        for p in range(PARTITIONS)
        for m in sight.records(topic, p)
    }
    assert max(Counter(logs.values()).values()) == 1
    for value, result in zip(values, body["results"], strict=True):
        if result["status"] == "delivered":
            assert logs[result["partition"], result["offset"]] == value
        elif result["status"] in {"rejected", "not_delivered"}:
            assert value not in logs.values()


def test_a_topic_just_made_can_be_used_at_once(
    trio: LocalMsk, invoke_on: Callable[..., CallFunction]
) -> None:
    """A topic that one broker knows is waited for on the others, by every action."""
    call = invoke_on(trio)
    for i in range(5):
        call({"action": "create_topic", "topic": f"made-{i}", "num_partitions": 3})
        assert call({"action": "consume", "topic": f"made-{i}", "group": "g"})["count"] == 0
        record = {"topic": f"made-{i}", "records": [{"value": "x"}]}
        assert call({"action": "produce", **record})["produced"] == 1
        assert call({"action": "produce", "topic": f"sample-{i}"})["topic_created"]
        assert call({"action": "consume", "topic": f"sample-{i}"})["count"] == 2


def test_too_few_replicas_are_named_as_the_cause(
    trio: LocalMsk, invoke_on: Callable[..., CallFunction]
) -> None:
    """Where acks=all can't be had, the error says which partition lacks how many replicas."""
    sight = Eyes(trio.plaintext)
    call = invoke_on(trio)
    name = sight.create_topic(replicas=[node.node_id for node in trio.nodes[:2]])
    leading = leader(sight, trio, name, 0)
    follower = next(node for node in trio.nodes[:2] if node is not leading)
    follower.kill()
    try:
        sight.await_in_sync(name, 1)
        with pytest.raises(ThrottledOrBusy, match="partition 0 has 1 of 2"):
            call({"action": "produce", "topic": name, "records": [{"value": "x"}]}, 8_000)
    finally:
        follower.start()
