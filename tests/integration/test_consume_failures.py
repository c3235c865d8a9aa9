"""Brokers that die, stall and come back during a read, and time that runs out."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from local.msk import start_msk
from msk_client.deadline import Deadline
from msk_client.errors import BrokerUnreachable, DeadlineExceeded, ThrottledOrBusy
from msk_client.kafka import MskKafka
from msk_client.records import Record
from msk_client.settings import read
from tests.integration.answers import consume, pages_of, places_of, values_of
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from local.msk import LocalMsk
    from msk_client.ports import Event
    from tests.integration.conftest import CallFunction

LARGE = b"x" * 1_000_000
"""A value of which not many fit into the client's queue."""

PATIENCE = {"KAFKA_CONNECT_TIMEOUT_MS": "2000"}


@pytest.fixture(name="fragile", scope="module")
def a_cluster_that_is_harmed(kafka_version: str) -> Iterator[LocalMsk]:
    """A node of its own, whole again after each test."""
    with start_msk(kafka_version=kafka_version) as msk:
        yield msk


@pytest.fixture(name="three", scope="module")
def three_nodes(kafka_version: str) -> Iterator[LocalMsk]:
    """Three nodes, for leaders that move."""
    with start_msk(nodes=3, kafka_version=kafka_version) as msk:
        yield msk


@pytest.fixture(name="slow")
def reads_that_take_all_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the deadline pass between the first record of a read and the second."""
    real_read = MskKafka.read

    def read(
        kafka: MskKafka,
        topic: str,
        ranges: dict[int, tuple[int, int]],
        deadline: Deadline,
        *,
        read_committed: bool,
    ) -> Generator[Event]:
        events = real_read(kafka, topic, ranges, deadline, read_committed=read_committed)
        yield next(events)
        time.sleep(deadline.left_s)
        yield from events

    monkeypatch.setattr(MskKafka, "read", read)


@pytest.fixture(name="gap")
def a_topic_with_a_gap(topic: Callable[..., str], eyes: Eyes) -> str:
    """Two records, more aborted ones than fit into the client's queue, and a last record."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])
    eyes.transact(name, [LARGE] * 40, commit=False)
    eyes.produce(name, [b"c"])
    return name


def cluster_of(msk: LocalMsk) -> MskKafka:
    """The adapter with little patience."""
    return MskKafka(read(msk.environment() | PATIENCE))


def offsets_of(events: list[Event]) -> list[int]:
    """The records' offsets."""
    return [event.offset for event in events if isinstance(event, Record)]


# Brokers


@pytest.mark.protocol
def test_a_broker_that_comes_back_during_the_read(fragile: LocalMsk) -> None:
    """A read outlives its broker's restart, and has every record exactly once."""
    eyes = Eyes(fragile.plaintext)
    name = eyes.create_topic()
    eyes.produce(name, [LARGE] * 30)
    patient = {"KAFKA_CONNECT_TIMEOUT_MS": "45000"}  # a busy machine takes long to start a broker
    kafka = MskKafka(read(fragile.environment() | patient))
    events = kafka.read(name, {0: (0, 30)}, Deadline.after(60), read_committed=True)
    first = next(events)
    (node,) = fragile.nodes
    node.kill()
    back = threading.Thread(target=node.start)
    back.start()
    rest = list(events)
    back.join()
    assert offsets_of([first, *rest]) == [*range(30)]


def test_a_broker_that_does_not_come_back(fragile: LocalMsk) -> None:
    """A read whose broker dies ends with `BrokerUnreachable` after the connect timeout."""
    eyes = Eyes(fragile.plaintext)
    name = eyes.create_topic()
    eyes.produce(name, [LARGE] * 30)
    kafka = cluster_of(fragile)
    events = kafka.read(name, {0: (0, 30)}, Deadline.after(60), read_committed=True)
    next(events)
    (node,) = fragile.nodes
    node.kill()
    started = time.monotonic()
    try:
        with pytest.raises(BrokerUnreachable, match="refused"):
            list(events)
        assert time.monotonic() - started < 10
    finally:
        node.start()
    events = kafka.read(name, {0: (0, 30)}, Deadline.after(60), read_committed=True)
    assert offsets_of(list(events)) == [*range(30)]


def test_a_broker_that_falls_silent(fragile: LocalMsk) -> None:
    """A read whose broker no longer answers ends with `BrokerUnreachable`, not at the deadline."""
    eyes = Eyes(fragile.plaintext)
    name = eyes.create_topic()
    eyes.produce(name, [LARGE] * 30)
    kafka = cluster_of(fragile)
    events = kafka.read(name, {0: (0, 30)}, Deadline.after(60), read_committed=True)
    next(events)
    (node,) = fragile.nodes
    node.pause()
    started = time.monotonic()
    try:
        with pytest.raises(BrokerUnreachable):
            list(events)
        assert time.monotonic() - started < 10
    finally:
        node.resume()
    events = kafka.read(name, {0: (0, 30)}, Deadline.after(60), read_committed=True)
    assert offsets_of(list(events)) == [*range(30)]


@pytest.mark.protocol
def test_connections_that_died_between_two_calls(
    fragile: LocalMsk, invoke_on: Callable[..., CallFunction]
) -> None:
    """A warm environment whose every connection is dead reads on as if nothing had been."""
    eyes = Eyes(fragile.plaintext)
    name = eyes.create_topic()
    eyes.produce(name, [b"a"])
    call = invoke_on(fragile)
    event = consume(name, group=f"g-{name}")
    assert values_of(call(event)) == ["a"]
    (node,) = fragile.nodes
    node.kill()
    node.start()
    assert values_of(call(event)) == ["a"]


@pytest.mark.protocol
def test_a_leader_that_moves_during_the_read(three: LocalMsk) -> None:
    """When a partition's leader dies the read goes on with the new one, in the same order."""
    eyes = Eyes(three.plaintext)
    name = eyes.create_topic(3)
    for partition in range(3):
        eyes.produce(name, [LARGE] * 30, partition)
    kafka = MskKafka(read(three.environment()))
    ranges = dict.fromkeys(range(3), (0, 30))
    events = kafka.read(name, ranges, Deadline.after(60), read_committed=True)
    read_so_far = [next(events)]
    leader = eyes.partitions(name)[0].leader
    node = three.nodes[leader - 1]
    node.kill()
    try:
        read_so_far += events
    finally:
        node.start()
    for partition in range(3):
        here = [event for event in read_so_far if event.partition == partition]
        assert offsets_of(here) == [*range(30)]


@pytest.mark.protocol
def test_a_leader_that_died_before_the_call(
    three: LocalMsk, invoke_on: Callable[..., CallFunction]
) -> None:
    """A call right after a leader's death waits for the election and reads everything."""
    eyes = Eyes(three.plaintext)
    name = eyes.create_topic(3)
    for partition in range(3):
        eyes.produce(name, [b"a", b"b"], partition)
    # A busy machine takes long to elect.
    call = invoke_on(three, KAFKA_CONNECT_TIMEOUT_MS="30000")
    call(consume(name))
    node = three.nodes[eyes.partitions(name)[1].leader - 1]
    node.kill()
    try:
        body = call(consume(name))
    finally:
        node.start()
    assert sorted(places_of(body)) == [(p, i) for p in range(3) for i in range(2)]


def test_a_partition_without_a_leader(
    three: LocalMsk, invoke_on: Callable[..., CallFunction]
) -> None:
    """A partition whose only replica is down is named; the others can be read."""
    eyes = Eyes(three.plaintext)
    name = eyes.create_topic(replicas=[3])
    other = eyes.create_topic(replicas=[1])
    for topic in (name, other):
        eyes.produce(topic, [b"a"])
    call = invoke_on(three, **PATIENCE)
    three.nodes[2].kill()
    try:
        started = time.monotonic()
        with pytest.raises(ThrottledOrBusy, match=rf"partition\(s\) 0 of topic '{name}'"):
            call(consume(name))
        assert time.monotonic() - started < 10
        assert values_of(call(consume(other))) == ["a"]
    finally:
        three.nodes[2].start()


def test_a_partition_that_loses_its_leader_during_the_read(three: LocalMsk) -> None:
    """A read of a partition that is left without a leader ends after the connect timeout."""
    eyes = Eyes(three.plaintext)
    name = eyes.create_topic(replicas=[3])
    eyes.produce(name, [LARGE] * 30)
    events = cluster_of(three).read(name, {0: (0, 30)}, Deadline.after(60), read_committed=True)
    next(events)
    three.nodes[2].kill()
    started = time.monotonic()
    try:
        with pytest.raises(ThrottledOrBusy, match="has had no leader"):
            list(events)
        assert time.monotonic() - started < 20
    finally:
        three.nodes[2].start()


# Time that runs out


@pytest.mark.protocol
@pytest.mark.usefixtures("slow")
def test_the_deadline_in_the_middle_of_a_read(
    call: CallFunction, gap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read until then is answered, and `next` leads to the rest exactly."""
    body = call(consume(gap), remaining_ms=2000)
    assert (values_of(body), body["stopped"]) == (["a", "b"], "deadline")
    assert (body["next"], body["end"]) == ({"0": 2}, {"0": 44})
    monkeypatch.undo()
    rest = pages_of(call, consume(gap, from_={"offsets": body["next"]}))
    assert [value for page in rest for value in values_of(page)] == ["c"]


@pytest.mark.protocol
@pytest.mark.usefixtures("slow")
def test_the_deadline_commits_what_was_read(call: CallFunction, gap: str, eyes: Eyes) -> None:
    """A read that commits keeps time for it: what was answered is committed."""
    body = call(consume(gap, group=f"g-{gap}", commit=True), remaining_ms=8000)
    assert (values_of(body), body["stopped"]) == (["a", "b"], "deadline")
    assert body["committed"]
    assert eyes.committed(f"g-{gap}", gap) == {0: 2}


@pytest.mark.usefixtures("slow")
def test_a_tail_that_is_not_found_in_time(call: CallFunction, gap: str) -> None:
    """A search for the tail that runs out of time raises instead of starting somewhere else."""
    event = consume(gap, from_={"tail": 42}, isolation="read_uncommitted")
    with pytest.raises(DeadlineExceeded, match="the tail of topic"):
        call(event, remaining_ms=2000)


def test_no_record_before_the_deadline(
    fragile: LocalMsk, invoke_on: Callable[..., CallFunction]
) -> None:
    """A call that runs out of time with nothing to report raises instead of answering nothing."""
    eyes = Eyes(fragile.plaintext)
    name = eyes.create_topic()
    eyes.produce(name, [b"a"])
    call = invoke_on(fragile)
    call(consume(name))
    (node,) = fragile.nodes
    node.pause()
    try:
        started = time.monotonic()
        with pytest.raises((BrokerUnreachable, DeadlineExceeded)):
            call(consume(name), remaining_ms=2000)
        assert time.monotonic() - started < 2
    finally:
        node.resume()


def test_a_read_that_nobody_finishes(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A read that is dropped in the middle fetches no more, and the next one begins afresh."""
    name = topic()
    eyes.produce(name, [LARGE] * 30)
    for start in (0, 20, 10):
        read = kafka.read(name, {0: (start, 30)}, Deadline.after(30), read_committed=True)
        first = next(read)
        assert isinstance(first, Record)
        assert first.offset == start
        read.close()
    whole = kafka.read(name, {0: (0, 30)}, Deadline.after(30), read_committed=True)
    assert offsets_of(list(whole)) == [*range(30)]
