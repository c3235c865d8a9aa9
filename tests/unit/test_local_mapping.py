"""The local mapping brings batches as Lambda does: what is retried, given up, halved, ignored."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from local.lambda_runtime import Invocation
from local.mapping import Options
from local.mapping.attempts import Attempts, Stopped
from local.mapping.events import Polled

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Sequence

Seen = list[tuple[int, int]]
PROVISIONED: Any = {"mode": "provisioned", "first_pause_s": 0}
FAILURE = Invocation({}, b"", 0.0, "Boom", "no")


def polled(offset: int, partition: int = 0, timestamp_ms: int | None = None) -> Polled:
    """Make a record."""
    at_ms = int(time.time() * 1000) if timestamp_ms is None else timestamp_ms
    text = json.dumps({"topic": "a-b", "partition": partition, "offset": offset})
    return Polled("a-b", partition, offset, at_ms, None, b"v", text)


def success(payload: object = None) -> Invocation:
    """Make an invocation that answered this."""
    return Invocation(payload, b"", 0.0)


def failed(*places: tuple[object, object]) -> dict[str, Any]:
    """Make a partial response."""
    items = [{"itemIdentifier": {"partition": key, "offset": offset}} for key, offset in places]
    return {"batchItemFailures": items}


@dataclass
class Script:
    """A function that answers what it is told, and keeps what it was sent."""

    answer: Callable[[Seen], Invocation]
    seen: list[Seen] = field(default_factory=list)

    def invoke(self, event: object) -> Invocation:
        """See the protocol."""
        assert isinstance(event, bytes)
        parts = json.loads(event)["records"].values()
        records = [(one["partition"], one["offset"]) for part in parts for one in part]
        self.seen.append(records)
        return self.answer(records)


@dataclass
class Run:
    """What one batch came to."""

    function: Script
    given_up: list[tuple[str, Seen, int]]
    counts: Counter[str]


def run(
    records: Sequence[Polled],
    answer: Callable[[Seen], Invocation],
    stop_after: int | None = None,
    **options: Any,  # noqa: ANN401 - of a mapping
) -> Run:
    """Process one batch; the mapping is stopped after so many invocations."""
    given_up: list[tuple[str, Seen, int]] = []

    def discard(several: Sequence[Polled], why: str, tries: int, _: Invocation | None) -> None:
        given_up.append((why, [(one.partition, one.offset) for one in several], tries))

    script = Script(answer)
    attempts = Attempts(Options("a-b", **options), script, discard, "b-1:9098")

    def stopping(seen: Seen) -> Invocation:
        if stop_after is not None and len(script.seen) >= stop_after:
            attempts.stop.set()
        return answer(seen)

    script.answer = stopping
    try:
        attempts.process(list(records))
    except Stopped:
        assert stop_after is not None
    return Run(script, given_up, attempts.counts)


TWO = [polled(5), polled(6)]
BOTH = [(0, 5), (0, 6)]


# On demand


def test_on_demand_brings_the_whole_batch_again() -> None:
    """A batch whose invocation fails comes again as it was, without end."""
    came = run(TWO, lambda _: FAILURE, stop_after=12, first_pause_s=0)
    assert ([BOTH] * 12, []) == (came.function.seen, came.given_up)


def test_on_demand_ignores_what_is_answered() -> None:
    """A list of failures is an answer like any other: the batch counts as done."""
    came = run(TWO, lambda _: success(failed(("a-b-0", 5))))
    assert [BOTH] == came.function.seen


@pytest.mark.parametrize(
    "option",
    [
        {"max_retries": 3},
        {"max_age_s": 60},
        {"bisect": True},
        {"report_failures": True},
        {"on_failure": "arn:aws:sqs:us-east-1:123456789012:dead"},
    ],
)
def test_on_demand_has_no_error_handling(option: dict[str, Any]) -> None:
    """What needs pollers of one's own is refused by name."""
    with pytest.raises(ValueError, match=f"only in provisioned mode: {next(iter(option))}"):
        Options("a-b", **option)
    Options("a-b", mode="provisioned", **option)


# Retries


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_retries_end(retries: int) -> None:
    """After so many retries the batch is given up."""
    came = run(TWO, lambda _: FAILURE, max_retries=retries, **PROVISIONED)
    assert retries + 1 == len(came.function.seen)
    assert [("RetryAttemptsExhausted", BOTH, retries + 1)] == came.given_up
    assert 2 == came.counts["DroppedEventCount"]


def test_a_destination_ends_infinite_retries() -> None:
    """With somewhere to give records up to, ten retries are the most."""
    came = run(TWO, lambda _: FAILURE, on_failure="arn:aws:s3:::dead", **PROVISIONED)
    assert 11 == len(came.function.seen)


def test_a_batch_that_works_at_last_is_done() -> None:
    """A retry that succeeds gives nothing up."""
    answers = iter([FAILURE, FAILURE, success()])
    came = run(TWO, lambda _: next(answers), max_retries=2, **PROVISIONED)
    assert ([BOTH] * 3, []) == (came.function.seen, came.given_up)


def test_old_records_are_given_up() -> None:
    """What is older than the mapping allows, a week at most, isn't sent."""
    old = polled(4, timestamp_ms=1)
    came = run([old, *TWO], lambda _: success(), max_age_s=604_800, **PROVISIONED)
    assert ([BOTH], [("RecordAgeExceeded", [(0, 4)], 0)]) == (came.function.seen, came.given_up)


# Halving


def test_halving_finds_the_bad_record() -> None:
    """A batch that fails is split until the bad record is alone; halves cost no retry."""
    records = [polled(i) for i in range(8)]
    came = run(
        records,
        lambda seen: FAILURE if (0, 5) in seen else success(),
        bisect=True,
        max_retries=1,
        **PROVISIONED,
    )
    assert [("RetryAttemptsExhausted", [(0, 5)], 2)] == came.given_up
    lengths = [len(one) for one in came.function.seen]
    assert [8, 4, 4, 2, 1, 1, 1, 2] == lengths
    done = [seen for seen in came.function.seen if (0, 5) not in seen]
    assert {(0, i) for i in range(8) if i != 5} == {place for seen in done for place in seen}


# Partial responses


REPORTING: Any = PROVISIONED | {"report_failures": True}
FIVE = [polled(1), polled(2), polled(3), polled(7, 1), polled(8, 1)]
ALL_FIVE = [(0, 1), (0, 2), (0, 3), (1, 7), (1, 8)]


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"statusCode": 200}],
)
def test_nothing_reported_is_success(payload: object) -> None:
    """An empty answer means that all is done."""
    assert [ALL_FIVE] == run(FIVE, lambda _: success(payload), **REPORTING).function.seen


def test_a_partition_goes_on_at_its_first_failure() -> None:
    """Each reported partition comes again from its lowest offset, the others are done."""
    answers = iter([failed(("a-b-0", 3), ("a-b-0", 2)), failed()])
    came = run(FIVE, lambda _: success(next(answers)), **REPORTING)
    assert [ALL_FIVE, [(0, 2), (0, 3)]] == came.function.seen


@pytest.mark.parametrize(
    "payload",
    [
        failed(("a-b-0", 4)),
        failed(("a-b-2", 1)),
        failed(("b-0", 1)),
        failed(("a-b-0", "1")),
        failed(("a-b-0", 2), ("a-b-0", None)),
        {"batchItemFailures": [{"itemIdentifier": "a-b-0"}]},
        {"batchItemFailures": [{}]},
        {"batchItemFailures": {}},
        "text",
    ],
)
def test_an_answer_that_isnt_understood_brings_all_again(payload: object) -> None:
    """An offset that the event didn't have, or another shape: the whole batch comes again."""
    answers = iter([success(payload), success()])
    came = run(FIVE, lambda _: next(answers), **REPORTING)
    assert [ALL_FIVE, ALL_FIVE] == came.function.seen


def test_without_the_option_a_report_is_ignored() -> None:
    """Provisioned pollers alone don't read partial responses."""
    came = run(FIVE, lambda _: success(failed(("a-b-0", 1))), **PROVISIONED)
    assert [ALL_FIVE] == came.function.seen


def test_what_is_reported_again_and_again_is_given_up() -> None:
    """A record that fails at every retry is given up with what stands behind it."""
    came = run(FIVE, lambda _: success(failed(("a-b-1", 8))), max_retries=2, **REPORTING)
    assert [("RetryAttemptsExhausted", [(1, 8)], 3)] == came.given_up


# Events


def test_an_event_says_where_it_comes_from() -> None:
    """MSK's events have the cluster's ARN and servers, others only the servers."""
    events: list[Any] = []

    class Keeping:
        def invoke(self, event: object) -> Invocation:
            assert isinstance(event, bytes)
            events.append(json.loads(event))
            return success()

    for arn in ("arn:aws:kafka:eu-west-1:123456789012:cluster/a/b-1", None):
        options = Options("a-b", source_arn=arn)
        Attempts(options, Keeping(), lambda *_: None, "b-1:9098,b-2:9098").process([polled(1)])
    msk, own = events
    assert ["eventSource", "eventSourceArn", "bootstrapServers", "records"] == list(msk)
    assert ("aws:kafka", "b-1:9098,b-2:9098") == (msk["eventSource"], msk["bootstrapServers"])
    assert ("SelfManagedKafka", False) == (own["eventSource"], "eventSourceArn" in own)
    assert ["a-b-0"] == list(own["records"])


def test_a_record_that_fits_no_event_is_given_up() -> None:
    """What is larger than an invocation may be is never sent."""
    came = run(TWO, lambda _: success(), payload_bytes=10)
    assert ([], [("MaximumPayloadSizeExceeded", BOTH, 0)]) == (came.function.seen, came.given_up)


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        ({"batch_size": 0}, "batch_size is 0: give 1 to 10000"),
        ({"batch_size": 10_001}, "batch_size is 10001"),
        ({"window_s": 301}, "window_s is 301: give 0 to 300"),
        ({"starting_position": "AT_TIMESTAMP"}, "starting_timestamp_s goes with"),
        ({"max_retries": 10_001, "mode": "provisioned"}, "max_retries is 10001"),
        ({"max_age_s": 59, "mode": "provisioned"}, "max_age_s is 59: give 60 to 604800"),
        ({"on_failure": "kafka://a-b", "mode": "provisioned"}, "on_failure is the source topic"),
    ],
)
def test_options_have_lambdas_limits(option: dict[str, Any], fault: str) -> None:
    """What Lambda would refuse is refused."""
    with pytest.raises(ValueError, match=fault):
        Options("a-b", **option)
