"""Drains and exports on a real Kafka and an S3 on loopback, read back by DuckDB."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from local.msk import DEFAULT_ROLE
from msk_client.actions.draining import drain as module
from msk_client.errors import ObjectConflict
from msk_client.s3.store import store
from tests.integration.answers import consume
from tests.lake import Lake, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.aws import LocalAws
    from local.msk import LocalMsk
    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

PARTITIONS = 3


@pytest.fixture(name="run")
def the_function(
    msk: LocalMsk, aws: LocalAws, invoke_on: Callable[..., CallFunction]
) -> Iterator[CallFunction]:
    """The function, with the session's cluster and S3."""
    store.cache_clear()
    yield invoke_on(msk, **aws.environment())
    store.cache_clear()


@pytest.fixture
def lake(aws: LocalAws, tmp_path: Path) -> Lake:
    """The objects below a prefix that nobody has used."""
    return Lake(aws, f"drain-{uuid.uuid4().hex[:12]}/", tmp_path)


def drain(topic: str, lake: Lake, **options: object) -> dict[str, Any]:
    """An event that drains below the prefix; options are the destination's."""
    return consume(topic, group=lake.prefix, destination={"uri": lake.uri, **options})


def fill(eyes: Eyes, topic: str, count: int, partitions: int = PARTITIONS) -> None:
    """Write records, some in transactions that are committed or aborted."""
    for partition in range(partitions):
        values = [b"%d-%d" % (partition, i) for i in range(count)]
        eyes.produce(topic, values, partition, keys=values)
        eyes.transact(topic, [b"aborted"] * 3, partition, commit=False)
        eyes.transact(topic, [b"committed"] * 3, partition)


def assert_one_chain(lake: Lake) -> None:
    """Each partition's objects follow on each other."""
    for spans in lake.spans().values():
        assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_every_record_stands_in_one_object(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """A drain stores every committed record once, with key, value and time, and no other."""
    name = topic(PARTITIONS)
    fill(eyes, name, 2_000)
    answer = run(drain(name, lake, object_bytes=50_000))
    assert answer["drained"]
    assert answer["lag"] == {"0": 0, "1": 0, "2": 0}
    expected = records_of(eyes, name, PARTITIONS, but=b"aborted")
    assert lake.rows() == expected
    assert_one_chain(lake)
    assert answer["count"] == len(expected) == sum(one["count"] for one in answer["objects"])
    assert sorted(one["key"] for one in answer["objects"]) == lake.keys()
    committed = eyes.committed(lake.prefix, name, range(PARTITIONS))
    assert {str(p): offset for p, offset in committed.items()} == answer["next"]


def test_drains_go_on_where_the_last_one_ended(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """Drain after drain, with records in between, each offset stands in one object."""
    name = topic(1)
    for _ in range(3):
        fill(eyes, name, 100, 1)
        assert run(drain(name, lake))["drained"]
    assert run(drain(name, lake))["objects"] == []
    assert lake.rows() == records_of(eyes, name, 1, but=b"aborted")
    assert_one_chain(lake)


def test_runs_that_never_commit_are_adopted(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """Objects of any cut, left by runs that moved no bookmark, become part of the chain."""
    name = topic(1)
    for size in (20_000, 7_000, 64_000):
        fill(eyes, name, 150, 1)
        destination = {"uri": lake.uri, "object_bytes": size}
        run(consume(name, destination=destination))  # an export commits nothing
    answer = run(drain(name, lake, object_bytes=11_000))
    assert answer["adopted_count"] > 0
    assert lake.rows() == records_of(eyes, name, 1, but=b"aborted")
    assert_one_chain(lake)


def test_the_time_runs_out_again_and_again(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """Invocations of little time each store and commit their part, until all is drained."""
    name = topic(PARTITIONS)
    fill(eyes, name, 20_000)
    answers: list[dict[str, Any]] = []
    while not answers or not answers[-1]["drained"]:
        answers.append(run(drain(name, lake, object_bytes=100_000), remaining_ms=2_500))
        stored = {p: offset for p, offset in answers[-1]["next"].items() if offset}
        committed = eyes.committed(lake.prefix, name, range(PARTITIONS))
        assert stored == {str(p): offset for p, offset in committed.items() if offset}
    assert lake.rows() == records_of(eyes, name, PARTITIONS, but=b"aborted")
    assert_one_chain(lake)


def test_a_compacted_topic_between_two_runs(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """What was stored before compaction took it away is adopted, and stays stored."""
    name = topic(1, {"cleanup.policy": "compact"})
    eyes.produce(name, [b"%d" % i for i in range(60)], keys=[b"%d" % (i % 5) for i in range(60)])
    run(consume(name, destination=lake.uri))
    eyes.compact(name)
    answer = run(drain(name, lake))
    assert (answer["adopted_count"], answer["drained"]) == (60, True)
    offsets = [row[1] for row in lake.rows()]
    assert offsets == sorted(set(offsets))
    assert offsets[:60] == [*range(60)]
    assert {row[1] for row in records_of(eyes, name, 1)} <= set(offsets)


def test_retention_between_two_runs(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """Where retention took the beginning away meanwhile, the chain has no overlap."""
    name = topic(1)
    eyes.produce(name, [b"%d" % i for i in range(50)])
    run(consume(name, destination=lake.uri))
    eyes.commit(lake.prefix, name, {0: 0})  # the run was killed after its bookmark's beginning
    eyes.delete_records(name, {0: 20})
    eyes.produce(name, [b"%d" % i for i in range(50, 60)])
    answer = run(drain(name, lake))
    assert answer["skipped"] == {"0": {"from": 0, "to": 20}}
    assert [(one["start"], one["next"]) for one in answer["objects"]] == [(0, 50), (50, 60)]
    assert [row[1] for row in lake.rows()] == [*range(60)]


def test_an_export_of_everything_is_no_drain(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """Objects that hold records of aborted transactions are not adopted by a drain without them."""
    name = topic(1)
    fill(eyes, name, 10, 1)
    run(consume(name, destination=lake.uri, isolation="read_uncommitted"))
    assert len(lake.rows()) == 16
    with pytest.raises(ObjectConflict, match="isolation 'read_uncommitted'"):
        run(drain(name, lake))


def test_a_topic_made_anew_is_told(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """Objects of a deleted topic are not taken for those of a new one of its name."""
    name = topic(1)
    eyes.produce(name, [b"old"])
    run(drain(name, lake))
    eyes.delete_topic(name)
    eyes.create_topic(1, name=name)
    eyes.produce(name, [b"new"])
    with pytest.raises(ObjectConflict, match="the topic was made anew"):
        run(drain(name, lake), fresh=True)


@pytest.mark.parametrize("name", ["ndjson", "ndjson.gz", "ndjson.zst"])
def test_ndjson_is_read_by_others(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake, name: str
) -> None:
    """Every compression is known by the extension and read as it is."""
    source = topic(1)
    eyes.produce(source, [b"a", None, "é\n".encode()], keys=[b"1", None, b""])
    run(drain(source, lake, format=name))
    (key,) = lake.keys()
    assert key.endswith(f".{name}")
    files = f"{lake.download()}/**/*.{name}"
    found = duckdb.read_json(files, format="newline_delimited", hive_partitioning=False)
    assert found.project('topic, "offset", key, value').fetchall() == [
        (source, 0, "1", "a"),
        (source, 1, None, None),
        (source, 2, "", "é\n"),
    ]


def test_csv_is_read_by_others(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """A CSV of columns and JSON fields has a header row, and its cells come back."""
    source = topic(1)
    orders = [{"id": 1, "by": 'Ann "A", B.'}, {"id": 2, "by": "a\nb"}, {"id": 3}]
    eyes.produce(source, [json.dumps({"order": order}).encode() for order in orders])
    pattern = "{prefix}customer-data-{topic}-{p}-{start:06}.csv.gz"
    columns = ["offset", "id=value.order.id", "name=value.order.by"]
    run(drain(source, lake, format="csv.gz", columns=columns, pattern=pattern))
    (key,) = lake.keys()
    assert key == f"{lake.prefix}customer-data-{source}-0-000000.csv.gz"
    head = lake.head(key)
    assert (head["ContentType"], head["ContentEncoding"]) == ("text/csv; charset=utf-8", "gzip")
    found = duckdb.read_csv(f"{lake.download()}/*.csv.gz")
    assert found.columns == ["offset", "id", "name"]
    assert found.fetchall() == [(0, 1, 'Ann "A", B.'), (1, 2, "a\nb"), (2, 3, None)]


def test_values_alone(run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake) -> None:
    """`raw` holds the values, one a line, and nothing else."""
    source = topic(1)
    eyes.produce(source, [b"a", b"\xff\x00", b"c"])
    run(drain(source, lake, format="raw"))
    (path,) = lake.download().rglob("*.raw")
    assert path.read_bytes() == b"a\n\xff\x00\nc\n"


def test_an_export_of_a_range_of_time(
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake
) -> None:
    """Without a group any range is stored, and nothing is committed."""
    name = topic(2)
    for partition in range(2):
        times = [10**12 + i * 1_000 for i in range(10)]
        eyes.produce(name, [b"x"] * 10, partition, timestamps_ms=times)
    answer = run(
        consume(
            name,
            from_={"timestamp": 10**12 + 3_000},
            until={"timestamp": 10**12 + 6_000},
            destination=lake.uri,
        )
    )
    assert [row[:2] for row in lake.rows()] == [(p, o) for p in range(2) for o in (3, 4, 5)]
    assert lake.spans() == {0: [(3, 6)], 1: [(3, 6)]}
    assert (answer["drained"], answer["lag"]) == (True, {"0": 4, "1": 4})
    assert "committed" not in answer


def test_more_partitions_than_are_read_at_once(
    run: CallFunction,
    eyes: Eyes,
    topic: Callable[..., str],
    lake: Lake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A topic of many partitions is drained in groups."""
    monkeypatch.setattr(module, "AT_ONCE", 3)
    name = topic(10)
    for partition in range(10):
        eyes.produce(name, [b"x"] * (partition + 1), partition)
    assert run(drain(name, lake))["drained"]
    assert lake.rows() == records_of(eyes, name, 10)


def test_of_kafka_a_drain_needs_what_a_consume_with_a_group_needs(  # noqa: PLR0913, PLR0917 - fixtures
    msk: LocalMsk,
    aws: LocalAws,
    invoke_on: Callable[..., CallFunction],
    eyes: Eyes,
    topic: Callable[..., str],
    lake: Lake,
) -> None:
    """The topic's id, the commits and all else are covered by the policy for consume."""
    name = topic(1)
    eyes.produce(name, [b"x"])
    allowed = ("Connect", "DescribeTopic", "ReadData", "DescribeGroup", "AlterGroup")
    statement = {
        "Effect": "Allow",
        "Action": [f"kafka-cluster:{action}" for action in allowed],
        "Resource": "*",
    }
    role = replace(
        DEFAULT_ROLE,
        arn="arn:aws:iam::123456789012:role/drainer",
        access_key_id="ASIADRAINER000000000",
        policy={"Version": "2012-10-17", "Statement": [statement]},
    )
    store.cache_clear()
    msk.set_roles(DEFAULT_ROLE, role)
    try:
        assert invoke_on(msk, role, **aws.environment())(drain(name, lake))["drained"]
    finally:
        msk.set_roles(DEFAULT_ROLE)
        store.cache_clear()
