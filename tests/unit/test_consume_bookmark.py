"""consume: a consumer group as a bookmark that is never joined."""

from __future__ import annotations

from typing import Any

import pytest

from msk_client.errors import GroupInUse, NotAuthorized
from tests.unit.invoking import KeptKafka, body, cluster, invoke, places

MINE = ("mine", "orders")


def event(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a consume event that commits."""
    return {"action": "consume", "topic": "orders", "group": "mine", "commit": True, **fields}


def test_a_commit_goes_on_where_the_read_ended() -> None:
    """Calls that commit read each record once, and the bookmark stands behind the last."""
    kafka = cluster("rr.r", "r.")
    found = [places(body(event(max_records=2), kafka)) for _ in range(3)]
    assert [[(0, 0), (0, 1)], [(0, 3), (1, 0)], []] == found
    assert {0: 4, 1: 2} == kafka.bookmarks[MINE]


def test_the_answer_says_that_it_committed() -> None:
    """The answer says `committed`, and nothing of a moved bookmark."""
    answer = body(event(), cluster("r"))
    assert answer["committed"]
    assert "bookmark_moved" not in answer


def test_reading_alone_commits_nothing() -> None:
    """Without `commit` a group's bookmark is read and stays where it is."""
    kafka = cluster("rrr")
    kafka.bookmarks[MINE] = {0: 1}
    answer = body(event(commit=False), kafka)
    assert ([(0, 1), (0, 2)], {0: 1}) == (places(answer), kafka.bookmarks[MINE])
    assert "committed" not in answer
    assert "commit" not in kafka.calls


def test_the_commit_comes_last() -> None:
    """The bookmark moves after everything else that the call asks of Kafka."""
    kafka = cluster("rr")
    body(event(), kafka)
    assert ("commit", 1) == (kafka.calls[-1], kafka.calls.count("commit"))
    assert kafka.calls.index("live_members") < kafka.calls.index("read committed")


def test_a_read_that_fails_commits_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that fails leaves the bookmark where it was."""
    kafka = cluster("rr")

    def fail(*_: object, **__: object) -> Any:  # noqa: ANN401 - nothing comes back
        raise GroupInUse("lost")

    monkeypatch.setattr(kafka, "read", fail)
    with pytest.raises(GroupInUse):
        invoke(event(), kafka)
    assert {} == kafka.bookmarks


def test_only_what_was_read_is_committed() -> None:
    """Only partitions that were read get a bookmark, and others keep theirs."""
    kafka = cluster("rr", "rr", "rr")
    kafka.bookmarks[MINE] = {2: 1}
    body(event(partitions=[1]), kafka)
    assert {1: 2, 2: 1} == kafka.bookmarks[MINE]


# Members


@pytest.mark.parametrize("commit", [True, False])
def test_live_members_are_refused_before_reading(*, commit: bool) -> None:
    """A group with live members is refused before any record is read."""
    kafka = cluster("rr")
    kafka.members["mine"] = 2
    with pytest.raises(GroupInUse, match=r"'mine' has 2 live member"):
        invoke(event(commit=commit), kafka)
    assert "read committed" not in kafka.calls


def test_members_that_join_during_the_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members that come while the call reads make the broker refuse the commit."""
    kafka = cluster("rr")
    read = kafka.read

    def read_as_someone_joins(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the fake
        kafka.members["mine"] = 1
        return read(*arguments, **options)

    monkeypatch.setattr(kafka, "read", read_as_someone_joins)
    with pytest.raises(GroupInUse):
        invoke(event(), kafka)
    assert {} == kafka.bookmarks


# A bookmark that someone else moves


@pytest.mark.parametrize("moved", [{0: 3}, {0: 1}, {0: 0}, {0: 2, 1: 1}, {}], ids=repr)
def test_a_bookmark_that_moved_since_stays(
    moved: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where someone moved the bookmark since the start nothing is committed, and that is said."""
    kafka = cluster("rrrr", "rr")
    kafka.bookmarks[MINE] = {0: 2}
    read = kafka.read

    def read_as_it_moves(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the fake
        kafka.bookmarks[MINE] = dict(moved)
        return read(*arguments, **options)

    monkeypatch.setattr(kafka, "read", read_as_it_moves)
    answer = body(event(), kafka)
    assert (False, True) == (answer["committed"], answer["bookmark_moved"])
    assert moved == kafka.bookmarks[MINE]
    assert "commit" not in kafka.calls


def test_a_bookmark_never_steps_back() -> None:
    """A read that ends before the bookmark of a partition leaves it where it is."""
    kafka = cluster("rrrr", "rrrr")
    kafka.bookmarks[MINE] = {0: 3}
    answer = body(event(until={"offsets": {"0": 1, "1": 2}}), kafka)
    assert {0: 3, 1: 2} == kafka.bookmarks[MINE]
    assert answer["committed"]


def test_nothing_new_is_not_committed_again() -> None:
    """A bookmark at the end isn't written again, and the call works."""
    kafka = cluster("rr")
    kafka.bookmarks[MINE] = {0: 2}
    assert body(event(), kafka)["committed"]
    assert "commit" not in kafka.calls


def test_an_empty_partition_gets_a_bookmark() -> None:
    """A partition without records gets its bookmark too: from then on nothing is missed."""
    kafka = cluster("", "..")
    body(event(), kafka)
    assert {0: 0, 1: 2} == kafka.bookmarks[MINE]


def test_retention_moves_a_bookmark_on() -> None:
    """A bookmark whose records are deleted goes on at the beginning, says so, and is committed."""
    kafka = cluster("rrrr")
    kafka.bookmarks[MINE] = {0: 1}
    kafka.logs["orders"][0].delete_before(3)
    answer = body(event(), kafka)
    assert ([(0, 3)], {"0": {"from": 1, "to": 3}}) == (places(answer), answer["skipped"])
    assert {0: 4} == kafka.bookmarks[MINE]


# Allowed groups


def test_a_forbidden_group() -> None:
    """A group that ALLOWED_GROUPS forbids is refused before anything is asked."""
    kafka = cluster("r")
    with pytest.raises(NotAuthorized, match=r"ALLOWED_GROUPS does not allow consumer group 'mine'"):
        invoke(event(), kafka, ALLOWED_GROUPS="yours-*,min")
    assert [] == kafka.calls


def test_an_allowed_group() -> None:
    """A group that a pattern of ALLOWED_GROUPS matches is used, and reading needs none."""
    kafka = cluster("r")
    assert body(event(), kafka, ALLOWED_GROUPS="m*")["committed"]
    reading = {"action": "consume", "topic": "orders"}
    assert 1 == body(reading, kafka, ALLOWED_GROUPS=",")["count"]


def test_without_a_group_no_group_is_asked_for() -> None:
    """A read without a group asks nothing about groups, so that it needs no permission on any."""
    kafka = KeptKafka()
    kafka.add_topic("orders")
    body({"action": "consume", "topic": "orders"}, kafka)
    assert not {"live_members", "committed", "commit"} & set(kafka.calls)
