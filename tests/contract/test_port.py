"""What the `Kafka` port promises, held against the fake and against a real Kafka."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest

from msk_client.deadline import Deadline
from msk_client.errors import (
    BrokerUnreachable,
    DeadlineExceeded,
    GroupInUse,
    InvalidRequest,
    OffsetOutOfRange,
    RecordTooLarge,
    ThrottledOrBusy,
    TopicExists,
    UnknownTopic,
)
from msk_client.ports import Beginning, Mark, NewTopic, Position, Topic
from msk_client.records import Outgoing, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msk_client.ports import Event, Kafka
    from tests.contract.stage import Stage

pytestmark = pytest.mark.protocol

LOW, STABLE, HIGH = Mark.BEGINNING, Mark.STABLE_END, Mark.END


def new(num_partitions: int = 1, name: str = "") -> NewTopic:
    """Describe a topic of a random name, or of this one."""
    return NewTopic(name or f"t-{uuid.uuid4().hex[:12]}", num_partitions, None, {})


def events_of(
    kafka: Kafka,
    topic: str,
    ranges: Mapping[int, tuple[int, int]],
    deadline: Deadline,
    *,
    read_committed: bool = True,
) -> list[Event]:
    """Read everything."""
    return list(kafka.read(topic, ranges, deadline, read_committed=read_committed))


def values_of(events: list[Event]) -> list[bytes | None]:
    """Take the records' values, in order."""
    return [event.value for event in events if isinstance(event, Record)]


def others_of(events: list[Event]) -> list[Event]:
    """Take what isn't a record."""
    return [event for event in events if not isinstance(event, Record)]


# Topics


def test_a_created_topic_can_be_looked_up(kafka: Kafka, deadline: Deadline) -> None:
    """A topic that was created is described with its partitions at once."""
    wanted = new(3)
    kafka.create_topic(wanted, deadline, validate_only=False)
    assert kafka.topic(wanted.name, deadline) == Topic(wanted.name, 3, 1)


def test_a_topic_that_is_not_there_is_none(kafka: Kafka, deadline: Deadline) -> None:
    """Looking up a topic that doesn't exist answers None."""
    assert kafka.topic("no-such-topic", deadline) is None


def test_a_topic_has_an_id(kafka: Kafka, stage: Stage, deadline: Deadline) -> None:
    """A topic keeps its id, and no two topics have the same."""
    first, second = stage.topic(), stage.topic()
    ids = [kafka.topic_id(name, deadline) for name in (first, first, second)]
    assert ids[0] is not None
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


def test_a_topic_that_is_not_there_has_no_id(kafka: Kafka, deadline: Deadline) -> None:
    """Asking for the id of a topic that doesn't exist raises `UnknownTopic`."""
    with pytest.raises(UnknownTopic):
        kafka.topic_id("no-such-topic", deadline)


def test_validating_a_topic_makes_none(kafka: Kafka, deadline: Deadline) -> None:
    """With `validate_only` no topic is made."""
    wanted = new()
    kafka.create_topic(wanted, deadline, validate_only=True)
    assert kafka.topic(wanted.name, deadline) is None


@pytest.mark.parametrize("validate_only", [False, True])
def test_an_existing_topic_is_not_created_again(
    stage: Stage, deadline: Deadline, *, validate_only: bool
) -> None:
    """Creating a topic that exists raises `TopicExists`, also when only validating."""
    existing = new(name=stage.topic())
    with pytest.raises(TopicExists):
        stage.kafka.create_topic(existing, deadline, validate_only=validate_only)


def test_all_topics_are_listed(stage: Stage, deadline: Deadline) -> None:
    """The list holds each topic with its number of partitions."""
    one, two = stage.topic(1), stage.topic(2)
    listed = {topic.name: topic.num_partitions for topic in stage.kafka.topics(deadline)}
    assert {one: 1, two: 2}.items() <= listed.items()


def test_the_cluster_names_its_brokers(kafka: Kafka, deadline: Deadline) -> None:
    """The cluster's description has an id, a controller and brokers with host and port."""
    cluster = kafka.cluster(deadline)
    assert cluster.cluster_id
    assert cluster.controller_id in [broker.id for broker in cluster.brokers]
    assert all(broker.host and broker.port for broker in cluster.brokers)


# Producing


def test_records_are_delivered_in_their_order(stage: Stage, deadline: Deadline) -> None:
    """Each record's outcome says where it stands, in the order of the records."""
    topic = stage.topic(2)
    records = [Outgoing(None, b"%d" % i, [], i % 2, 1_700_000_000_000 + i) for i in range(4)]
    produced = stage.kafka.produce(topic, records, deadline)
    assert produced.num_partitions == 2
    assert [(o.status, o.partition, o.offset, o.timestamp_ms) for o in produced.outcomes] == [
        ("delivered", i % 2, i // 2, 1_700_000_000_000 + i) for i in range(4)
    ]


def test_what_was_produced_is_read_back(stage: Stage, deadline: Deadline) -> None:
    """Null and empty keys and values, repeated and null headers come back as they were sent."""
    topic = stage.topic()
    headers: list[tuple[str, bytes | None]] = [("a", b"1"), ("a", b"\xff"), ("n", None), ("e", b"")]
    stage.kafka.produce(
        topic,
        [Outgoing(None, None, headers, 0, 5), Outgoing(b"", b"", [], 0, 6)],
        deadline,
    )
    assert events_of(stage.kafka, topic, {0: (0, 2)}, deadline)[:2] == [
        Record(topic, 0, 0, 5, "create", None, None, headers),
        Record(topic, 0, 1, 6, "create", b"", b"", []),
    ]


def test_a_refused_record_leaves_its_neighbours_alone(stage: Stage, deadline: Deadline) -> None:
    """A record that is too large, or for a partition that isn't there, is the only one rejected."""
    topic = stage.topic()
    values = [(b"a", 0), (os.urandom(2_000_000), 0), (b"b", 0), (b"c", 7)]
    records = [Outgoing(None, value, [], partition) for value, partition in values]
    outcomes = stage.kafka.produce(topic, records, deadline).outcomes
    assert [o.status for o in outcomes] == ["delivered", "rejected", "delivered", "rejected"]
    assert isinstance(outcomes[1].error, RecordTooLarge)
    assert isinstance(outcomes[3].error, InvalidRequest)
    assert [outcome.retriable for outcome in outcomes] == [False] * 4


def test_producing_to_no_topic_is_refused(kafka: Kafka, deadline: Deadline) -> None:
    """Producing to a topic that doesn't exist raises `UnknownTopic`."""
    with pytest.raises(UnknownTopic):
        kafka.produce("no-such-topic", [Outgoing(None, b"a", [])], deadline)


# Offsets


def test_an_empty_partition_begins_and_ends_at_0(stage: Stage, deadline: Deadline) -> None:
    """All marks of a partition without records are 0."""
    found = stage.kafka.offsets(stage.topic(2), [0, 1], (LOW, STABLE, HIGH), deadline)
    assert found == [{0: 0, 1: 0}] * 3


def test_marks_follow_the_log(stage: Stage, deadline: Deadline) -> None:
    """Beginning and ends move with deletions and records, partition by partition."""
    topic = stage.topic(2)
    stage.write(topic, [b"a", b"b", b"c"], 1)
    stage.delete_before(topic, 2, 1)
    found = stage.kafka.offsets(topic, [1, 0], (HIGH, LOW, STABLE), deadline)
    assert found == [{1: 3, 0: 0}, {1: 2, 0: 0}, {1: 3, 0: 0}]


def test_an_open_transaction_holds_the_stable_end_back(stage: Stage, deadline: Deadline) -> None:
    """The last stable offset is the open transaction's first record; the high watermark isn't."""
    topic = stage.topic()
    stage.write(topic, [b"a"])
    with stage.transaction(topic, [b"b", b"c"]):
        assert stage.kafka.offsets(topic, [0], (STABLE, HIGH), deadline) == [{0: 1}, {0: 3}]
    assert stage.kafka.offsets(topic, [0], (STABLE, HIGH), deadline) == [{0: 4}, {0: 4}]


def test_a_time_finds_the_first_record_not_older(stage: Stage, deadline: Deadline) -> None:
    """The earliest offset with such a timestamp answers, and no partition where there is none."""
    topic = stage.topic(2)
    times_ms = [3000, 1000, 4000, 2000]
    stage.kafka.produce(topic, [Outgoing(None, b"", [], 0, t) for t in times_ms], deadline)
    found = stage.kafka.offsets(topic, [0, 1], (2000, 3001, 4001), deadline)
    assert found == [{0: 0}, {0: 2}, {}]


def test_offsets_of_no_topic_are_refused(kafka: Kafka, deadline: Deadline) -> None:
    """Looking up offsets in a topic that doesn't exist raises `UnknownTopic`."""
    with pytest.raises(UnknownTopic):
        kafka.offsets("no-such-topic", [0], (HIGH,), deadline)


# Reading


def test_a_range_is_read_exactly(stage: Stage, deadline: Deadline) -> None:
    """The start is read, the end isn't, and a last position says that the end was reached."""
    topic = stage.topic()
    stage.write(topic, [b"a", b"b", b"c", b"d"])
    events = events_of(stage.kafka, topic, {0: (1, 3)}, deadline)
    assert values_of(events) == [b"b", b"c"]
    assert events[-1] == Position(0, 3)


def test_each_partition_is_read_in_its_order(stage: Stage, deadline: Deadline) -> None:
    """Records of a partition come in the order of their offsets, and then its position."""
    topic = stage.topic(3)
    for partition in range(3):
        stage.write(topic, [b"%d-%d" % (partition, i) for i in range(50)], partition)
    events = events_of(stage.kafka, topic, {0: (0, 50), 1: (10, 20), 2: (49, 50)}, deadline)
    for partition, (start, end) in {0: (0, 50), 1: (10, 20), 2: (49, 50)}.items():
        here = [event for event in events if event.partition == partition]
        assert values_of(here) == [b"%d-%d" % (partition, i) for i in range(start, end)]
        assert here[-1] == Position(partition, end)


def test_an_empty_range_yields_nothing(stage: Stage, deadline: Deadline) -> None:
    """Partitions whose start is not before their end are not read at all."""
    topic = stage.topic(2)
    stage.write(topic, [b"a"])
    assert events_of(stage.kafka, topic, {0: (1, 1), 1: (0, 0)}, deadline) == []


def test_a_range_without_records_reaches_its_end(stage: Stage, deadline: Deadline) -> None:
    """Where a range holds only aborted records and markers, its end is reached at once."""
    topic = stage.topic()
    stage.write(topic, [b"a"])
    stage.abort(topic, 3)
    assert events_of(stage.kafka, topic, {0: (1, 5)}, deadline) == [Position(0, 5)]


def test_an_end_within_a_gap_is_reached(stage: Stage, deadline: Deadline) -> None:
    """A range that ends where there is no record ends there, and not at the next record."""
    topic = stage.topic()
    stage.write(topic, [b"a"])
    stage.abort(topic, 3)
    stage.write(topic, [b"z"])
    events = events_of(stage.kafka, topic, {0: (0, 3)}, deadline)
    assert values_of(events) == [b"a"]
    assert events[-1] == Position(0, 3)


def test_deleted_offsets_are_reported_and_passed(stage: Stage, deadline: Deadline) -> None:
    """A start below the log's beginning goes on at the beginning, which an event says."""
    topic = stage.topic()
    stage.write(topic, [b"a", b"b", b"c", b"d"])
    stage.delete_before(topic, 2)
    events = events_of(stage.kafka, topic, {0: (1, 4)}, deadline)
    assert events[0] == Beginning(0, 1, 2)
    assert values_of(events) == [b"c", b"d"]


def test_a_range_that_is_all_deleted_ends_at_the_beginning(
    stage: Stage, deadline: Deadline
) -> None:
    """Where everything up to the end is gone, the position is the log's beginning."""
    topic = stage.topic()
    stage.write(topic, [b"a", b"b", b"c"])
    stage.delete_before(topic, 3)
    events = events_of(stage.kafka, topic, {0: (0, 2)}, deadline)
    assert events == [Beginning(0, 0, 3), Position(0, 3)]


def test_a_start_above_the_end_is_refused(stage: Stage, deadline: Deadline) -> None:
    """A range that starts beyond the log's end raises `OffsetOutOfRange`."""
    topic = stage.topic()
    stage.write(topic, [b"a"])
    with pytest.raises(OffsetOutOfRange, match="ends at offset 1"):
        events_of(stage.kafka, topic, {0: (5, 6)}, deadline)


def test_a_partition_can_be_read_again(stage: Stage, deadline: Deadline) -> None:
    """A read says the same as the one before it, whichever partition ended first."""
    topic = stage.topic(2)
    stage.write(topic, [b"a"])
    stage.write(topic, [b"%d" % i for i in range(2000)], 1)
    for _ in range(3):
        events = events_of(stage.kafka, topic, {0: (0, 1), 1: (0, 2000)}, deadline)
        assert len(values_of(events)) == 2001
        assert {Position(0, 1), Position(1, 2000)} == set(others_of(events))


def test_a_read_can_be_left(stage: Stage, deadline: Deadline) -> None:
    """A read that was closed before its end doesn't disturb the next one, at another place."""
    topic = stage.topic()
    stage.write(topic, [b"%d" % i for i in range(3000)])
    for start in (0, 2000, 100):
        with closing(
            stage.kafka.read(topic, {0: (start, 3000)}, deadline, read_committed=True)
        ) as events:
            assert values_of([next(events)]) == [b"%d" % start]


def test_an_uncommitted_read_passes_the_stable_end(stage: Stage, deadline: Deadline) -> None:
    """Without `read_committed` the records of an open transaction are read."""
    topic = stage.topic()
    stage.write(topic, [b"a"])
    with stage.transaction(topic, [b"b"]):
        events = events_of(stage.kafka, topic, {0: (0, 2)}, deadline, read_committed=False)
    assert values_of(events) == [b"a", b"b"]


def test_reading_no_topic_is_refused(kafka: Kafka, deadline: Deadline) -> None:
    """Reading a topic that doesn't exist raises `UnknownTopic`."""
    with pytest.raises(UnknownTopic):
        events_of(kafka, "no-such-topic", {0: (0, 1)}, deadline)


def test_a_read_ends_quietly_at_its_deadline(stage: Stage) -> None:
    """When the time runs out between records the read just ends, without its last position."""
    topic = stage.topic()
    stage.write(topic, [b"%d" % i for i in range(3000)])
    deadline = Deadline.after(5)
    read = stage.kafka.read(topic, {0: (0, 3000)}, deadline, read_committed=True)
    next(read)
    while not deadline.passed:
        time.sleep(0.05)
    assert others_of(list(read)) == []


# Groups


def test_a_group_without_commits_has_none(stage: Stage, deadline: Deadline) -> None:
    """A group that nobody knows has no committed offsets and no members."""
    assert stage.kafka.committed("nobody", stage.topic(), [0], deadline) == {}
    assert stage.kafka.live_members("nobody", deadline) == 0


def test_a_commit_is_found_again(stage: Stage, deadline: Deadline) -> None:
    """Committed offsets are those of the group and of the partitions asked for."""
    topic = stage.topic(3)
    group = f"g-{topic}"
    stage.kafka.commit(group, topic, {0: 7, 2: 9}, deadline)
    assert stage.kafka.committed(group, topic, [0, 1], deadline) == {0: 7}
    assert stage.kafka.committed(f"other-{group}", topic, [0], deadline) == {}


def test_a_commit_replaces_only_its_partitions(stage: Stage, deadline: Deadline) -> None:
    """A later commit leaves the other partitions where they are; Kafka lets offsets go back."""
    topic = stage.topic(2)
    group = f"g-{topic}"
    stage.kafka.commit(group, topic, {0: 7, 1: 9}, deadline)
    stage.kafka.commit(group, topic, {1: 3}, deadline)
    assert stage.kafka.committed(group, topic, [0, 1], deadline) == {0: 7, 1: 3}


def test_a_live_member_is_counted_and_keeps_others_out(stage: Stage, deadline: Deadline) -> None:
    """While a group has a member it is counted, and a commit from outside is refused."""
    topic = stage.topic()
    group = f"g-{topic}"
    with stage.member(group, topic):
        assert stage.kafka.live_members(group, deadline) == 1
        with pytest.raises(GroupInUse):
            stage.kafka.commit(group, topic, {0: 1}, deadline)
    assert stage.kafka.live_members(group, deadline) == 0
    assert stage.kafka.committed(group, topic, [0], deadline) == {}


# Deadlines


def test_without_time_left_nothing_hangs(stage: Stage) -> None:
    """A call whose deadline has passed comes back at once, with an error of ours or an answer."""
    topic, late = stage.topic(), Deadline.after(0)
    calls = (
        lambda: stage.kafka.topic(topic, late),
        lambda: stage.kafka.offsets(topic, [0], (HIGH,), late),
        lambda: stage.kafka.committed("g", topic, [0], late),
        lambda: stage.kafka.live_members("g", late),
        lambda: events_of(stage.kafka, topic, {0: (0, 1)}, late),
    )
    for call in calls:
        started = time.monotonic()
        with suppress(BrokerUnreachable, DeadlineExceeded, ThrottledOrBusy):
            call()
        assert time.monotonic() - started < 1
