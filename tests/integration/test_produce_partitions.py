"""Which partition a record goes to, and what a request may leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from msk_client.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

JAVA_HASHES = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
}
"""Keys and murmur2 hashes of Kafka's own UtilsTest."""


@pytest.mark.protocol
def test_a_key_goes_where_the_java_client_puts_it(
    call: CallFunction, topic: Callable[..., str]
) -> None:
    """Producers in Java and this function agree on the partition of a key."""
    count = 7
    name = topic(count)
    records = [{"key": key, "value": "x"} for key in JAVA_HASHES]
    results = call({"action": "produce", "topic": name, "records": records})["results"]
    expected = [(value & 0x7FFFFFFF) % count for value in JAVA_HASHES.values()]
    assert expected == [result["partition"] for result in results]


def test_records_without_key_may_go_anywhere_but_keep_their_results(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Each result's partition and offset is where the record stands."""
    name = topic(3)
    values = [f"v{i}" for i in range(500)]
    event = {"action": "produce", "topic": name, "records": [{"value": v} for v in values]}
    results = call(event)["results"]
    log = {(p, m.offset()): m.value() for p in range(3) for m in eyes.records(name, p)}
    assert log == {
        (r["partition"], r["offset"]): v.encode() for r, v in zip(results, values, strict=True)
    }


def test_an_explicit_partition_is_kept_in_order(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Records for one partition stand there in the order of the request."""
    name = topic(2)
    values = [f"v{i}" for i in range(1000)]
    records = [{"value": v, "partition": 1} for v in values]
    call({"action": "produce", "topic": name, "records": records})
    assert [v.encode() for v in values] == [m.value() for m in eyes.records(name, 1)]


def test_a_partition_added_a_moment_ago_is_known(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """A partition beyond those known is looked for before the record is refused."""
    name = topic(1)
    call({"action": "produce", "topic": name, "records": [{"value": "x"}]})
    eyes.add_partitions(name, 2)
    record = {"value": "y", "partition": 1}
    answer = call({"action": "produce", "topic": name, "records": [record]})
    assert answer["results"][0]["partition"] == 1


def test_an_empty_list_is_zero_records(call: CallFunction, topic: Callable[..., str]) -> None:
    """An empty list of records is no mistake, and sends no sample."""
    answer = call({"action": "produce", "topic": topic(), "records": []})
    assert (answer["produced"], answer["results"], answer["sample"]) == (0, [], False)


def test_no_sample_is_sent_to_a_topic_with_records(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Left out, `records` means the sample only where the topic is empty."""
    name = topic(2)
    assert call({"action": "produce", "topic": name})["sample"]
    with pytest.raises(InvalidRequest, match="has records"):
        call({"action": "produce", "topic": name})
    assert call({"action": "produce", "topic": name, "records": "sample"})["produced"] == 2
    assert sum(len(eyes.records(name, p)) for p in range(2)) == 4


def test_a_stamp_names_request_and_index(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """With `stamp` each record carries the request id and its index, for deduplication."""
    name = topic()
    records = [{"value": "a", "headers": {"own": "1"}}, {"value": "b"}]
    call({"action": "produce", "topic": name, "records": records, "stamp": True})
    stamps = [dict(m.headers() or [])["x-request-id"] for m in eyes.records(name)]
    assert stamps == [f"00000000-0000-0000-0000-000000000000:{i}".encode() for i in range(2)]
