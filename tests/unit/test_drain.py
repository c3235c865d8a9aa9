"""consume with a destination: from the bookmark to the end, into objects."""

from __future__ import annotations

import gzip
import itertools
import json
from typing import Any

import pytest

from msk_client.actions.draining import drain
from msk_client.errors import DeadlineExceeded, GroupInUse, NotAuthorized, OffsetOutOfRange
from msk_client.s3 import content
from tests.fake_s3 import FakeS3
from tests.unit.invoking import KeptKafka, body, cluster, invoke, invoke_set, outgoing

DRAIN = {
    "action": "consume", "topic": "orders", "group": "lake", "destination": "s3://my-bucket/lake",
}  # fmt: skip
EXPORT = {"action": "consume", "topic": "orders", "destination": "s3://my-bucket/lake"}


def contents(s3: FakeS3) -> dict[str, list[int]]:
    """Answer the offsets in each object, by what follows the topic in its key."""
    return {
        key.removeprefix("lake/orders/partition="): [
            json.loads(line)["offset"] for line in gzip.decompress(one.body).splitlines()
        ]
        for key, one in list(s3.objects.items())
    }


def key(partition: int, start: int) -> str:
    """Answer what follows the topic in a key."""
    return f"{partition}/{start:020}.ndjson.gz"


def spans(answer: dict[str, Any]) -> list[tuple[int, int, int, bool]]:
    """Answer partition, start, next and adopted of the objects of an answer."""
    return [(o["partition"], o["start"], o["next"], o["adopted"]) for o in answer["objects"]]


def test_a_first_drain_stores_everything() -> None:
    """Without a bookmark a drain begins at the log's beginning, and ends with one at its end."""
    kafka, s3 = cluster("rr.r", "r", ""), FakeS3()
    answer = body(DRAIN, kafka, s3=s3)
    assert contents(s3) == {key(0, 0): [0, 1, 3], key(1, 0): [0]}
    assert spans(answer) == [(0, 0, 4, False), (1, 0, 1, False)]
    assert answer["objects"][0] == {
        "key": "lake/orders/partition=0/00000000000000000000.ndjson.gz", "partition": 0,
        "start": 0, "last": 3, "next": 4, "count": 3, "adopted": False,
        "bytes": len(s3.objects["lake/orders/partition=0/00000000000000000000.ndjson.gz"].body),
    }  # fmt: skip
    told = {name: answer[name] for name in ("count", "adopted_count", "drained", "committed")}
    assert told == {"count": 4, "adopted_count": 0, "drained": True, "committed": True}
    assert answer["next"] == answer["end"] == {"0": 4, "1": 1, "2": 0}
    assert answer["lag"] == {"0": 0, "1": 0, "2": 0}
    assert kafka.bookmarks["lake", "orders"] == {0: 4, 1: 1, 2: 0}
    assert "records" not in answer


def test_the_next_drain_goes_on() -> None:
    """A second drain stores what has come since, under where the first one ended."""
    kafka, s3 = cluster("rr"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    kafka.logs["orders"][0].append(outgoing())
    assert spans(body(DRAIN, kafka, s3=s3)) == [(0, 2, 3, False)]
    assert contents(s3) == {key(0, 0): [0, 1], key(0, 2): [2]}


def test_nothing_new_is_drained_at_once() -> None:
    """A drain without news writes nothing, and commits the bookmark again lest it expire."""
    kafka, s3 = cluster("rr"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    kafka.calls.clear()
    answer = body(DRAIN, kafka, s3=s3)
    assert (answer["objects"], answer["drained"], answer["count"]) == ([], True, 0)
    assert kafka.calls.count("commit") == 1


def test_a_killed_run_is_adopted() -> None:
    """What a run stored that never moved its bookmark is adopted by the next one."""
    kafka, s3 = cluster("rrr"), FakeS3()
    body(EXPORT, kafka, s3=s3)  # as a run that was killed before its commit
    kafka.logs["orders"][0].append(outgoing())
    answer = body(DRAIN, kafka, s3=s3)
    assert spans(answer) == [(0, 0, 3, True), (0, 3, 4, False)]
    assert (answer["count"], answer["adopted_count"]) == (1, 3)
    assert kafka.bookmarks["lake", "orders"] == {0: 4}


def test_a_range_without_records_is_no_object() -> None:
    """Where there are only markers, nothing is stored or passed over, but it counts as read."""
    kafka, s3 = cluster("rr"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    kafka.logs["orders"][0].gap(3)
    answer = body(DRAIN, kafka, s3=s3)
    assert (answer["objects"], answer["drained"]) == ([], True)
    assert (answer["next"], answer["lag"]) == ({"0": 2}, {"0": 0})
    assert kafka.bookmarks["lake", "orders"] == {0: 2}
    kafka.logs["orders"][0].append(outgoing())
    assert spans(body(DRAIN, kafka, s3=s3)) == [(0, 2, 6, False)]


def test_deleted_records_are_reported() -> None:
    """What retention took before it was drained is `skipped`; the next object begins before it."""
    kafka, s3 = cluster("rr"), FakeS3()
    body(DRAIN, kafka, s3=s3)
    log = kafka.logs["orders"][0]
    for _ in range(4):
        log.append(outgoing())
    log.delete_before(4)
    answer = body(DRAIN, kafka, s3=s3)
    assert answer["skipped"] == {"0": {"from": 2, "to": 4}}
    assert spans(answer) == [(0, 2, 6, False)]
    assert contents(s3)[key(0, 2)] == [4, 5]


def test_the_bookmark_comes_before_the_first_object() -> None:
    """A first run gives the group its start, before anything is stored."""
    kafka, s3 = cluster("rr", ""), FakeS3()
    kafka.logs["orders"][0].delete_before(1)
    at_first_put: list[dict[int, int]] = []
    s3.fail = lambda *_: at_first_put.append(dict(kafka.bookmarks["lake", "orders"]))
    body(DRAIN, kafka, s3=s3)
    assert at_first_put == [{0: 1, 1: 0}]


def test_a_bookmark_that_moves_meanwhile_stays() -> None:
    """Where somebody else commits during the run nothing is committed, and the answer says so."""
    kafka, s3 = cluster("rrr"), FakeS3()

    def commit(*_: object) -> None:
        kafka.bookmarks["lake", "orders"] = {0: 1}

    s3.fail = commit
    answer = body(DRAIN, kafka, s3=s3)
    assert (answer["committed"], answer["bookmark_moved"]) == (False, True)
    assert spans(answer) == [(0, 0, 3, False)]
    assert kafka.bookmarks["lake", "orders"] == {0: 1}


def test_a_drain_stops_where_the_bookmark_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that sees that somebody else is at work reads no further."""
    monkeypatch.setattr(drain, "COMMIT_EVERY_S", -1)
    kafka, s3 = cluster("r" * 50), FakeS3()

    def commit(*_: object) -> None:
        kafka.bookmarks["lake", "orders"] = {0: 1}

    s3.fail = commit
    event = DRAIN | {"destination": {"uri": "s3://my-bucket/lake", "object_bytes": 1}}
    answer = body(event, kafka, s3=s3)
    assert (answer["drained"], answer["bookmark_moved"]) == (False, True)
    assert 0 < len(answer["objects"]) < 50


def test_commits_come_while_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long run moves its bookmark again and again, only over what is stored."""
    monkeypatch.setattr(drain, "COMMIT_EVERY_S", -1)
    kafka, s3 = cluster("r" * 20), FakeS3()
    stored_at_commit: list[tuple[int, int]] = []
    commit = kafka.commit

    def watch(group: str, topic: str, offsets: dict[int, int], deadline: Any) -> None:  # noqa: ANN401
        stored = sorted(o for one in contents(s3).values() for o in one)
        stored_at_commit.append((offsets[0], len(stored)))
        commit(group, topic, offsets, deadline)

    kafka.commit = watch  # type: ignore[method-assign]
    event = DRAIN | {"destination": {"uri": "s3://my-bucket/lake", "object_bytes": 1}}
    body(event, kafka, s3=s3)
    positions = [position for position, _ in stored_at_commit]
    assert positions == sorted(positions)
    assert len(set(positions)) > 3
    assert all(position <= stored for position, stored in stored_at_commit)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what grows takes too much memory, the largest becomes an object early."""
    monkeypatch.setattr(content, "CHUNK_BYTES", 1)
    monkeypatch.setattr(drain, "MEMORY_BYTES", 1_500)
    kafka, s3 = cluster("r" * 40, "r" * 40), FakeS3()
    event = DRAIN | {"destination": {"uri": "s3://my-bucket/lake", "format": "ndjson"}}
    answer = body(event, kafka, s3=s3)
    assert len(answer["objects"]) > 4
    lines = b"".join(one.body for one in s3.objects.values()).splitlines()
    assert sorted(json.loads(line)["offset"] for line in lines) == sorted([*range(40)] * 2)
    assert max(one["bytes"] for one in answer["objects"]) < 1_500 + len(lines[0]) * 2


def test_many_partitions_are_read_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most so many partitions are read at once, those with most to read first."""
    monkeypatch.setattr(drain, "AT_ONCE", 2)
    kafka, s3 = cluster("r", "rrrr", "", "rr", "rrr"), FakeS3()
    answer = body(DRAIN, kafka, s3=s3)
    assert kafka.calls.count("read committed") == 2
    assert answer["drained"]
    assert next(call for call in s3.calls if call.startswith("put")).endswith(key(1, 0))
    assert {one["partition"] for one in answer["objects"]} == {0, 1, 3, 4}


def test_an_export_commits_nothing() -> None:
    """Without a group any range is written, and no bookmark is looked at."""
    kafka, s3 = cluster("rrrrr"), FakeS3()
    event = EXPORT | {"from": {"offsets": {"0": 1}}, "until": {"offsets": {"0": 4}}}
    answer = body(event, kafka, s3=s3)
    assert spans(answer) == [(0, 1, 4, False)]
    assert contents(s3) == {key(0, 1): [1, 2, 3]}
    assert (answer["next"], answer["end"], answer["drained"]) == ({"0": 4}, {"0": 4}, True)
    assert answer["lag"] == {"0": 1}
    assert "committed" not in answer
    assert not {"committed", "commit", "live_members"} & set(kafka.calls)


def test_an_export_again_adopts_what_is_there() -> None:
    """The same export adopts its own objects and adds what is new."""
    kafka, s3 = cluster("rrr"), FakeS3()
    body(EXPORT, kafka, s3=s3)
    kafka.logs["orders"][0].append(outgoing())
    assert spans(body(EXPORT, kafka, s3=s3)) == [(0, 0, 3, True), (0, 3, 4, False)]


@pytest.mark.parametrize(
    ("start", "moves"),
    [
        ("-1d", True),
        ({"tail": 1}, True),
        ("beginning", False),
        ({"offsets": {"0": 0}}, False),
        ({"timestamp": 10**12}, False),
    ],
)
def test_an_export_whose_start_moves_is_warned_of(
    start: object,
    moves: bool,  # noqa: FBT001 - a column
) -> None:
    """The answer says that another call begins elsewhere, and its objects overlap these."""
    answer = body(EXPORT | {"from": start}, cluster("rr"))
    assert ("note" in answer) == moves
    assert "note" not in body(EXPORT, cluster("rr"))


def test_true_is_the_settings_destination() -> None:
    """`true` goes where the settings say, in their form."""
    kafka, s3 = cluster("r"), FakeS3()
    answer = body(
        EXPORT | {"destination": True}, kafka, s3=s3,
        OUTPUT_BUCKET="my-bucket", OUTPUT_PREFIX="x", OUTPUT_FORMAT="raw",
    )  # fmt: skip
    assert answer["destination"] == "s3://my-bucket/x/"
    assert s3.objects["x/orders/partition=0/00000000000000000000.raw"].body == b"0\n"


def test_format_is_how_ndjson_shows_values() -> None:
    """`format` beside `destination` says how keys and values stand in the lines."""
    kafka, s3 = cluster("r"), FakeS3()
    event = EXPORT | {
        "format": "json",
        "destination": {"uri": "s3://my-bucket", "format": "ndjson"},
    }
    body(event, kafka, s3=s3)
    (one,) = s3.objects.values()
    assert json.loads(one.body)["value"] == 0


def test_uncommitted_records_are_read_only_where_asked_for() -> None:
    """`isolation` holds for a drain as for any read."""
    kafka = cluster("rrr")
    kafka.logs["orders"][0].stable = 1
    assert body(EXPORT, kafka)["count"] == 1
    assert body(EXPORT | {"isolation": "read_uncommitted"}, kafka)["count"] == 3


def test_the_time_runs_out_before_anything_is_stored() -> None:
    """With nothing to report, a drain that had no time fails."""
    kafka, s3 = cluster("rrr"), FakeS3()
    read = kafka.read

    def slow(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        yield from itertools.islice(read(*arguments, **options), 0)

    kafka.read = slow  # type: ignore[method-assign]
    with pytest.raises(DeadlineExceeded, match="before an object of topic 'orders' was stored"):
        invoke(DRAIN, kafka, s3=s3)
    assert kafka.bookmarks["lake", "orders"] == {0: 0}


def test_the_time_runs_out_in_the_middle() -> None:
    """What was read in time is stored and committed, and the answer says that there is more."""
    kafka, s3 = cluster("r" * 9), FakeS3()
    read = kafka.read

    def short(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        yield from itertools.islice(read(*arguments, **options), 4)

    kafka.read = short  # type: ignore[method-assign]
    answer = body(DRAIN, kafka, s3=s3)
    assert (answer["drained"], answer["next"], answer["lag"]) == (False, {"0": 4}, {"0": 5})
    assert kafka.bookmarks["lake", "orders"] == {0: 4}


def test_a_live_group_is_left_alone() -> None:
    """A group with members has its own position: nothing is stored."""
    kafka, s3 = cluster("r"), FakeS3()
    kafka.members["lake"] = 1
    with pytest.raises(GroupInUse):
        invoke(DRAIN, kafka, s3=s3)
    assert not s3.objects


def test_a_bookmark_beyond_the_end_fails() -> None:
    """A bookmark of an earlier topic of this name is no place to begin at."""
    kafka, s3 = cluster("r"), FakeS3()
    kafka.bookmarks["lake", "orders"] = {0: 9}
    with pytest.raises(OffsetOutOfRange):
        invoke(DRAIN, kafka, s3=s3)


def test_allowlists_hold() -> None:
    """Topics, groups and buckets that aren't allowed are refused before anything is asked."""
    for setting in ("ALLOWED_TOPICS", "ALLOWED_GROUPS", "ALLOWED_BUCKETS"):
        kafka = KeptKafka()
        with pytest.raises(NotAuthorized, match=setting):
            invoke_set(DRAIN, kafka, **{setting: "others"})
        assert kafka.calls == []


def test_metrics_count_records_and_objects(capsys: pytest.CaptureFixture[str]) -> None:
    """The log line counts what was read, and the objects written and adopted."""
    kafka, s3 = cluster("rrr"), FakeS3()
    body(EXPORT, kafka, s3=s3)
    kafka.logs["orders"][0].append(outgoing())
    capsys.readouterr()
    body(DRAIN, kafka, s3=s3)
    (line,) = (
        one for one in map(json.loads, capsys.readouterr().out.splitlines()) if "level" in one
    )
    counted = {name: line[name] for name in line if name[0].isupper()}
    assert counted.pop("BytesWritten") > 0
    assert counted == {"RecordsConsumed": 4, "ObjectsWritten": 1, "ObjectsAdopted": 1}


def test_what_is_not_listed_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the answer has no room for any object, a run out of time is no failure all the same."""
    monkeypatch.setattr("msk_client.actions.draining.answer.OTHER_FIELDS_BYTES", 10**7)
    kafka = cluster("r" * 9)
    read = kafka.read

    def short(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        yield from itertools.islice(read(*arguments, **options), 4)

    kafka.read = short  # type: ignore[method-assign]
    capsys.readouterr()
    answer = body(EXPORT, kafka)
    told = {name: answer[name] for name in ("objects", "objects_omitted", "drained", "count")}
    assert told == {"objects": [], "objects_omitted": 1, "drained": False, "count": 4}
    assert '"ObjectsWritten":1' in capsys.readouterr().out.replace(" ", "")


def test_a_long_list_of_objects_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects that don't fit an answer are counted, not listed."""
    monkeypatch.setattr("msk_client.actions.draining.answer.OTHER_FIELDS_BYTES", 6_291_000)
    kafka, s3 = cluster("rrrrr"), FakeS3()
    event = EXPORT | {"destination": {"uri": "s3://my-bucket/lake", "object_bytes": 1}}
    answer = body(event, kafka, s3=s3)
    assert len(answer["objects"]) + answer["objects_omitted"] == 5
    assert answer["objects_omitted"] > 0
    assert answer["count"] == 5
