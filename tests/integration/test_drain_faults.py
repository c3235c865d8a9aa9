"""Drains while S3 fails, is slow, refuses, or loses its answers."""

from __future__ import annotations

import time
import uuid
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import Fault, LocalAws, start_aws
from msk_client.errors import NotAuthorized, StorageUnavailable
from msk_client.s3 import store
from tests.integration.answers import consume
from tests.lake import BUCKET, Lake, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.msk import LocalMsk
    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

PARTITIONS = 3
COUNT = 600


@pytest.fixture(name="own", scope="module")
def an_aws_of_its_own() -> Iterator[LocalAws]:
    """Services whose faults disturb no other test."""
    with start_aws() as aws:
        aws.client("s3").create_bucket(Bucket=BUCKET)
        yield aws


@pytest.fixture(name="run")
def the_function(
    msk: LocalMsk,
    own: LocalAws,
    invoke_on: Callable[..., CallFunction],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[CallFunction]:
    """The function with little patience, and an S3 that works again when the test is over."""
    own.set_faults()
    store.store.cache_clear()
    monkeypatch.setattr(store, "PATIENCE_S", 3.0)
    monkeypatch.setattr(store, "SILENCE_S", 1.0)
    yield invoke_on(msk, **own.environment())
    own.set_faults()
    store.store.cache_clear()


@pytest.fixture
def lake(own: LocalAws, tmp_path: Path) -> Lake:
    """The objects below a prefix that nobody has used."""
    return Lake(own, f"faults-{uuid.uuid4().hex[:12]}/", tmp_path)


@pytest.fixture
def filled(eyes: Eyes, topic: Callable[..., str]) -> str:
    """A topic with records in each partition."""
    name = topic(PARTITIONS)
    for partition in range(PARTITIONS):
        values = [b"%d-%d" % (partition, i) for i in range(COUNT)]
        eyes.produce(name, values, partition, keys=values)
    return name


def drain(topic: str, lake: Lake) -> dict[str, Any]:
    """An event that drains into about nine objects of each partition."""
    destination = {"uri": lake.uri, "object_bytes": 10_000}
    return consume(topic, group=lake.prefix, destination=destination)


def assert_all_is_there(eyes: Eyes, topic: str, lake: Lake) -> None:
    """Each record stands in one object, and the objects are a chain."""
    assert lake.rows() == records_of(eyes, topic, PARTITIONS)
    for spans in lake.spans().values():
        assert all(before[1] == after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("PUT", status=500, times=4),
        Fault("PUT", status=503, code="SlowDown", times=4),
        Fault("PUT", status=409, code="ConditionalRequestConflict", times=4),
        Fault("PUT", cut=True, times=3),
        Fault("PUT", status=500, times=4, done=True),
        Fault("PUT", cut=True, times=3, done=True),
        Fault("PUT", delay_s=0.3, times=5),
    ],
    ids=["500", "503", "409", "cut", "500 but stored", "cut but stored", "slow"],
)
def test_what_passes_is_got_over(
    run: CallFunction, eyes: Eyes, filled: str, lake: Lake, fault: Fault
) -> None:
    """Failures that pass are tried again; where the answer was lost the object is adopted."""
    lake.aws.set_faults(fault)
    answer = run(drain(filled, lake))
    assert fault.met == fault.times
    assert answer["drained"]
    assert answer["count"] + answer["adopted_count"] == PARTITIONS * COUNT
    assert_all_is_there(eyes, filled, lake)


def test_an_answer_that_never_comes_is_asked_for_again(
    run: CallFunction, eyes: Eyes, filled: str, lake: Lake
) -> None:
    """Where S3 falls silent the request is made anew, and what was stored meanwhile adopted."""
    lake.aws.set_faults(Fault("PUT", delay_s=30, times=1))
    assert run(drain(filled, lake))["drained"]
    assert_all_is_there(eyes, filled, lake)


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(status=503, code="SlowDown"), Fault(cut=True), Fault(delay_s=30)],
    ids=["500", "503", "cut", "silent"],
)
def test_what_does_not_pass_is_told(
    run: CallFunction, eyes: Eyes, filled: str, lake: Lake, fault: Fault
) -> None:
    """An S3 that serves nothing is a retriable failure with bucket and key; then all goes on."""
    lake.aws.set_faults(fault)
    with pytest.raises(StorageUnavailable, match=f"s3:PutObject on {lake.uri}{filled}/partition="):
        run(drain(filled, lake))
    assert eyes.committed(lake.prefix, filled, range(PARTITIONS)) == {0: 0, 1: 0, 2: 0}
    lake.aws.set_faults()
    assert run(drain(filled, lake))["drained"]
    assert_all_is_there(eyes, filled, lake)


def test_the_deadline_holds_while_s3_is_silent(
    run: CallFunction, filled: str, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where S3 says nothing, the function ends before Lambda would end it."""
    store.store.cache_clear()
    monkeypatch.setattr(store, "SILENCE_S", 60.0)
    fault = Fault("PUT", delay_s=20)
    lake.aws.set_faults(fault)
    started = time.monotonic()
    with pytest.raises(StorageUnavailable, match="within the invocation's time"):
        run(drain(filled, lake), remaining_ms=5_000)
    lake.aws.set_faults()
    assert fault.met
    assert time.monotonic() - started < 20  # it did not wait for S3


def test_a_denied_partition_stops_no_other(
    run: CallFunction, eyes: Eyes, filled: str, lake: Lake
) -> None:
    """What may not be stored is named; the other partitions are stored and committed."""
    lake.aws.set_faults(Fault("PUT", "*/partition=1/*", 403, "AccessDenied"))
    with pytest.raises(NotAuthorized) as caught:
        run(drain(filled, lake))
    arn = f"arn:aws:s3:::{BUCKET}/{lake.prefix}{filled}/partition=1/{0:020}.ndjson.gz"
    assert f"s3:PutObject on {arn}" in str(caught.value)
    assert f"partition 0 up to {COUNT}, 2 up to {COUNT}" in str(caught.value)
    assert eyes.committed(lake.prefix, filled, range(PARTITIONS)) == {0: COUNT, 1: 0, 2: COUNT}
    lake.aws.set_faults()
    answer = run(drain(filled, lake))
    assert {one["partition"] for one in answer["objects"]} == {1}
    assert_all_is_there(eyes, filled, lake)


@pytest.mark.parametrize(
    "trouble",
    [{"status": 500}, {"status": 503, "code": "SlowDown"}, {"cut": True}, {"delay_s": 30}],
    ids=["500", "503", "cut", "silent"],
)
def test_a_partition_that_s3_does_not_serve_stops_no_other(
    run: CallFunction, eyes: Eyes, filled: str, lake: Lake, trouble: dict[str, Any]
) -> None:
    """Where S3 fails for one prefix, all others are stored whole and committed."""
    lake.aws.set_faults(Fault("PUT", "*/partition=1/*", **trouble))
    with pytest.raises(StorageUnavailable, match=f"partition 0 up to {COUNT}, 2 up to {COUNT}"):
        run(drain(filled, lake))
    assert eyes.committed(lake.prefix, filled, range(PARTITIONS)) == {0: COUNT, 1: 0, 2: COUNT}
    lake.aws.set_faults()
    assert run(drain(filled, lake))["drained"]
    assert_all_is_there(eyes, filled, lake)


def test_what_may_not_be_looked_at_is_named(run: CallFunction, filled: str, lake: Lake) -> None:
    """Without s3:GetObject an object in the way can't be adopted, and the message says so."""
    run(consume(filled, destination={"uri": lake.uri}))
    lake.aws.set_faults(Fault("HEAD", status=403, code="AccessDenied"))
    with pytest.raises(NotAuthorized, match="s3:GetObject on arn:aws:s3:::"):
        run(drain(filled, lake))


def test_faults_in_every_place(run: CallFunction, eyes: Eyes, filled: str, lake: Lake) -> None:
    """Runs that fail at one object after the other leave a chain that the next ones complete."""
    for number in range(4):
        passed = Fault("PUT", "*/partition=0/*", times=1)
        fault = Fault("PUT", "*/partition=0/*", 403, "AccessDenied", done=number % 2 == 0)
        lake.aws.set_faults(Fault("PUT", "*/partition=[12]/*", 500, times=2), passed, fault)
        with pytest.raises(NotAuthorized):
            run(drain(filled, lake))
        assert fault.met
    lake.aws.set_faults()
    assert run(drain(filled, lake))["drained"]
    assert_all_is_there(eyes, filled, lake)
