"""A consumer group as a bookmark: looked up, moved, never joined, never moved backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import TopicPartition

from local.msk import start_msk
from msk_client.actions.consuming.bookmark import Bookmark
from msk_client.errors import GroupInUse, OffsetOutOfRange, UnknownTopic
from msk_client.kafka import MskKafka
from tests.integration.answers import consume, values_of
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk
    from msk_client.deadline import Deadline
    from tests.integration.conftest import CallFunction

pytestmark = pytest.mark.protocol


def read_on(topic: str, **fields: object) -> dict[str, Any]:
    """An event that reads on from a bookmark and moves it."""
    return consume(topic, group=group_of(topic), commit=True, **fields)


def group_of(topic: str) -> str:
    """A group of the topic's own."""
    return f"g-{topic}"


@pytest.fixture(name="during_the_read")
def something_during_the_read(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have something done when the ends are taken and the read is about to begin."""
    real_read = MskKafka.read

    def arrange(happens: Callable[[], object]) -> None:
        def read(*args: Any, **options: Any) -> Iterator[Any]:  # noqa: ANN401 - passed on
            happens()
            return real_read(*args, **options)

        monkeypatch.setattr(MskKafka, "read", read)

    return arrange


def test_each_call_reads_on(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """A call begins where the one before it committed, and answers that it committed."""
    name = topic(2)
    eyes.produce(name, [b"a", b"b"], 1)
    first = call(read_on(name))
    eyes.produce(name, [b"c"], 0)
    second, third = call(read_on(name)), call(read_on(name))
    assert [values_of(body) for body in (first, second, third)] == [["a", "b"], ["c"], []]
    assert [body["committed"] for body in (first, second, third)] == [True, True, True]
    assert eyes.committed(group_of(name), name, [0, 1]) == {0: 1, 1: 2}


def test_pages_by_a_bookmark(call: CallFunction, topic: Callable[..., str], eyes: Eyes) -> None:
    """Calls that commit page by page have every record exactly once, markers or not."""
    name = topic()
    for i in range(5):
        eyes.transact(name, [b"%d" % i], commit=i != 3)
    pages = [call(read_on(name, max_records=1), fresh=i % 2 == 1) for i in range(5)]
    assert [values_of(page) for page in pages] == [["0"], ["1"], ["2"], ["4"], []]
    assert eyes.committed(group_of(name), name) == {0: 10}


def test_without_commit_a_bookmark_stays(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A group alone says where to start: at its bookmark, and at the beginning without one."""
    name = topic(2)
    for partition in range(2):
        eyes.produce(name, [b"%d-a" % partition, b"%d-b" % partition], partition)
    eyes.commit(group_of(name), name, {1: 1})
    for _ in range(2):
        body = call(consume(name, group=group_of(name)))
        assert sorted(values_of(body)) == ["0-a", "0-b", "1-b"]
        assert not {"committed", "bookmark_moved"} & set(body)
    assert eyes.committed(group_of(name), name, [0, 1]) == {1: 1}


def test_only_the_partitions_that_were_read_are_committed(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """The bookmark of other partitions stays where it is."""
    name = topic(3)
    for partition in range(3):
        eyes.produce(name, [b"x", b"y"], partition)
    eyes.commit(group_of(name), name, {0: 1})
    call(read_on(name, partitions=[1]))
    assert eyes.committed(group_of(name), name, [0, 1, 2]) == {0: 1, 1: 2}


def test_a_live_member_is_found_before_reading(
    call: CallFunction,
    topic: Callable[..., str],
    eyes: Eyes,
    during_the_read: Callable[..., None],
) -> None:
    """A group with a live member is refused, commit or not, and nothing is read."""
    name = topic()
    eyes.produce(name, [b"a"])
    read: list[None] = []
    during_the_read(lambda: read.append(None))
    with eyes.member(group_of(name), name):
        for event in (read_on(name), consume(name, group=group_of(name))):
            with pytest.raises(GroupInUse, match="has 1 live member"):
                call(event)
    assert read == []
    assert values_of(call(read_on(name))) == ["a"]


def test_a_member_that_joins_during_the_read_is_respected(
    call: CallFunction,
    topic: Callable[..., str],
    eyes: Eyes,
    during_the_read: Callable[..., None],
) -> None:
    """The broker refuses the commit into a group that came to life, which is `GroupInUse`."""
    name = topic()
    eyes.produce(name, [b"a"])
    members = []

    def join() -> None:
        member = eyes.member(group_of(name), name)
        member.__enter__()
        members.append(member)

    during_the_read(join)
    with pytest.raises(GroupInUse, match="live members"):
        call(read_on(name))
    members.pop().__exit__(None, None, None)
    assert eyes.committed(group_of(name), name) == {}


@pytest.mark.parametrize("to", [1, 2, 3])
def test_a_bookmark_that_was_moved_is_left_alone(
    call: CallFunction,
    topic: Callable[..., str],
    eyes: Eyes,
    during_the_read: Callable[..., None],
    to: int,
) -> None:
    """Where someone else committed meanwhile, backwards or forwards, that stays, and it is said."""
    name = topic()
    eyes.produce(name, [b"a", b"b", b"c"])
    eyes.commit(group_of(name), name, {0: 1 if to > 1 else 2})
    during_the_read(lambda: eyes.commit(group_of(name), name, {0: to}))
    body = call(read_on(name))
    assert (body["committed"], body["bookmark_moved"]) == (False, True)
    assert eyes.committed(group_of(name), name) == {0: to}


def test_a_bookmark_never_goes_back(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes, deadline: Deadline
) -> None:
    """Moving a bookmark commits only what lies ahead of it, although Kafka would take it back."""
    name = topic(2)
    eyes.commit(group_of(name), name, {0: 5, 1: 5})
    bookmark = Bookmark.open(kafka, group_of(name), name, [0, 1], deadline)
    assert bookmark.move({0: 3, 1: 7}, deadline)
    assert eyes.committed(group_of(name), name, [0, 1]) == {0: 5, 1: 7}


def test_a_bookmark_below_the_beginning_says_what_is_gone(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Records deleted before they were read are reported, and the bookmark passes them."""
    name = topic()
    eyes.produce(name, [b"%d" % i for i in range(6)])
    eyes.commit(group_of(name), name, {0: 1})
    eyes.delete_records(name, {0: 4})
    body = call(read_on(name))
    assert (values_of(body), body["skipped"]) == (["4", "5"], {"0": {"from": 1, "to": 4}})
    assert eyes.committed(group_of(name), name) == {0: 6}


def test_a_bookmark_beyond_the_end_is_refused(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A bookmark beyond the log's end is an error, not an empty page."""
    name = topic()
    eyes.produce(name, [b"a"])
    eyes.commit(group_of(name), name, {0: 7})
    with pytest.raises(OffsetOutOfRange, match="ends at offset 1, before the start asked for, 7"):
        call(read_on(name))


def test_an_error_of_one_partition_is_not_lost(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes, deadline: Deadline
) -> None:
    """A commit of which one partition is refused fails, although the others took place."""
    name = topic()
    with pytest.raises(UnknownTopic, match=f"committing for consumer group '{group_of(name)}'"):
        kafka.commit(group_of(name), name, {0: 1, 9: 1}, deadline)
    assert eyes.committed(group_of(name), name) == {0: 1}


def test_groups_take_turns_in_one_environment(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Bookmarks of several groups, one after the other and again, don't get in each other's way."""
    name = topic()
    eyes.produce(name, [b"a", b"b", b"c"])
    for expected in (["a"], ["b"], ["c"], []):
        for group in ("one", "two"):
            event = consume(name, group=f"{group}-{name}", commit=True, max_records=1)
            assert values_of(call(event)) == expected


def test_a_group_with_an_unusual_name(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A group's name may hold any text that Kafka takes."""
    name = topic()
    eyes.produce(name, [b"a"])
    group = f"ä b/{name}:😀"
    assert call(consume(name, group=group, commit=True))["committed"]
    assert eyes.committed(group, name) == {0: 1}


# Coordinators that come and go


def test_the_first_group_of_a_cluster(
    invoke_on: Callable[..., CallFunction], kafka_version: str
) -> None:
    """A bookmark waits while a new cluster makes the topic where bookmarks are kept."""
    with start_msk(nodes=3, kafka_version=kafka_version) as msk:
        eyes = Eyes(msk.plaintext)
        name = eyes.create_topic()
        eyes.produce(name, [b"a"])
        body = invoke_on(msk)(read_on(name))
        assert (values_of(body), body["committed"]) == (["a"], True)


def test_a_coordinator_that_dies(
    invoke_on: Callable[..., CallFunction], kafka_version: str
) -> None:
    """Bookmarks outlive the death of any broker: a warm environment finds the new coordinator.

    The AdminClient's own requests about groups would end the process here.
    """
    with start_msk(nodes=3, kafka_version=kafka_version) as msk:
        eyes = Eyes(msk.plaintext)
        name = eyes.create_topic()
        call = invoke_on(msk)
        groups = [f"g{i}-{name}" for i in range(4)]  # with coordinators on several brokers
        _one_more_record_for_each(groups, name, call, eyes)
        msk.nodes[0].kill()
        _one_more_record_for_each(groups, name, call, eyes)
        msk.nodes[0].start()
        msk.nodes[1].kill()
        _one_more_record_for_each(groups, name, call, eyes)


def _one_more_record_for_each(
    groups: list[str], topic: str, call: CallFunction, eyes: Eyes
) -> None:
    eyes.produce(topic, [b"x"])
    for group in groups:
        body = call(consume(topic, group=group, commit=True))
        assert (body["count"], body["committed"]) == (1, True)


# The group protocol of KIP-848


@pytest.fixture(name="new_protocol", scope="module")
def a_cluster_with_the_new_group_protocol() -> Iterator[LocalMsk]:
    """Kafka 4 without the restriction to the classic protocol that MSK Serverless has."""
    with start_msk(kafka_version="4.3.1") as msk:
        (node,) = msk.nodes
        settings = msk.folder / "node-1" / "server.properties"
        lines = settings.read_text().splitlines(keepends=True)
        name = "group.coordinator.rebalance.protocols"
        node.kill()
        settings.write_text("".join(line for line in lines if not line.startswith(name)))
        node.start()
        yield msk


def test_a_member_by_the_new_protocol_is_found(
    new_protocol: LocalMsk, invoke_on: Callable[..., CallFunction]
) -> None:
    """A live member of a KIP-848 group is counted; when it has left, the bookmark is free."""
    eyes, call = Eyes(new_protocol.plaintext), invoke_on(new_protocol)
    name = eyes.create_topic()
    eyes.produce(name, [b"a", b"b"])
    with eyes.member(group_of(name), name, **{"group.protocol": "consumer"}) as member:
        with pytest.raises(GroupInUse, match="has 1 live member"):
            call(read_on(name))
        member.commit(offsets=[TopicPartition(name, 0, 1)], asynchronous=False)
    assert values_of(call(read_on(name))) == ["b"]
    assert eyes.committed(group_of(name), name) == {0: 2}


def test_a_member_by_the_new_protocol_that_joins_during_the_read(
    new_protocol: LocalMsk,
    invoke_on: Callable[..., CallFunction],
    during_the_read: Callable[..., None],
) -> None:
    """The broker refuses the commit into a KIP-848 group that came to life."""
    eyes, call = Eyes(new_protocol.plaintext), invoke_on(new_protocol)
    name = eyes.create_topic()
    eyes.produce(name, [b"a"])
    member = eyes.member(group_of(name), name, **{"group.protocol": "consumer"})
    during_the_read(member.__enter__)
    with pytest.raises(GroupInUse, match="live members"):
        call(read_on(name))
    member.__exit__(None, None, None)
