"""Streams that meet trouble: what is settled is true, and nothing leaves afterwards."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from local.msk import DEFAULT_ROLE, start_msk
from msk_client.deadline import Deadline
from msk_client.errors import (
    BrokerUnreachable,
    DeadlineExceeded,
    NotAuthorized,
)
from msk_client.kafka import MskKafka
from msk_client.kafka import stream as module
from msk_client.kafka.window import PLACES
from msk_client.records import Outgoing
from msk_client.settings import read
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk

BATCH = 1_000
SOME_SETTLED = PLACES + 8 * BATCH - PLACES % BATCH
"""More than may be on their way: when so many are taken, some are settled."""


@pytest.fixture
def lone(kafka_version: str) -> Iterator[LocalMsk]:
    """A cluster that the test may harm."""
    with start_msk(kafka_version=kafka_version) as cluster:
        yield cluster


def warm(kafka: MskKafka, topic: str) -> None:
    """Let broker and client have done it all before: a new broker takes seconds to get going."""
    stream = kafka.stream(topic, Deadline.after(60))
    for sent in range(0, SOME_SETTLED, BATCH):
        assert stream.put(numbers(sent))
    assert stream.finish().cause is None


def numbers(start: int) -> list[bytes]:
    """A batch of values: the records' numbers."""
    return [b"%d" % i for i in range(start, start + BATCH)]


def test_a_broker_that_stops_answering(lone: LocalMsk) -> None:
    """When a broker falls silent the stream ends in time, and all that it calls settled is there.

    What wasn't settled is taken back: the log doesn't grow once the broker answers again.
    """
    eyes = Eyes(lone.plaintext)
    topic = eyes.create_topic()
    kafka = MskKafka(read(lone.environment()))
    warm(kafka, eyes.create_topic())
    stream = kafka.stream(topic, Deadline.after(6))
    sent = 0
    while stream.put(numbers(sent)):
        sent += BATCH
        if sent == SOME_SETTLED:
            lone.nodes[0].pause()
    done = stream.finish()
    lone.nodes[0].resume()
    assert sent >= SOME_SETTLED, "the machine was too slow: the broker was never paused"
    assert isinstance(done.cause, DeadlineExceeded)
    assert 0 < done.settled < sent
    eyes.await_end(topic, 0, done.settled)
    values = [int(m.value() or b"") for m in eyes.records(topic)]
    assert list(range(len(values))) == values
    assert done.settled <= len(values) <= sent


def test_a_broker_that_dies(lone: LocalMsk) -> None:
    """When no broker is left the stream ends with that cause, after the connect timeout."""
    topic = Eyes(lone.plaintext).create_topic()
    settings = read(lone.environment() | {"KAFKA_CONNECT_TIMEOUT_MS": "1500"})
    began_s = time.monotonic()
    stream = MskKafka(settings).stream(topic, Deadline.after(60))
    sent = 0
    while stream.put(numbers(sent)):
        sent += BATCH
        if sent == 20 * BATCH:
            lone.nodes[0].kill()
    assert isinstance(stream.finish().cause, BrokerUnreachable)
    assert time.monotonic() - began_s < 30


def test_a_full_queue_and_no_broker(lone: LocalMsk) -> None:
    """Where the client's own queue is full too, a stream without a broker ends as soon."""
    options = '{"queue.buffering.max.messages": 100}'
    small = {"KAFKA_CLIENT_OPTIONS": options, "KAFKA_CONNECT_TIMEOUT_MS": "1500"}
    topic = Eyes(lone.plaintext).create_topic()
    stream = MskKafka(read(lone.environment() | small)).stream(topic, Deadline.after(60))
    assert stream.put(numbers(0))
    lone.nodes[0].kill()
    began_s = time.monotonic()
    stream.put(numbers(BATCH))
    assert isinstance(stream.finish().cause, BrokerUnreachable)
    assert time.monotonic() - began_s < 30


def test_a_broker_that_comes_back(lone: LocalMsk) -> None:
    """A broker that restarts during a stream costs nothing: each record is there, once."""
    eyes = Eyes(lone.plaintext)
    topic = eyes.create_topic()
    stream = MskKafka(read(lone.environment())).stream(topic, Deadline.after(60))
    count = 60 * BATCH
    for sent in range(0, count, BATCH):
        assert stream.put(numbers(sent))
        if sent == 20 * BATCH:
            lone.nodes[0].kill()
            lone.nodes[0].start()
    done = stream.finish()
    assert (count, None) == (done.settled, done.cause)
    assert [b"%d" % i for i in range(count)] == [m.value() for m in eyes.records(topic)]


def test_a_missing_permission(msk: LocalMsk, topic: Callable[..., str], deadline: Deadline) -> None:
    """Without WriteData the stream ends at its first record, and the permission is named."""
    name = topic()
    allowed = ["Connect", "DescribeTopic", "WriteDataIdempotently"]
    actions = [f"kafka-cluster:{action}" for action in allowed]
    policy = {"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    reader = replace(
        DEFAULT_ROLE,
        arn="arn:aws:iam::123456789012:role/no-writer",
        access_key_id="ASIANOWRITER00000000",
        policy=policy,
    )
    msk.set_roles(DEFAULT_ROLE, reader)
    stream = MskKafka(read(msk.environment(reader))).stream(name, deadline)
    stream.put(numbers(0))
    done = stream.finish()
    assert (0, {}) == (done.settled, done.refused)
    assert isinstance(done.cause, NotAuthorized)


def test_refused_records_among_many(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes, deadline: Deadline
) -> None:
    """On a compacted topic records without key are refused one by one, all others arrive."""
    name = topic(config={"cleanup.policy": "compact"})
    records = [Outgoing(b"k%d" % i if i % 97 else None, b"v", []) for i in range(2_000)]
    stream = kafka.stream(name, deadline)
    assert stream.put(records[:1_000])
    assert stream.put(records[1_000:])
    done = stream.finish()
    assert (2_000, None) == (done.settled, done.cause)
    assert [i for i in range(2_000) if not i % 97] == sorted(done.refused)
    assert sorted(r.key for r in records if r.key) == sorted(
        m.key() or b"" for m in eyes.records(name)
    )


@pytest.mark.parametrize("most", [7, 50, 1_000])
def test_a_batch_with_one_bad_record_beside_one_with_two(
    msk: LocalMsk, topic: Callable[..., str], eyes: Eyes, deadline: Deadline, most: int
) -> None:
    """However librdkafka cuts batches, only the bad records are refused."""
    name = topic(config={"cleanup.policy": "compact"})
    bad = {3, 5, 60, 110, 111, 112}
    records = [Outgoing(None if i in bad else b"k%d" % i, b"v", []) for i in range(150)]
    options = {"KAFKA_CLIENT_OPTIONS": json.dumps({"batch.num.messages": most})}
    kafka = MskKafka(read(msk.environment() | options))
    outcomes = kafka.produce(name, records, deadline).outcomes
    assert bad == {i for i, one in enumerate(outcomes) if one.status == "rejected"}
    assert sorted(r.key for r in records if r.key) == sorted(
        m.key() or b"" for m in eyes.records(name)
    )


def test_a_cluster_that_is_lost_before_halves_are_sent(
    kafka: MskKafka, topic: Callable[..., str], deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where what was refused together can't be sent again, the stream ends with that cause."""

    class Lost:
        def __init__(self, *_: object) -> None:
            raise BrokerUnreachable("gone.")

    monkeypatch.setattr(module, "Sender", Lost)
    stream = kafka.stream(topic(config={"cleanup.policy": "compact"}), deadline)
    assert stream.put([Outgoing(None, b"v", []), Outgoing(b"k", b"v", [])])
    done = stream.finish()
    assert (0, {}) == (done.settled, done.refused)
    assert isinstance(done.cause, BrokerUnreachable)


def test_a_client_with_a_small_queue(
    msk: LocalMsk, topic: Callable[..., str], eyes: Eyes, deadline: Deadline
) -> None:
    """Where the client's own queue is set smaller than the stream's, the stream waits for it."""
    options = {"KAFKA_CLIENT_OPTIONS": '{"queue.buffering.max.messages": 100}'}
    stream = MskKafka(read(msk.environment() | options)).stream(name := topic(), deadline)
    assert stream.put(numbers(0))
    assert (BATCH, None) == ((done := stream.finish()).settled, done.cause)
    assert numbers(0) == [m.value() for m in eyes.records(name)]
