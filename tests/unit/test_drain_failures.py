"""Drains that can't store something: the rest is stored, committed, and the failure raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from msk_client.actions.draining import drain
from msk_client.errors import (
    BrokerUnreachable,
    DeadlineExceeded,
    GroupInUse,
    MskClientError,
    NotAuthorized,
    ObjectConflict,
    StorageRefused,
    StorageUnavailable,
    UnfitRecord,
    UnknownObject,
)
from msk_client.records import Record
from tests.fake_s3 import FakeObject, FakeS3
from tests.unit.invoking import body, cluster, invoke, outgoing

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.deadline import Deadline
    from msk_client.s3.keys import Place
    from tests.unit.invoking import KeptKafka

DRAIN = {
    "action": "consume", "topic": "orders", "group": "lake", "destination": "s3://my-bucket/lake",
}  # fmt: skip
SMALL = DRAIN | {"destination": {"uri": "s3://my-bucket/lake", "object_bytes": 1}}
"""Each record becomes an object."""


def denying(
    partition: int, problem: MskClientError
) -> Callable[[str, Place], MskClientError | None]:
    """Let S3 fail for one partition."""
    return lambda _, at: problem if f"partition={partition}/" in at.key else None


@pytest.mark.parametrize("kind", [NotAuthorized, StorageRefused, ObjectConflict])
def test_a_partition_that_can_not_be_stored_stops_no_other(kind: type[MskClientError]) -> None:
    """The others are stored and committed; then the failure is raised, with how far they came."""
    kafka, s3 = cluster("rr", "rrrr", "r"), FakeS3()
    s3.fail = denying(1, kind("no."))
    with pytest.raises(kind) as caught:
        invoke(DRAIN, kafka, s3=s3)
    assert str(caught.value) == (
        "no. Stored all the same: partition 0 up to 2, 2 up to 1. The next run goes on there."
    )
    assert kafka.bookmarks["lake", "orders"] == {0: 2, 1: 0, 2: 1}
    s3.fail = lambda *_: None
    answer = body(DRAIN, kafka, s3=s3)
    assert [(one["partition"], one["start"]) for one in answer["objects"]] == [(1, 0)]


def test_an_export_that_fails_promises_no_next_run() -> None:
    """An export has no bookmark; the same call again finds what is stored, and goes on behind."""
    kafka, s3 = cluster("rr", "rr"), FakeS3()
    export = DRAIN | {"group": None}
    s3.fail = denying(1, NotAuthorized("no."))
    with pytest.raises(NotAuthorized) as caught:
        invoke(export, kafka, s3=s3)
    assert str(caught.value) == (
        "no. Stored all the same: partition 0 up to 2. The same call again finds it there, and"
        " goes on behind."
    )
    s3.fail = lambda *_: None
    assert [one["adopted"] for one in body(export, kafka, s3=s3)["objects"]] == [True, False]


@pytest.mark.parametrize("kind", [StorageUnavailable, UnknownObject])
def test_an_s3_that_fails_altogether_ends_the_run(kind: type[MskClientError]) -> None:
    """Where S3 can't be had at all, the failure is raised and the bookmark stays."""
    kafka, s3 = cluster("rr", "rr"), FakeS3()
    s3.fail = lambda *_: kind("no.")
    with pytest.raises(kind, match=r"^no\.$"):
        invoke(DRAIN, kafka, s3=s3)
    assert kafka.bookmarks["lake", "orders"] == {0: 0, 1: 0}


def test_an_s3_that_fails_is_not_asked_for_every_partition() -> None:
    """Where S3 can't be had, what isn't on its way yet stays where it is."""
    kafka, s3 = cluster(*["r"] * 8), FakeS3()
    s3.fail = lambda *_: StorageUnavailable("no.")
    with pytest.raises(StorageUnavailable):
        invoke(DRAIN, kafka, s3=s3)
    assert drain.WRITERS <= len(s3.calls) < drain.WRITERS + drain.LOST_AFTER


def test_a_prefix_that_s3_fails_to_serve_stops_no_other() -> None:
    """S3 throttles by prefix: what it stores elsewhere is stored and committed."""
    kafka, s3 = cluster("rrr", *["r"] * 7), FakeS3()
    s3.fail = denying(0, StorageUnavailable("503."))
    with pytest.raises(
        StorageUnavailable, match=r"503\. Stored all the same: partition 1 up to 1,"
    ):
        invoke(DRAIN, kafka, s3=s3)
    assert kafka.bookmarks["lake", "orders"] == {0: 0} | dict.fromkeys(range(1, 8), 1)


def offsets_read(kafka: KeptKafka) -> list[tuple[int, int]]:
    """Note which records are read from now on."""
    noted: list[tuple[int, int]] = []
    read = kafka.read

    def watched(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        for event in read(*arguments, **options):
            if isinstance(event, Record):
                noted.append((event.partition, event.offset))
            yield event

    kafka.read = watched  # type: ignore[method-assign]
    return noted


def test_a_partition_that_can_not_be_stored_is_read_no_further() -> None:
    """What is left of it costs the others no time; each of their records is read once."""
    kafka, s3 = cluster("r" * 50, "r" * 9), FakeS3()
    s3.fail = denying(0, NotAuthorized("no."))
    read = offsets_read(kafka)
    with pytest.raises(NotAuthorized):
        invoke(SMALL, kafka, s3=s3)
    assert sum(partition == 0 for partition, _ in read) < 5
    assert [offset for partition, offset in read if partition == 1] == [*range(9)]
    assert kafka.bookmarks["lake", "orders"] == {0: 0, 1: 9}


def test_a_bucket_that_may_not_be_written_is_told_before_the_topic_is_read() -> None:
    """Where no partition can be stored, nothing more is read."""
    kafka, s3 = cluster("r" * 50, "r" * 50), FakeS3()
    s3.fail = lambda *_: NotAuthorized("no.")
    read = offsets_read(kafka)
    with pytest.raises(NotAuthorized):
        invoke(SMALL, kafka, s3=s3)
    assert len(read) < 10


def test_what_was_adopted_before_a_failure_is_committed() -> None:
    """Many small objects in the way of a large one: each that was adopted counts at once."""
    kafka, s3 = cluster("rrrrr"), FakeS3()
    body(SMALL | {"group": None}, kafka, s3=s3)
    s3.fail = lambda _, at: StorageUnavailable("503.") if f"{3:020}" in at.key else None
    with pytest.raises(StorageUnavailable, match="Stored all the same: partition 0 up to 3"):
        invoke(DRAIN, kafka, s3=s3)
    assert kafka.bookmarks["lake", "orders"] == {0: 3}
    assert len(s3.objects) == 5


def test_an_object_that_can_not_be_read_stops_no_other_partition() -> None:
    """An object in the way whose content isn't what its name says is a conflict of its own."""
    kafka, s3 = cluster("rr", "rr"), FakeS3()
    body({**DRAIN, "group": None}, kafka, s3=s3)
    key = "lake/orders/partition=0/00000000000000000000.ndjson.gz"
    metadata = s3.objects[key].headers["Metadata"] | {"sha256": "0" * 64}
    s3.objects[key] = FakeObject(b"unpacked by somebody", {"Metadata": metadata})
    with pytest.raises(ObjectConflict, match=key):
        invoke(DRAIN, kafka, s3=s3)
    assert kafka.bookmarks["lake", "orders"] == {0: 0, 1: 2}


def test_a_record_that_fits_no_format_holds_back_only_what_follows() -> None:
    """What stands before an unfit record is stored and committed; the message names the record."""
    kafka, s3 = cluster("rr", "r"), FakeS3()
    kafka.logs["orders"][0].append(outgoing(b"a\nb"))
    kafka.logs["orders"][0].append(outgoing(b"c"))
    event = DRAIN | {"destination": {"uri": "s3://my-bucket/lake", "format": "raw"}}
    for _ in range(2):
        with pytest.raises(UnfitRecord, match="offset 2 of partition 0"):
            invoke(event, kafka, s3=s3)
        assert kafka.bookmarks["lake", "orders"] == {0: 2, 1: 1}
    assert sorted(one.body for one in s3.objects.values()) == [b"0\n", b"0\n1\n"]


def test_an_object_of_something_else_is_left_alone() -> None:
    """An object in the way that isn't ours fails, and nothing is written over it."""
    kafka, s3 = cluster("rr"), FakeS3()
    key = "lake/orders/partition=0/00000000000000000000.ndjson.gz"
    s3.objects[key] = FakeObject(b"theirs", {})
    with pytest.raises(ObjectConflict, match=key):
        invoke(DRAIN, kafka, s3=s3)
    assert s3.objects[key].body == b"theirs"


def test_a_topic_made_anew_is_a_conflict() -> None:
    """Objects of an earlier topic of this name are not taken for this one's."""
    kafka, s3 = cluster("rr"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    kafka.add_topic("orders")[0].append(outgoing())
    del kafka.bookmarks["lake", "orders"]
    with pytest.raises(ObjectConflict, match="the topic was made anew"):
        invoke(DRAIN, kafka, s3=s3)


def test_a_lost_cluster_leaves_what_was_read_stored() -> None:
    """Where the read fails in the middle, what came before is stored and committed."""
    kafka, s3 = cluster("rrrr"), FakeS3()
    read = kafka.read

    def lost(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        for count, event in enumerate(read(*arguments, **options)):
            if count == 2:
                raise BrokerUnreachable("gone.")
            yield event

    kafka.read = lost  # type: ignore[method-assign]
    with pytest.raises(BrokerUnreachable, match=r"gone\. Stored all the same: partition 0 up to 2"):
        invoke(DRAIN, kafka, s3=s3)
    assert kafka.bookmarks["lake", "orders"] == {0: 2}


def test_a_member_that_joins_meanwhile_keeps_its_position() -> None:
    """A group that has become live during the run is not committed for."""
    kafka, s3 = cluster("rrrr"), FakeS3()

    def join(*_: object) -> None:
        kafka.members["lake"] = 1

    s3.fail = join
    told = r"Stored all the same: partition 0 up to 4\. The same call again finds "
    with pytest.raises(GroupInUse, match=told):
        invoke(DRAIN, kafka, s3=s3)
    assert kafka.bookmarks["lake", "orders"] == {0: 0}


def test_a_bug_is_not_swallowed() -> None:
    """What is none of our classes comes up as it is."""
    kafka, s3 = cluster("r"), FakeS3()

    def bug(*_: object) -> None:
        raise ZeroDivisionError

    s3.fail = bug
    with pytest.raises(ZeroDivisionError):
        invoke(DRAIN, kafka, s3=s3)


@pytest.mark.parametrize(("late", "kind"), [(False, BrokerUnreachable), (True, DeadlineExceeded)])
def test_a_look_up_at_the_end_of_the_time_is_no_failure(
    kind: type[MskClientError], *, late: bool
) -> None:
    """What fails for want of time isn't told as a failure of the cluster; before that it is."""
    kafka, s3 = cluster("rr"), FakeS3()

    def read(_: str, __: object, deadline: Deadline, **___: object) -> Any:  # noqa: ANN401
        while late and not deadline.passed:
            pass
        raise BrokerUnreachable("no answer within 0.0 s.")

    kafka.read = read  # type: ignore[method-assign, assignment]
    with pytest.raises(kind):
        invoke(DRAIN, kafka, remaining_ms=620, s3=s3)
