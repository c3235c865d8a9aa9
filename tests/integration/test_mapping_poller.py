"""The local mapping on a real Kafka: what it reads, in which batches, and what is committed."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from local.lambda_runtime import Invocation
from local.mapping import Options, Poller
from local.msk import CLUSTER_ARN, DEFAULT_ROLE, Role
from local.msk.login import as_role, past_checks
from msk_client.batch import Batch, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws import LocalAws
    from local.msk import LocalMsk
    from tests.integration.eyes import Eyes


@dataclass
class Keeping:
    """A function that keeps the batches it is sent, and answers what it is told."""

    answer: Callable[[Batch], object] = lambda _: None
    """What it answers; an exception is a failed invocation."""
    batches: list[Batch] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def invoke(self, event: object) -> Invocation:
        """See the protocol."""
        assert isinstance(event, bytes)
        batch = parse(json.loads(event))
        self.batches.append(batch)
        self.sizes.append(len(event))
        try:
            return Invocation(self.answer(batch), b"", 0.0)
        except ValueError as problem:
            return Invocation({}, b"", 0.0, "ValueError", str(problem))

    @property
    def values(self) -> list[bytes | None]:
        """The values in the order in which they came."""
        return [r.value for b in self.batches for part in b.parts for r in part.records]


def offsets(batch: Batch) -> dict[int, list[int]]:
    """Answer partition -> offsets of a batch."""
    return {part.partition: [r.offset for r in part.records] for part in batch.parts}


def read(
    msk: LocalMsk,
    topic: str,
    function: Keeping,
    aws: LocalAws | None = None,
    **options: Any,  # noqa: ANN401 - of a mapping
) -> Poller:
    """Bring everything in the topic to the function."""
    quick: dict[str, Any] = {"window_s": 0.2, "first_pause_s": 0.01}
    poller = Poller(Options(topic, **(quick | options)), function, past_checks(msk), aws=aws)
    poller.run(to_the_end=True)
    return poller


# Events


def test_events_have_the_shape_of_msks(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Keys, tombstones, binary values, headers, times: as they stand in the log."""
    name = topic(2)
    headers = [("a", b"\x00\xff"), ("b", None), ("a", b"")]
    eyes.produce(name, [b"v", None, b"\xff"], 1, keys=[b"k", b"k", None], headers=headers)
    function = Keeping()
    read(msk, name, function)
    (batch,) = function.batches
    (part,) = batch.parts
    expected = eyes.records(name, 1)
    assert [(m.offset(), m.timestamp()[1], m.key(), m.value(), m.headers()) for m in expected] == [
        (r.offset, r.timestamp_ms, r.key, r.value, r.headers) for r in part.records
    ]
    assert {"create"} == {r.timestamp_type for r in part.records}
    assert (f"{name}-1", CLUSTER_ARN) == (part.key, batch.source_arn)


# Batches


def test_batches_have_at_most_so_many_records(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """A full batch is sent at once, and order within a partition is kept across batches."""
    name = topic()
    values = [b"%d" % i for i in range(25)]
    eyes.produce(name, values)
    function = Keeping()
    read(msk, name, function, batch_size=10)
    assert [10, 10, 5] == [batch.count for batch in function.batches]
    assert values == function.values


def test_a_full_batch_waits_for_nothing(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """A batch that is full is sent though its window, here far too long to sit out, is open."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])

    def stop(_: Batch) -> object:
        poller.stop()
        return None

    function = Keeping(stop)
    poller = Poller(Options(name, batch_size=2, window_s=300), function, past_checks(msk))
    running = threading.Thread(target=poller.run, daemon=True)
    running.start()
    running.join(60)
    assert ([b"a", b"b"], False) == (function.values, running.is_alive())


def test_without_a_window_records_come_at_once(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """A window of 0 brings what is there."""
    name = topic()
    eyes.produce(name, [b"a", b"b", b"c"])
    function = Keeping()
    read(msk, name, function, window_s=0)
    assert [b"a", b"b", b"c"] == function.values


def test_a_batch_may_hold_several_partitions(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Records of all partitions that come in the window are one batch."""
    name = topic(3)
    for partition in range(3):
        eyes.produce(name, [b"v"] * 4, partition)
    function = Keeping()
    read(msk, name, function, window_s=2)
    whole = {0: [0, 1, 2, 3], 1: [0, 1, 2, 3], 2: [0, 1, 2, 3]}
    assert whole == {p: o for batch in function.batches for p, o in offsets(batch).items()}


def test_events_are_at_most_6_mb(msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]) -> None:
    """A batch ends before its event is too large, however many records it may have."""
    name = topic()
    values = [bytes([i]) * 700_000 for i in range(14)]
    eyes.produce(name, values)
    function = Keeping()
    read(msk, name, function, batch_size=10_000, window_s=3)
    assert values == function.values
    assert 2 <= len(function.sizes)
    assert max(function.sizes) <= 6_291_456
    assert 5_000_000 < function.sizes[0]


def test_a_record_that_fits_no_event_is_dropped_and_counted(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """A record larger than an event is given up, and the others come."""
    name = topic(config={"max.message.bytes": "8388608"})
    large = b"x" * 5_000_000
    eyes.produce(name, [b"a", large, b"b"])
    function = Keeping()
    poller = read(msk, name, function)
    assert [b"a", b"b"] == function.values
    assert (1, 3) == (poller.counts["DroppedEventCount"], poller.counts["CommittedEventCount"])


# Where it begins, and where it goes on


def test_a_group_goes_on_where_it_was(msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]) -> None:
    """Offsets are committed once a batch is done; a second run reads what is new."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])
    first, second = Keeping(), Keeping()
    read(msk, name, first, consumer_group=f"g-{name}")
    assert {0: 2} == eyes.committed(f"g-{name}", name)
    eyes.produce(name, [b"c"])
    read(msk, name, second, consumer_group=f"g-{name}")
    assert ([b"a", b"b"], [b"c"]) == (first.values, second.values)


@pytest.mark.parametrize(("position", "expected"), [("TRIM_HORIZON", [b"old"]), ("LATEST", [])])
def test_a_new_group_begins_where_the_mapping_says(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str], position: Any, expected: list[bytes]  # noqa: ANN401
) -> None:  # fmt: skip
    """TRIM_HORIZON begins with the oldest record, LATEST with those that come."""
    name = topic()
    eyes.produce(name, [b"old"])
    function = Keeping()
    read(msk, name, function, starting_position=position)
    assert expected == function.values


def test_a_new_group_may_begin_at_a_time(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """AT_TIMESTAMP begins with the first record of that time or later."""
    name = topic()
    times = [1_700_000_000_000 + i * 1000 for i in range(4)]
    eyes.produce(name, [b"%d" % i for i in range(4)], timestamps_ms=times)
    function = Keeping()
    at: dict[str, Any] = {
        "starting_position": "AT_TIMESTAMP",
        "starting_timestamp_s": 1_700_000_002,
    }
    read(msk, name, function, **at)
    assert [b"2", b"3"] == function.values


def test_what_failed_when_it_was_stopped_comes_again(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Nothing of a batch that fails is committed."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])

    def fail(_: Batch) -> object:
        if len(failing.batches) == 3:
            poller.stop()
        raise ValueError

    failing = Keeping(fail)
    options = Options(name, consumer_group=f"g-{name}", window_s=0.2, first_pause_s=0.01)
    poller = Poller(options, failing, past_checks(msk))
    running = threading.Thread(target=poller.run)
    running.start()
    running.join(60)
    assert ({}, 3) == (eyes.committed(f"g-{name}", name), len(failing.batches))
    function = Keeping()
    read(msk, name, function, consumer_group=f"g-{name}")
    assert [b"a", b"b"] == function.values


# Filters


def test_filters_keep_records_from_the_function(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Only what a filter keeps is sent; what it drops is committed with the rest."""
    name = topic()
    statuses = ["new", "paid", "new", "paid"]
    eyes.produce(name, [json.dumps({"status": status}).encode() for status in statuses])
    function = Keeping()
    pattern = '{"value": {"status": ["new"]}}'
    poller = read(msk, name, function, filters=[pattern], consumer_group=f"g-{name}")
    (batch,) = function.batches
    assert {0: [0, 2]} == offsets(batch)
    assert {0: 4} == eyes.committed(f"g-{name}", name)
    assert (4, 2) == (
        poller.counts["PolledEventCount"],
        poller.counts["FilteredOutEventCount"],
    )


def test_a_batch_of_nothing_is_committed_without_a_call(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Where filters drop everything the function isn't called, and the offset moves."""
    name = topic()
    eyes.produce(name, [b"a", b"b"])
    function = Keeping()
    read(msk, name, function, filters=['{"value": ["c"]}'], consumer_group=f"g-{name}")
    assert ([], {0: 2}) == (function.batches, eyes.committed(f"g-{name}", name))


# Failures


def reporting(batch: Batch) -> object:
    """Report records with the value `bad`, as handlers for partial responses do."""
    return {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": part.key, "offset": record.offset}}
            for part in batch.parts
            for record in part.records
            if record.value == b"bad"
        ]
    }


def test_a_report_in_on_demand_mode_loses_records(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Lambda doesn't look at the list: what was reported is committed and never comes again."""
    name = topic()
    eyes.produce(name, [b"a", b"bad", b"b"])
    function = Keeping(reporting)
    read(msk, name, function, consumer_group=f"g-{name}")
    assert ([b"a", b"bad", b"b"], {0: 3}) == (function.values, eyes.committed(f"g-{name}", name))


def test_a_report_in_provisioned_mode_brings_records_again(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """With ReportBatchItemFailures the partition comes again from the reported record."""
    name = topic()
    eyes.produce(name, [b"a", b"bad", b"b"])
    function = Keeping(reporting)
    options: dict[str, Any] = {"mode": "provisioned", "report_failures": True, "max_retries": 2}
    poller = read(msk, name, function, **options)
    expected = [{0: [0, 1, 2]}, {0: [1, 2]}, {0: [1, 2]}]
    assert expected == [offsets(batch) for batch in function.batches]
    assert 2 == poller.counts["DroppedEventCount"]


# On failure


def refuse_bad(batch: Batch) -> object:
    """Fail for a batch with a bad record."""
    if any(r.value == b"bad" for part in batch.parts for r in part.records):
        raise ValueError
    return None


GIVING_UP: dict[str, Any] = {"mode": "provisioned", "max_retries": 1, "bisect": True}


def give_up(msk: LocalMsk, name: str, destination: str, aws: LocalAws | None = None) -> Poller:
    """Read a topic with a bad record, which is given up."""
    return read(msk, name, Keeping(refuse_bad), aws, on_failure=destination, **GIVING_UP)


def expected_info(name: str, eyes: Eyes) -> dict[str, Any]:
    """What is told of the bad record at offset 1."""
    at_ms = eyes.records(name)[1].timestamp()[1]
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_ms / 1000)) + f".{at_ms % 1000:03}Z"
    return {
        f"{name}-0": {
            "firstRecordOffset": "1",
            "lastRecordOffset": "1",
            "firstRecordTimestamp": stamp,
            "lastRecordTimestamp": stamp,
        }
    }


@pytest.fixture
def with_bad(eyes: Eyes, topic: Callable[..., str]) -> str:
    """A topic with a bad record between good ones."""
    name = topic()
    eyes.produce(name, [b"a", b"bad", b"b"], keys=[b"k0", b"k1", b"k2"])
    return name


def test_what_is_given_up_goes_to_a_queue(
    msk: LocalMsk, eyes: Eyes, aws: LocalAws, with_bad: str
) -> None:
    """A queue gets the batch's place, and not its records."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=f"q-{with_bad}")["QueueUrl"]
    poller = give_up(msk, with_bad, f"arn:aws:sqs:us-east-1:123456789012:q-{with_bad}", aws)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    told = json.loads(message["Body"])
    assert "RetryAttemptsExhausted" == told["requestContext"]["condition"]
    assert expected_info(with_bad, eyes) == told["KafkaBatchInfo"]["recordsInfo"]
    assert (1, False) == (
        poller.counts["OnFailureDestinationDeliveredEventCount"],
        "payload" in told,
    )


def test_what_is_given_up_goes_to_a_bucket(
    msk: LocalMsk, eyes: Eyes, aws: LocalAws, with_bad: str
) -> None:
    """A bucket gets the whole event too, as text."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=f"b-{with_bad}")
    give_up(msk, with_bad, f"arn:aws:s3:::b-{with_bad}", aws)
    (found,) = s3.list_objects_v2(Bucket=f"b-{with_bad}")["Contents"]
    told = json.loads(s3.get_object(Bucket=f"b-{with_bad}", Key=found["Key"])["Body"].read())
    assert expected_info(with_bad, eyes) == told["KafkaBatchInfo"]["recordsInfo"]
    batch = parse(json.loads(told["payload"]))
    assert {0: [1]} == offsets(batch)
    assert b"bad" == batch.parts[0].records[0].value


def test_what_is_given_up_goes_to_a_topic(msk: LocalMsk, eyes: Eyes, with_bad: str) -> None:
    """A topic gets one message for each record, under the record's key, with the event."""
    dead = eyes.create_topic()
    give_up(msk, with_bad, f"kafka://{dead}")
    (message,) = eyes.records(dead)
    value = message.value()
    assert isinstance(value, bytes)
    told = json.loads(value)
    assert (b"k1", "1") == (message.key(), told["KafkaBatchInfo"]["recordInfo"]["offset"])
    assert {0: [1]} == offsets(parse(told["payload"]))


# Permissions


def test_the_execution_role_needs_these_permissions(
    msk: LocalMsk, eyes: Eyes, topic: Callable[..., str]
) -> None:
    """Connect, and on topic and group what reading in a group takes: nothing else is asked for."""
    name = topic()
    eyes.produce(name, [b"a"])
    rights = ["Connect", "DescribeTopic", "ReadData", "DescribeGroup", "AlterGroup"]
    role = Role(
        "arn:aws:iam::123456789012:role/mapping",
        "ASIAMAPPING",
        "a-secret",
        None,
        {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": [f"kafka-cluster:{right}" for right in rights],
                    "Resource": "*",
                }
            ]
        },
    )
    msk.set_roles(DEFAULT_ROLE, role)
    function = Keeping()
    Poller(Options(name, window_s=0.2), function, as_role(msk, role)).run(to_the_end=True)
    asked = {d.action for d in msk.decisions() if d.principal.endswith("/mapping")}
    assert [b"a"] == function.values
    assert {f"kafka-cluster:{right}" for right in rights[1:]} == asked
