"""consume: pages, and how one goes on from the other."""

from __future__ import annotations

from typing import Any

import pytest
from awslambdaric.lambda_runtime_marshaller import to_json
from hypothesis import given
from hypothesis import strategies as st

from msk_client import answer
from msk_client.errors import InvalidRequest
from msk_client.records import Outgoing
from tests.unit.invoking import KeptKafka, body, cluster, invoke, outgoing, pages, places


def event(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a consume event."""
    return {"action": "consume", "topic": "orders", **fields}


# The fields of a page


def test_a_whole_read() -> None:
    """A read to the end tells where it ended, past the gaps, for empty partitions too."""
    answer = body(event(), cluster("r.r..", "", "..", "r"))
    assert [(0, 0), (0, 2), (3, 0)] == places(answer)
    expected = {
        "topic": "orders",
        "count": 3,
        "stopped": "end",
        "next": {"0": 5, "1": 0, "2": 2, "3": 1},
        "end": {"0": 5, "1": 0, "2": 2, "3": 1},
        "lag": {"0": 0, "1": 0, "2": 0, "3": 0},
    }
    assert expected == {name: field for name, field in answer.items() if name != "records"}


def test_a_page_of_so_many_records() -> None:
    """A page of `max_records` tells where to go on and how much is left in each partition."""
    answer = body(event(max_records=2), cluster("r.r.r", "rrr"))
    assert (2, "max_records") == (answer["count"], answer["stopped"])
    assert {"0": 3, "1": 0} == answer["next"]
    assert {"0": 5, "1": 3} == answer["end"]
    assert {"0": 2, "1": 3} == answer["lag"]


def test_the_last_record_is_the_end() -> None:
    """A page that takes the last record has come to the end, though it is full."""
    answer = body(event(max_records=2), cluster("rr.."))
    assert ("end", {"0": 4}) == (answer["stopped"], answer["next"])


def test_lag_counts_to_the_high_watermark() -> None:
    """The lag of a read with an end of its own counts all that it leaves."""
    answer = body(event(until={"offsets": {"0": 1}}), cluster("rrrr"))
    assert ({"0": 1}, {"0": 1}, {"0": 3}) == (answer["next"], answer["end"], answer["lag"])


def test_an_empty_range_reads_nothing() -> None:
    """A range that ends before it starts is empty, and goes on from its start."""
    answer = body(
        event(**{"from": {"offsets": {"0": 3}}, "until": {"offsets": {"0": 1}}}), cluster("rrrr")
    )
    assert ([], "end", {"0": 3}) == (answer["records"], answer["stopped"], answer["next"])


# Every record exactly once

LOGS = st.lists(st.text("r.", max_size=12), min_size=1, max_size=4)


@given(LOGS, st.integers(1, 5))
def test_pages_by_count_lose_and_repeat_nothing(logs: list[str], max_records: int) -> None:
    """Paging by count gives every record exactly once, in order within a partition."""
    read = list(pages(cluster(*logs), event(max_records=max_records)))
    found = [place for page in read for place in places(page)]
    expected = [(p, o) for p, log in enumerate(logs) for o, sign in enumerate(log) if sign == "r"]
    assert expected == sorted(found)
    assert all(max_records >= page["count"] for page in read)
    assert {str(p): len(log) for p, log in enumerate(logs)} == read[-1]["next"]


VALUES = st.none() | st.binary(max_size=400) | st.text(max_size=200).map(str.encode)
RECORDS = st.builds(
    Outgoing,
    key=st.none() | st.binary(max_size=60),
    value=VALUES | st.integers(0, 3_000).map(bytes),
    headers=st.lists(st.tuples(st.text("é", max_size=9), st.none() | st.binary()), max_size=2),
    timestamp_ms=st.integers(0, 2**63 - 1),
)


@pytest.mark.parametrize("runtime", ["AWS_Lambda_python3.11", "AWS_Lambda_python3.13"])
def test_pages_by_size_fit_and_lose_nothing(runtime: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paging by size gives every record exactly once, in answers of at most `max_bytes`."""
    monkeypatch.setenv("AWS_EXECUTION_ENV", runtime)
    answer._encode.cache_clear()

    @given(
        st.lists(st.lists(RECORDS, max_size=6), min_size=1, max_size=3),
        st.integers(2_100, 4_000),
        st.sampled_from(["text", "json", "base64"]),
    )
    def check(logs: list[list[Outgoing]], max_bytes: int, form: str) -> None:
        kafka = KeptKafka()
        for log, records in zip(kafka.add_topic("orders", len(logs)), logs, strict=True):
            for record in records:
                log.append(record)
        found = []
        for page in pages(kafka, event(max_bytes=max_bytes, format=form)):
            assert max_bytes >= len(to_json({"statusCode": 200, "body": page}).encode())
            found += places(page)
        expected = [(p, offset) for p, log in enumerate(logs) for offset in range(len(log))]
        assert expected == sorted(found)

    check()
    answer._encode.cache_clear()


@pytest.mark.parametrize("value", [b"x" * 50, b"x" * 5_000, "é\U0001f600".encode() * 9])
def test_the_largest_other_fields_fit_too(value: bytes) -> None:
    """A page fits `max_bytes` with the longest name, offsets, skips, and a bookmark that moved."""
    topic, last = "t" * 249, 2**63 - 1
    kafka = KeptKafka()
    for log in kafka.add_topic(topic, 30):
        log.low = log.high = last - 100
        for _ in range(20):
            log.append(outgoing(value, timestamp_ms=last, key=value))
    kafka.bookmarks["mine", topic] = dict.fromkeys(range(30), last - 200)
    read = kafka.read

    def read_as_it_moves(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the fake
        kafka.bookmarks["mine", topic][0] += 1
        return read(*arguments, **options)

    kafka.read = read_as_it_moves  # type: ignore[method-assign] # for this test
    marked = {"action": "consume", "topic": topic, "group": "mine", "commit": True}
    for max_bytes in range(8_000, 14_000, 97):
        answer = invoke(marked | {"max_bytes": max_bytes}, kafka)
        assert {"bookmark_moved", "skipped"} <= answer["body"].keys()
        assert max_bytes >= len(to_json(answer).encode())


def test_a_page_of_so_many_bytes() -> None:
    """A page stops before the record that would make it too large."""
    kafka = KeptKafka()
    (log,) = kafka.add_topic("orders")
    for _ in range(10):
        log.append(outgoing(b"x" * 1_000))
    answer = body(event(max_bytes=6_000), kafka)
    assert "max_bytes" == answer["stopped"]
    assert {"0": answer["count"]} == answer["next"]
    assert 0 < answer["count"] < 6


def test_max_bytes_too_small_for_anything() -> None:
    """A `max_bytes` that the other fields fill is refused, and what is advised works."""
    kafka = cluster(*["r"] * 50)
    with pytest.raises(InvalidRequest, match=r"Field 'max_bytes' is 900, too few") as caught:
        invoke(event(max_bytes=900), kafka)
    advised = int(str(caught.value).partition("give at least ")[2].partition(" ")[0])
    assert places(body(event(max_bytes=advised), kafka))
    with pytest.raises(InvalidRequest, match="too few"):
        invoke(event(max_bytes=advised - 1), kafka)
