"""The broker refuses whole batches; only the records that are bad themselves may fail."""

from __future__ import annotations

import random
import string
import time
from typing import TYPE_CHECKING, Any

import pytest

from msk_client.errors import PartialFailure, RecordTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

SMALL = {"max.message.bytes": "2000"}


def noise(length: int) -> str:
    """Text that lz4 can't shrink much."""
    return "".join(random.choices(string.ascii_letters + string.digits, k=length))


def report(call: CallFunction, topic: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Produce, and answer the results."""
    event = {"action": "produce", "topic": topic, "records": records, "on_failure": "report"}
    results: list[dict[str, Any]] = call(event)["results"]
    return results


def failed(results: list[dict[str, Any]]) -> dict[int, tuple[str, str]]:
    """Index -> (status, error class) of what wasn't delivered."""
    return {
        i: (r["status"], r["error"]["type"])
        for i, r in enumerate(results)
        if r["status"] != "delivered"
    }


def check_log(eyes: Eyes, topic: str, values: list[str], results: list[dict[str, Any]]) -> None:
    """Each delivered record stands once, where its result says, and no other record does."""
    log = {message.offset(): message.value() for message in eyes.records(topic)}
    told = {r["offset"]: values[i].encode() for i, r in enumerate(results) if "offset" in r}
    assert log == told


@pytest.mark.parametrize("bad", [[0], [50], [99], [3, 4, 70]])
def test_one_record_too_large_fails_alone(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes, bad: list[int]
) -> None:
    """Records larger than the topic allows are rejected, their neighbours are delivered once."""
    name = topic(config=SMALL)
    values = [noise(12_000) if i in bad else f"v{i}" for i in range(100)]
    results = report(call, name, [{"value": value} for value in values])
    assert failed(results) == dict.fromkeys(bad, ("rejected", "RecordTooLarge"))
    check_log(eyes, name, values, results)


def test_a_batch_too_large_for_the_topic_is_sent_in_parts(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A hundred small records whose batch is too large for the topic are all delivered."""
    name = topic(config=SMALL)
    values = [noise(100) for _ in range(100)]
    results = report(call, name, [{"value": value} for value in values])
    assert failed(results) == {}
    check_log(eyes, name, values, results)


def test_a_null_key_on_a_compacted_topic_fails_alone(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A record without key is rejected by a compacted topic, its neighbours are delivered."""
    name = topic(config={"cleanup.policy": "compact"})
    values = [f"v{i}" for i in range(100)]
    records = [
        {"key": None if i in {5, 6, 99} else f"k{i}", "value": v} for i, v in enumerate(values)
    ]
    results = report(call, name, records)
    assert failed(results) == dict.fromkeys((5, 6, 99), ("rejected", "InvalidRequest"))
    assert "compacted topic" in results[5]["error"]["message"]
    check_log(eyes, name, values, results)


def test_a_timestamp_that_the_topic_refuses_fails_alone(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Records whose timestamps are too old for the topic are rejected, the others delivered."""
    config = "message.timestamp.difference.max.ms"
    try:
        name = topic(config={config: "3600000"})
    except Exception:  # noqa: BLE001 - Kafka 4 has split this config in two
        name = topic(config={"message.timestamp.before.max.ms": "3600000"})
    now_ms = int(time.time() * 1000)
    values = [f"v{i}" for i in range(100)]
    records = [
        {"value": v, "timestamp": 1000 if i in {3, 77} else now_ms} for i, v in enumerate(values)
    ]
    results = report(call, name, records)
    assert failed(results) == dict.fromkeys((3, 77), ("rejected", "InvalidRequest"))
    check_log(eyes, name, values, results)


def test_refusals_in_several_partitions_are_found_at_once(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Each partition's bad records are found among its own neighbours."""
    name = topic(3, SMALL)
    bad = {10, 101, 212}
    values = [noise(5000) if i in bad else f"v{i}" for i in range(300)]
    results = report(call, name, [{"value": v, "partition": i % 3} for i, v in enumerate(values)])
    assert failed(results) == dict.fromkeys(sorted(bad), ("rejected", "RecordTooLarge"))
    for partition in range(3):
        log = {m.offset(): m.value() for m in eyes.records(name, partition)}
        told = {
            r["offset"]: values[i].encode()
            for i, r in enumerate(results)
            if r.get("partition") == partition
        }
        assert told == log


def test_nothing_delivered_for_one_cause_raises_that_cause(
    call: CallFunction, topic: Callable[..., str]
) -> None:
    """Where every record is too large the error is RecordTooLarge, not PartialFailure."""
    name = topic(config=SMALL)
    records = [{"value": noise(5000)}, {"value": noise(6000), "id": "second"}]
    with pytest.raises(RecordTooLarge, match="2 rejected"):
        call({"action": "produce", "topic": name, "records": records})


def test_some_delivered_raises_partial_failure_without_content(
    call: CallFunction, topic: Callable[..., str]
) -> None:
    """PartialFailure counts the statuses and names the first bad record, but not its content."""
    name = topic(config=SMALL)
    secret = noise(5000)
    records = [{"value": "fine"}, {"value": secret, "id": "bad-one"}]
    with pytest.raises(PartialFailure) as raised:
        call({"action": "produce", "topic": name, "records": records})
    text = str(raised.value)
    assert "1 delivered" in text
    assert 'record 1 (id "bad-one"), rejected' in text
    assert secret[:20] not in text


def test_no_time_to_split_leaves_not_delivered(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records refused together that can't be sent alone in time are not in the log."""
    from msk_client.kafka.produce import Sender  # noqa: PLC0415 - only this test looks inside

    name = topic(config=SMALL)

    def out_of_time(sender: Sender) -> None:
        sender.sending_until = sender.deadline.earlier(1000)
        original(sender)

    original = Sender._send_refused_again
    monkeypatch.setattr(Sender, "_send_refused_again", out_of_time)
    results = report(call, name, [{"value": noise(5000)}, {"value": "fine"}])
    assert failed(results) == dict.fromkeys(range(2), ("not_delivered", "DeadlineExceeded"))
    assert eyes.records(name) == []
