"""What the port promises of a stream, held against the fake and against a real Kafka."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from msk_client.deadline import Deadline
from msk_client.errors import InvalidRequest, RecordTooLarge, UnknownTopic
from msk_client.ports import Mark, Streamed
from msk_client.records import Outgoing, Record

if TYPE_CHECKING:
    from msk_client.ports import Kafka
    from tests.contract.stage import Stage

pytestmark = pytest.mark.protocol


def log_of(kafka: Kafka, topic: str, count: int, deadline: Deadline) -> list[Record]:
    """Read the first records of partition 0."""
    events = kafka.read(topic, {0: (0, count)}, deadline, read_committed=True)
    return [event for event in events if isinstance(event, Record)]


def test_a_topic_that_is_not_there_has_no_stream(kafka: Kafka, deadline: Deadline) -> None:
    """A stream to a topic that doesn't exist is refused at its beginning."""
    with pytest.raises(UnknownTopic):
        kafka.stream("no-such-topic", deadline)


def test_bare_values_keep_their_order(stage: Stage, kafka: Kafka, deadline: Deadline) -> None:
    """Values of any bytes arrive in their order, without key, headers or a timestamp of theirs."""
    topic = stage.topic()
    values = [b"", b"\x00\xff", b"x" * 1000, *(str(i).encode() for i in range(5_000))]
    stream = kafka.stream(topic, deadline)
    assert 1 == stream.num_partitions
    for at in range(0, len(values), 700):
        assert stream.put(values[at : at + 700])
    size = sum(map(len, values))
    assert Streamed(len(values), size, {}, None) == stream.finish()
    records = log_of(kafka, topic, len(values), deadline)
    assert [(None, v, []) for v in values] == [(r.key, r.value, r.headers) for r in records]


def test_records_keep_all_they_have(stage: Stage, kafka: Kafka, deadline: Deadline) -> None:
    """Keys, tombstones, headers, timestamps and partitions arrive as they were given."""
    topic = stage.topic(2)
    records = [
        Outgoing(b"k", b"v", [("h", b"1"), ("h", None)], 0, 1_700_000_000_000),
        Outgoing(b"k", None, [], 0, 1_700_000_000_001),
        Outgoing(b"", b"", [], 0, 1_700_000_000_002),
        Outgoing(None, b"other", [], 1, 1_700_000_000_003),
    ]
    stream = kafka.stream(topic, deadline)
    assert stream.put(records)
    assert Streamed(4, 8, {}, None) == stream.finish()
    read = [
        (r.key, r.value, r.headers, r.partition, r.timestamp_ms)
        for partition in (0, 1)
        for r in kafka.read(
            topic, {partition: (0, 3 - 2 * partition)}, deadline, read_committed=True
        )
        if isinstance(r, Record)
    ]
    assert [(r.key, r.value, r.headers, r.partition, r.timestamp_ms) for r in records] == read


@pytest.mark.parametrize("place", [0, 500, 999])
def test_a_refused_record_takes_no_other_with_it(
    stage: Stage, kafka: Kafka, deadline: Deadline, place: int
) -> None:
    """Of a batch with a record that is too large, all others are delivered, and it is named."""
    topic = stage.topic()
    values = [str(i).encode() for i in range(1_000)]
    values[place] = random.randbytes(2_000_000)  # which no compression makes small
    stream = kafka.stream(topic, deadline)
    assert stream.put(values)
    done = stream.finish()
    assert (1_000, [place], None) == (done.settled, [*done.refused], done.cause)
    assert isinstance(done.refused[place].error, RecordTooLarge)
    assert 1 == stream.refused
    assert {*values} - {values[place]} == {r.value for r in log_of(kafka, topic, 999, deadline)}


def test_a_partition_that_is_not_there(stage: Stage, kafka: Kafka, deadline: Deadline) -> None:
    """A record for a partition that the topic doesn't have is refused, and the stream goes on."""
    topic = stage.topic()
    stream = kafka.stream(topic, deadline)
    assert stream.put([Outgoing(None, b"a", [], 7), Outgoing(None, b"b", [], 0)])
    done = stream.finish()
    assert (2, [0]) == (done.settled, [*done.refused])
    assert isinstance(done.refused[0].error, InvalidRequest)
    assert [b"b"] == [r.value for r in log_of(kafka, topic, 1, deadline)]


def test_more_than_the_window_holds(stage: Stage, kafka: Kafka, deadline: Deadline) -> None:
    """A stream is as long as it is asked for, far beyond what may be on its way at once."""
    topic = stage.topic(3)
    stream = kafka.stream(topic, deadline)
    count, batch = 100_000, [b"0123456789"] * 10_000
    for _ in range(count // len(batch)):
        assert stream.put(batch)
    assert Streamed(count, 10 * count, {}, None) == stream.finish()
    assert count == sum(stage_end(kafka, topic, deadline))


def stage_end(kafka: Kafka, topic: str, deadline: Deadline) -> list[int]:
    """Answer the end of each partition."""
    (ends,) = kafka.offsets(topic, range(3), [Mark.END], deadline)
    return list(ends.values())


def test_an_empty_stream(stage: Stage, kafka: Kafka, deadline: Deadline) -> None:
    """A stream of nothing ends well."""
    stream = kafka.stream(stage.topic(), deadline)
    assert stream.put([])
    assert Streamed(0, 0, {}, None) == stream.finish()


def test_a_stream_without_time_takes_nothing(stage: Stage, kafka: Kafka) -> None:
    """When the time is up nothing more is taken, and nothing was sent."""
    topic = stage.topic()
    deadline = Deadline.after(1)
    stream = kafka.stream(topic, deadline)
    while not stream.over:
        pass
    assert not stream.put([b"late"])
    assert 0 == stream.finish().settled
    assert [] == log_of(kafka, topic, 0, Deadline.after(10))
