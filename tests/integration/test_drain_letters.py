"""Drains of a real topic with poison: every offset stands in one object or in one dead letter."""

from __future__ import annotations

import json
import uuid
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import pytest

from local.aws import Fault, LocalAws, start_aws
from msk_client.actions.draining import chain
from msk_client.errors import NotAuthorized
from msk_client.s3 import store
from tests.integration.answers import consume
from tests.lake import BUCKET, Lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.msk import LocalMsk
    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

COUNT = 60
POISON = {
    0: {0, 1, 7, 30, COUNT - 1},
    1: set(range(COUNT)),
    2: set(range(10, 45)),
    3: set[int](),
}
"""Partition -> offsets of records that have no place in the format; all and none are there too."""

COMPRESSIONS: dict[str, Literal["none", "gzip", "zstd"]] = {
    "raw": "none",
    "raw.gz": "gzip",
    "raw.zst": "zstd",
}
Offsets = list[tuple[int, int]]
POISONED: Offsets = [(p, offset) for p, offsets in POISON.items() for offset in sorted(offsets)]
OTHERS: Offsets = sorted({(p, o) for p in POISON for o in range(COUNT)} - set(POISONED))


@pytest.fixture(name="own", scope="module")
def an_aws_of_its_own() -> Iterator[LocalAws]:
    """Services whose faults disturb no other test."""
    with start_aws() as aws:
        aws.client("s3").create_bucket(Bucket=BUCKET)
        yield aws


@pytest.fixture(name="run")
def the_function(
    msk: LocalMsk, own: LocalAws, invoke_on: Callable[..., CallFunction]
) -> Iterator[CallFunction]:
    """The function, and an S3 that works again when the test is over."""
    own.set_faults()
    store.store.cache_clear()
    yield invoke_on(msk, **own.environment())
    own.set_faults()
    store.store.cache_clear()


@pytest.fixture
def lake(own: LocalAws, tmp_path: Path) -> Lake:
    """The objects below a prefix that nobody has used."""
    return Lake(own, f"objects-{uuid.uuid4().hex[:12]}/", tmp_path)


@pytest.fixture
def dead(own: LocalAws, tmp_path: Path) -> Lake:
    """The dead letters below such a prefix."""
    return Lake(own, f"dead-{uuid.uuid4().hex[:12]}/", tmp_path)


@pytest.fixture
def poisoned(eyes: Eyes, topic: Callable[..., str]) -> str:
    """A topic with poison in every position."""
    name = topic(len(POISON))
    for partition, poison in POISON.items():
        values = [b"no JSON" if o in poison else b'{"id": %d}' % o for o in range(COUNT)]
        eyes.produce(name, values, partition, keys=[b"k%d" % o for o in range(COUNT)])
    return name


def drain(topic: str, lake: Lake, dead: Lake, **options: object) -> dict[str, Any]:
    """An event that drains into some objects of each partition."""
    columns = ["partition", "offset", "id=value.id"]
    wished = {"uri": lake.uri, "dead_letter": dead.uri, "format": "csv.gz", "columns": columns}
    return consume(topic, group=lake.prefix, destination=wished | {"object_bytes": 200} | options)


def export(event: dict[str, Any]) -> dict[str, Any]:
    """The same without a commit, as a run that is killed before it."""
    return {name: value for name, value in event.items() if name != "group"}


def rows(lake: Lake) -> Offsets:
    """What DuckDB reads in the objects, as they are; in each row the id is the offset."""
    found = duckdb.read_csv(
        f"{lake.download()}/**/*.csv.gz", hive_partitioning=False, header=True, auto_detect=False,
        columns={"partition": "INTEGER", "offset": "BIGINT", "id": "BIGINT"},
    )  # fmt: skip
    assert found.filter('id <> "offset"').fetchall() == []
    return sorted(found.project('partition, "offset"').fetchall())


def letters(dead: Lake) -> Offsets:
    """The records that the letters hold, each once and with its key and value."""
    found = []
    for path in dead.download().rglob("*.ndjson"):
        (line,) = path.read_text().splitlines()
        shown = json.loads(line)["record"]
        assert (shown["key"], shown["value"]) == (f"k{shown['offset']}", "no JSON")
        assert path.name == f"{shown['offset']:020}.ndjson"
        found.append((shown["partition"], shown["offset"]))
    return sorted(found)


def assert_all_is_there(lake: Lake, dead: Lake) -> None:
    """Each record stands in one object or one letter, and the objects are a chain to the end."""
    assert letters(dead) == POISONED
    assert rows(lake) == OTHERS
    spans = lake.spans()
    assert {p: (of[0][0], of[-1][1]) for p, of in spans.items()} == dict.fromkeys(
        POISON, (0, COUNT)
    )
    for of in spans.values():
        assert all(before[1] == after[0] for before, after in pairwise(of))


def test_poison_in_every_position(  # noqa: PLR0913, PLR0917 - fixtures
    run: CallFunction,
    eyes: Eyes,
    topic: Callable[..., str],
    poisoned: str,
    lake: Lake,
    dead: Lake,
) -> None:
    """Nothing is held up or lost, and what was given up goes back into Kafka by replay."""
    answer = run(drain(poisoned, lake, dead))
    assert_all_is_there(lake, dead)
    assert (answer["drained"], answer["committed"]) == (True, True)
    assert answer["dead_letters"] == {str(p): len(of) for p, of in POISON.items() if of}
    assert answer["dead_letter_count"] == len(POISONED)
    assert eyes.committed(lake.prefix, poisoned, range(4)) == dict.fromkeys(POISON, COUNT)
    again = topic(1)
    replayed = run({"action": "replay", "source": dead.uri, "topic": again})
    assert replayed["complete"]
    origins = {dict(message.headers() or [])["x-replayed-from"] for message in eyes.records(again)}
    assert origins == {f"{poisoned}/{p}/{offset}".encode() for p, offset in POISONED}
    assert len(eyes.records(again)) == len(POISONED)


def test_runs_of_other_sizes_that_never_commit(
    run: CallFunction, poisoned: str, lake: Lake, dead: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However runs cut their ranges, and wherever they end, each record has its one place."""
    monkeypatch.setattr(chain, "LETTERS_AN_OBJECT", 15)
    event = drain(poisoned, lake, dead)
    for until, size in ((30, 1), (COUNT, 300), (17, 10_000)):
        ends = {str(p): until for p in POISON}
        starts = {"offsets": dict.fromkeys(ends, 0)}
        of = drain(poisoned, lake, dead, object_bytes=size)
        run(export(of) | {"until": {"offsets": ends}, "from": starts})
    assert run(event)["drained"]
    assert_all_is_there(lake, dead)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PUT", "*/dead-*", status=503, code="SlowDown", times=4),
        Fault("PUT", "*/dead-*", status=409, code="ConditionalRequestConflict", times=4),
        Fault("PUT", "*/dead-*", status=500, times=5, done=True),
        Fault("PUT", "*/dead-*", cut=True, times=3, done=True),
        Fault("PUT", "*/dead-*", delay_s=0.3, times=5),
    ],
    ids=["503", "409", "500 but stored", "cut but stored", "slow"],
)
def test_what_passes_is_got_over(
    run: CallFunction, poisoned: str, lake: Lake, dead: Lake, fault: Fault
) -> None:
    """A letter whose answer was lost is found to be there, and is the one."""
    lake.aws.set_faults(fault)
    assert run(drain(poisoned, lake, dead))["drained"]
    assert fault.met
    assert_all_is_there(lake, dead)


def test_a_denied_letter_stops_no_other_partition(
    run: CallFunction, eyes: Eyes, poisoned: str, lake: Lake, dead: Lake
) -> None:
    """Permission and place are named; what is before the record is stored, and it goes on there."""
    lake.aws.set_faults(Fault("PUT", f"*/dead-*/partition=2/*{40:020}*", 403, "AccessDenied"))
    with pytest.raises(NotAuthorized) as caught:
        run(drain(poisoned, lake, dead))
    arn = f"arn:aws:s3:::{BUCKET}/{dead.prefix}{poisoned}/partition=2/{40:020}.ndjson"
    assert f"s3:PutObject on {arn}" in str(caught.value)
    committed = eyes.committed(lake.prefix, poisoned, range(4))
    assert committed == dict.fromkeys(POISON, COUNT) | {2: 40}
    lake.aws.set_faults()
    assert run(drain(poisoned, lake, dead))["drained"]
    assert_all_is_there(lake, dead)


@pytest.mark.parametrize("form", ["raw", "raw.gz", "raw.zst"])
def test_an_object_without_records(  # noqa: PLR0913, PLR0917 - fixtures
    run: CallFunction, eyes: Eyes, topic: Callable[..., str], lake: Lake, dead: Lake, form: str
) -> None:
    """Where nothing fits, the object is no lines at all, which S3 and readers take."""
    name = topic(1)
    eyes.produce(name, [b"a\nb", b"c\nd"])
    wished = {"uri": lake.uri, "dead_letter": dead.uri, "format": form}
    for _ in range(2):
        run(consume(name, destination=wished))
    (key,) = lake.keys()
    said = lake.head(key)["Metadata"]
    assert (said["count"], said["last-offset"], said["next-offset"]) == ("0", "1", "2")
    lines = duckdb.read_csv(
        f"{lake.download()}/**/*.{form}", columns={"line": "VARCHAR"}, header=False, sep="\0",
        hive_partitioning=False, auto_detect=False, compression=COMPRESSIONS[form],
    )  # fmt: skip
    assert lines.fetchall() == []
    assert len(dead.keys()) == 2
