"""Kafka, the mapping, the function in Lambda's emulator, S3: all of it runs."""

from __future__ import annotations

import gzip
import json
import random
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import Fault
from local.lambda_runtime import SRC, Emulator
from local.mapping import Options, Poller
from local.msk.login import past_checks
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from local.aws import LocalAws
    from local.msk import LocalMsk

HANDLERS = Path(__file__).parent / "handlers"
BUCKET = "my-bucket"
PATIENCE_S = 120


@pytest.fixture(scope="module", name="eyes")
def the_super_user(msk: LocalMsk) -> Eyes:
    """Plain clients of the cluster."""
    return Eyes(msk.plaintext)


@pytest.fixture(autouse=True)
def without_faults(aws: LocalAws) -> Iterator[None]:
    """Let S3 work again after each test."""
    yield
    aws.set_faults()


class Stage:
    """A topic with content, a function of its own for it, and the objects that come of it."""

    def __init__(self, msk: LocalMsk, aws: LocalAws, eyes: Eyes, num_partitions: int = 3) -> None:
        self.msk, self.aws, self.eyes = msk, aws, eyes
        self.topic = eyes.create_topic(num_partitions)
        self.prefix = f"mapped-{uuid.uuid4().hex[:8]}/"
        self.group = f"g-{self.topic}"

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the function's variables: no KAFKA_ENDPOINT, for it needs none."""
        kept = {k: v for k, v in self.msk.environment().items() if k.startswith("AWS_")}
        sink = {"ESM_SINK": "s3", "OUTPUT_BUCKET": BUCKET, "OUTPUT_PREFIX": self.prefix}
        return kept | self.aws.environment() | sink | variables

    def fill(self, values: Sequence[bytes | None]) -> None:
        """Write the same values to each partition."""
        for partition in range(3):
            self.eyes.produce(self.topic, values, partition, keys=[b"k"] * len(values))

    def poller(self, function: Emulator, **options: Any) -> Poller:  # noqa: ANN401 - of a mapping
        """Make a mapping."""
        quick: dict[str, Any] = {"window_s": 0.3, "first_pause_s": 0.05, "longest_pause_s": 0.2}
        made = Options(self.topic, consumer_group=self.group, **(quick | options))
        return Poller(made, function, past_checks(self.msk), aws=self.aws)

    def objects(self, below: str = "") -> dict[str, bytes]:
        """Read all objects below the prefix."""
        s3 = self.aws.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=self.prefix + below
        )
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def lines(self) -> list[dict[str, Any]]:
        """Read the lines of all objects of the topic, by key."""
        found = self.objects(self.topic)
        return [
            json.loads(line)
            for key in sorted(found)
            for line in gzip.decompress(found[key]).splitlines()
        ]

    def given_up(self) -> list[tuple[int, int]]:
        """Answer partition and offset of each record that the mapping sent to the bucket."""
        s3 = self.aws.client("s3")
        listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"aws/lambda/mapping/{self.topic}-")
        told = [s3.get_object(Bucket=BUCKET, Key=one["Key"]) for one in listed["Contents"]]
        events = [json.loads(json.loads(one["Body"].read())["payload"]) for one in told]
        return [
            (record["partition"], record["offset"])
            for event in events
            for records in event["records"].values()
            for record in records
        ]

    def offsets(self) -> list[tuple[int, int]]:
        """Answer partition and offset of each line, in order."""
        return sorted((line["partition"], line["offset"]) for line in self.lines())


@pytest.fixture
def stage(msk: LocalMsk, aws: LocalAws, eyes: Eyes) -> Stage:
    """A topic of three partitions."""
    return Stage(msk, aws, eyes)


def every(count: int, without: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Answer each partition and offset once."""
    return [(p, o) for p in range(3) for o in range(count) if (p, o) not in without]


def test_a_topic_becomes_objects(stage: Stage, emulator: Callable[..., Emulator]) -> None:
    """Every record of the topic stands in one object, as it stands in the log."""
    values = [b'{"id": %d}' % i for i in range(40)] + [None, b"\x00\xff", b""]
    stage.fill(values)
    stage.poller(emulator(stage.environment()), batch_size=30).run(to_the_end=True)
    assert every(len(values)) == stage.offsets()
    of_one = sorted(
        (line for line in stage.lines() if line["partition"] == 1), key=lambda one: one["offset"]
    )
    assert values[:40] == [line["value"].encode() for line in of_one[:40]]
    assert (None, "AP8=", "") == (
        of_one[40]["value"],
        of_one[41]["value_base64"],
        of_one[42]["value"],
    )
    assert {0: len(values), 1: len(values), 2: len(values)} == (
        stage.eyes.committed(stage.group, stage.topic, range(3))
    )


def test_a_batch_of_ten_thousand(stage: Stage, emulator: Callable[..., Emulator]) -> None:
    """The largest batch that Lambda makes is one invocation and one object a partition."""
    values = [b"x" * 100] * 3_333
    stage.fill(values)
    poller = stage.poller(emulator(stage.environment()), batch_size=10_000, window_s=20)
    poller.run(to_the_end=True)
    assert every(3_333) == stage.offsets()
    assert 3 == len(stage.objects(stage.topic))


TROUBLES: dict[str, tuple[dict[str, Any], bool]] = {
    "500": ({"status": 500, "times": 6}, False),
    "503": ({"status": 503, "code": "SlowDown", "times": 6}, False),
    "answers lost": ({"cut": True, "done": True, "times": 2}, False),
    "denied": ({"status": 403, "code": "AccessDenied", "times": 2}, True),
    "slow": ({"delay_s": 30, "times": 1}, True),
}
"""What S3 does to one partition, and whether the invocation fails for it."""


@pytest.mark.parametrize("trouble", TROUBLES)
def test_on_demand_brings_a_failed_batch_until_it_is_stored(
    stage: Stage, emulator: Callable[..., Emulator], trouble: str
) -> None:
    """S3 fails for one partition: it is tried again, or the batch comes again; nothing twice."""
    fault, fails = TROUBLES[trouble]
    stage.fill([b"a", b"b", b"c"])
    met = Fault("PUT", f"*{stage.topic}/partition=1/*", **fault)
    stage.aws.set_faults(met)
    timeout_s = 6 if trouble == "slow" else 60
    poller = stage.poller(emulator(stage.environment(), timeout_s=timeout_s))
    poller.run(to_the_end=True)
    assert every(3) == stage.offsets()
    assert (fault["times"], fails) == (met.met, poller.counts["FailedInvokeEventCount"] > 0)


def test_provisioned_brings_the_failed_partition_alone(
    stage: Stage, emulator: Callable[..., Emulator]
) -> None:
    """With ESM_PARTIAL_RESPONSE only the partition that failed comes again."""
    stage.fill([b"a", b"b", b"c"])
    stage.aws.set_faults(Fault("PUT", f"*{stage.topic}/partition=1/*", 403, times=2))
    function = emulator(stage.environment(ESM_PARTIAL_RESPONSE="true"))
    poller = stage.poller(
        function, batch_size=100, window_s=3, mode="provisioned", report_failures=True
    )
    poller.run(to_the_end=True)
    assert every(3) == stage.offsets()
    assert (0, 9 + 3 + 3) == (
        poller.counts["FailedInvokeEventCount"],
        poller.counts["InvokedEventCount"],
    )


POISON = [b'{"a": 1}', b"no JSON", b'{"a": 2}']
BAD = [{0}, {1}, {2}, {0, 1, 2}]
"""Which of a partition's three records are poison: the first, the middle one, the last, all."""


@pytest.fixture
def poisoned(msk: LocalMsk, aws: LocalAws, eyes: Eyes) -> Stage:
    """A topic with poison in every position."""
    made = Stage(msk, aws, eyes, len(BAD))
    for partition, bad in enumerate(BAD):
        values = [b"no JSON" if i in bad else b'{"a": 1}' for i in range(3)]
        eyes.produce(made.topic, values, partition)
    return made


GOOD = [(p, o) for p, bad in enumerate(BAD) for o in range(3) if o not in bad]


@pytest.mark.parametrize("batch_size", [1, 2, 100])
@pytest.mark.parametrize("mode", ["on_demand", "provisioned"])
def test_poison_doesnt_hold_up_a_partition(
    poisoned: Stage, emulator: Callable[..., Emulator], mode: Any, batch_size: int  # noqa: ANN401
) -> None:  # fmt: skip
    """With dead letters, all good records are stored, and the bad ones kept with the reason."""
    partial = mode == "provisioned"
    function = emulator(
        poisoned.environment(
            ESM_DECODE="json",
            ESM_PARTIAL_RESPONSE=str(partial).lower(),
            ESM_DEAD_LETTER=f"s3://{BUCKET}/{poisoned.prefix}dead",
        )
    )
    poller = poisoned.poller(function, mode=mode, report_failures=partial, batch_size=batch_size)
    poller.run(to_the_end=True)
    assert GOOD == poisoned.offsets()
    letters = [
        json.loads(line) for body in poisoned.objects("dead").values() for line in body.splitlines()
    ]
    assert [(p, o) for p, bad in enumerate(BAD) for o in sorted(bad)] == sorted(
        (one["record"]["partition"], one["record"]["offset"]) for one in letters
    )
    assert {"no JSON"} == {one["record"]["value"] for one in letters}
    assert 0 == poller.counts["FailedInvokeEventCount"]


def test_a_partition_stops_at_its_poison(
    poisoned: Stage, emulator: Callable[..., Emulator]
) -> None:
    """Without dead letters what stands before is stored, and the mapping gives up the rest."""
    function = emulator(poisoned.environment(ESM_DECODE="json", ESM_PARTIAL_RESPONSE="true"))
    poisoned.poller(
        function,
        mode="provisioned",
        report_failures=True,
        max_retries=1,
        on_failure=f"arn:aws:s3:::{BUCKET}",
    ).run(to_the_end=True)
    before = [(p, o) for p, bad in enumerate(BAD) for o in range(min(bad))]
    assert before == poisoned.offsets()
    assert sorted({(p, o) for p in range(4) for o in range(3)} - set(before)) == sorted(
        poisoned.given_up()
    )


def test_dead_letters_in_a_queue(stage: Stage, emulator: Callable[..., Emulator]) -> None:
    """The same with a queue."""
    stage.fill(POISON)
    sqs = stage.aws.client("sqs")
    url = sqs.create_queue(QueueName=f"dead-{stage.topic}")["QueueUrl"]
    function = emulator(stage.environment(ESM_DECODE="json", ESM_DEAD_LETTER=url))
    stage.poller(function).run(to_the_end=True)
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    letters = [json.loads(message["Body"]) for message in messages]
    assert [0, 1, 2] == sorted(one["record"]["partition"] for one in letters)


def run_until(poller: Poller, done: Callable[[], bool]) -> None:
    """Let a mapping run until something is true, and stop it."""
    running = threading.Thread(target=poller.run)
    running.start()
    patience = threading.Event()
    for _ in range(PATIENCE_S * 20):
        if done() or not running.is_alive():
            break
        patience.wait(0.05)
    poller.stop()
    running.join(PATIENCE_S)
    assert not running.is_alive()


def test_a_returned_list_loses_records_on_demand(
    stage: Stage, emulator: Callable[..., Emulator]
) -> None:
    """A handler that reports failures where Lambda doesn't look at them: they are gone."""
    stage.eyes.produce(stage.topic, [b"good", b"bad", b"good"])
    naive = emulator(
        stage.environment(), handler="reports_failures.lambda_handler", path=(HANDLERS, SRC)
    )
    stage.poller(naive).run(to_the_end=True)
    assert {0: 3} == stage.eyes.committed(stage.group, stage.topic)
    again = stage.poller(naive)
    again.run(to_the_end=True)
    assert 0 == again.counts["InvokedEventCount"]  # the bad record never comes again


def test_ours_loses_nothing_on_demand(stage: Stage, emulator: Callable[..., Emulator]) -> None:
    """Without dead letters a bad record fails its batch again and again; nothing is committed.

    When somebody sets dead letters, the same batch goes through.
    """
    stage.eyes.produce(stage.topic, POISON)
    strict = stage.environment(ESM_DECODE="json")
    poller = stage.poller(emulator(strict))
    run_until(poller, lambda: poller.counts["FailedInvokeEventCount"] >= 3 * 3)
    assert ({}, []) == (stage.eyes.committed(stage.group, stage.topic), stage.offsets())
    mended = strict | {"ESM_DEAD_LETTER": f"s3://{BUCKET}/{stage.prefix}dead"}
    stage.poller(emulator(mended)).run(to_the_end=True)
    assert [(0, 0), (0, 2)] == stage.offsets()
    assert ({0: 3}, 1) == (
        stage.eyes.committed(stage.group, stage.topic),
        len(stage.objects("dead")),
    )


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_records_are_logged(stage: Stage, emulator: Callable[..., Emulator], level: str) -> None:
    """The log sink tells coordinates and sizes, and content only where DEBUG is set."""
    stage.eyes.produce(stage.topic, [b"a secret", None])
    settings = {"ESM_SINK": "log", "POWERTOOLS_LOG_LEVEL": level}
    function = emulator(stage.environment(**settings))
    stage.poller(function).run(to_the_end=True)
    lines = [json.loads(one) for one in function.log().splitlines() if one.startswith("{")]
    shown = [line for line in lines if line.get("message") == "record"]
    assert [(0, 8), (1, None)] == [(one["offset"], one.get("value_size_bytes")) for one in shown]
    assert (level == "DEBUG") == ("a secret" in function.log())
    assert [] == stage.lines()


def test_a_topic_is_copied(
    stage: Stage, msk: LocalMsk, eyes: Eyes, emulator: Callable[..., Emulator]
) -> None:
    """The produce sink sends every record to the target, with what it had."""
    values = [b"a", None, b"\xff"]
    eyes.produce(stage.topic, values, keys=[b"k1", b"k2", None], headers=[("h", b"\x00\xff")])
    target = eyes.create_topic()
    environment = msk.environment() | {"ESM_SINK": "produce", "ESM_TARGET_TOPIC": target}
    stage.poller(emulator(environment)).run(to_the_end=True)
    source, copies = eyes.records(stage.topic), eyes.records(target)
    assert [(m.key(), m.value(), m.headers(), m.timestamp()) for m in source] == [
        (m.key(), m.value(), m.headers(), m.timestamp()) for m in copies
    ]


@pytest.fixture
def narrow(eyes: Eyes) -> str:
    """A target that takes small records only."""
    return eyes.create_topic(config={"max.message.bytes": "1000", "compression.type": "producer"})


@pytest.mark.parametrize("at", range(3))
def test_what_a_target_refuses_is_kept_aside(
    stage: Stage, msk: LocalMsk, narrow: str, emulator: Callable[..., Emulator], at: int
) -> None:
    """A record too large for the target is a dead letter, wherever it stands; others go over."""
    values = [b"a", b"b", b"c"]
    values[at] = random.Random(1).randbytes(5_000)
    stage.eyes.produce(stage.topic, values)
    sink = {"ESM_SINK": "produce", "ESM_TARGET_TOPIC": narrow}
    letters = {"ESM_DEAD_LETTER": f"s3://{BUCKET}/{stage.prefix}dead"}
    stage.poller(emulator(stage.environment(**msk.environment(), **letters) | sink)).run(
        to_the_end=True
    )
    assert [v for v in values if len(v) == 1] == [m.value() for m in stage.eyes.records(narrow)]
    (letter,) = [json.loads(body) for body in stage.objects("dead").values()]
    assert (at, "RecordTooLarge") == (letter["record"]["offset"], letter["error"])


def test_what_stands_behind_a_refused_record_isnt_sent_with_every_try(
    stage: Stage, msk: LocalMsk, narrow: str, emulator: Callable[..., Emulator]
) -> None:
    """Without dead letters the partition stops there: a try that begins with it sends no other."""
    values = [b"a", random.Random(1).randbytes(5_000), b"c"]
    stage.eyes.produce(stage.topic, values)
    sink = {"ESM_SINK": "produce", "ESM_TARGET_TOPIC": narrow, "ESM_PARTIAL_RESPONSE": "true"}
    poller = stage.poller(
        emulator(stage.environment(**msk.environment()) | sink),
        mode="provisioned",
        report_failures=True,
        max_retries=3,
        on_failure=f"arn:aws:s3:::{BUCKET}",
    )
    poller.run(to_the_end=True)
    assert 3 + 3 * 2 == poller.counts["InvokedEventCount"]
    assert [b"a", b"c"] == [message.value() for message in stage.eyes.records(narrow)]
    assert [(0, 1), (0, 2)] == sorted(stage.given_up())


def test_a_loop_is_refused(
    stage: Stage, msk: LocalMsk, eyes: Eyes, emulator: Callable[..., Emulator]
) -> None:
    """A function that would send records back to their own topic sends none."""
    eyes.produce(stage.topic, [b"a"])
    environment = msk.environment() | {"ESM_SINK": "produce", "ESM_TARGET_TOPIC": stage.topic}
    function = emulator(environment)
    bootstrap = msk.bootstrap  # what the event says, as MSK's listener for the mapping's login
    options = Options(stage.topic, window_s=0.3, first_pause_s=0.05)
    poller = Poller(options, function, past_checks(msk), bootstrap=bootstrap)
    run_until(poller, lambda: poller.counts["FailedInvokeEventCount"] >= 2)
    assert 1 == len(eyes.records(stage.topic))
    assert "InvalidSetting" in function.log()
