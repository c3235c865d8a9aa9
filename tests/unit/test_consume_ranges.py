"""consume: where a read starts and ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.invoking import KeptKafka, body, cluster, outgoing, places


def event(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a consume event; `start` stands for `from`."""
    fields = {"from" if name == "start" else name: value for name, value in fields.items()}
    return {"action": "consume", "topic": "orders", **fields}


def offsets(kafka: KeptKafka, **fields: Any) -> list[int]:  # noqa: ANN401 - any JSON
    """Read a topic of one partition to its end; answers the records' offsets."""
    answer = body(event(**fields), kafka)
    assert "end" == answer["stopped"]
    return [offset for _, offset in places(answer)]


# From


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("beginning", [0, 1, 3, 4]),
        ("end", []),
        ({"offsets": {"0": 1}}, [1, 3, 4]),
        ({"offsets": {"0": 2}}, [3, 4]),
        ({"offsets": {"0": 6}}, []),
        ({"timestamp": 10**12 + 2}, [3, 4]),
        ({"timestamp": "2001-09-09T01:46:40.001Z"}, [1, 3, 4]),
        ({"timestamp": 10**12 + 5}, []),
        ("-1s", []),
        ("-99999d", [0, 1, 3, 4]),
        ({"tail": 1}, [4]),
        ({"tail": 3}, [1, 3, 4]),
        ({"tail": 9}, [0, 1, 3, 4]),
    ],
)
def test_from(start: object, expected: list[int]) -> None:
    """A read starts where `from` says: a word, an offset, a time, or so many records back."""
    assert expected == offsets(cluster("rr.rr."), start=start)


def test_the_default_is_the_beginning() -> None:
    """Without group and `from` a read starts at the beginning."""
    assert [0, 1] == offsets(cluster("rr"))


def test_a_group_reads_from_its_bookmark() -> None:
    """With a group and without `from` a read starts at its commit, or at the beginning."""
    kafka = cluster("rrr", "rrr")
    kafka.bookmarks["mine", "orders"] = {1: 2}
    assert [(0, 0), (0, 1), (0, 2), (1, 2)] == places(body(event(group="mine"), kafka))


@pytest.mark.parametrize("tail", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("log", ["r.......", ".......r", "rr..r....r...", "........", ""])
def test_a_tail_counts_records(log: str, tail: int) -> None:
    """The tail is the last n records, however many gaps and markers lie among and behind them."""
    kafka = cluster(log)
    assert offsets(kafka)[-tail:] == offsets(kafka, start={"tail": tail})


def test_a_tail_is_of_each_partition() -> None:
    """Each partition gives its own tail."""
    kafka = cluster("rrr", "r....", "", "....")
    assert [(0, 1), (0, 2), (1, 0)] == places(body(event(start={"tail": 2}), kafka))


def test_a_tail_stops_at_the_end_of_the_read() -> None:
    """The tail is counted back from where the read ends."""
    assert [1, 2] == offsets(cluster("rrrr"), start={"tail": 2}, until={"offsets": {"0": 3}})


def test_times_are_looked_up_and_no_filter() -> None:
    """A time is the first offset at or after it; what follows is read whatever its timestamp."""
    kafka = KeptKafka()
    (log,) = kafka.add_topic("orders")
    for second in (3, 1, 4, 2):
        log.append(outgoing(timestamp_ms=10**12 + second))
    assert [0, 1, 2, 3] == offsets(kafka, start={"timestamp": 10**12 + 2})
    assert [2, 3] == offsets(kafka, start={"timestamp": 10**12 + 4})
    assert [0, 1] == offsets(kafka, until={"timestamp": 10**12 + 4})


# Until


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("end", [0, 1, 3, 4]),
        ({"offsets": {"0": 3}}, [0, 1]),
        ({"offsets": {"0": 4}}, [0, 1, 3]),
        ({"offsets": {"0": 0}}, []),
        ({"offsets": {"0": 10**15}}, [0, 1, 3, 4]),
        ({"timestamp": 10**12 + 3}, [0, 1]),
        ({"timestamp": 10**12 + 99}, [0, 1, 3, 4]),
        ("-1s", [0, 1, 3, 4]),
        ("-99999d", []),
    ],
)
def test_until(until: object, expected: list[int]) -> None:
    """A read ends before the place that `until` names, and at the log's end at the latest."""
    assert expected == offsets(cluster("rr.rr."), until=until)


def test_an_end_beyond_the_log_is_the_logs() -> None:
    """An `until` beyond the log is answered as the end that the log has."""
    answer = body(event(until={"offsets": {"0": 10**15}}), cluster("rr."))
    assert ({"0": 3}, {"0": 3}) == (answer["end"], answer["next"])


def test_until_of_some_partitions() -> None:
    """Partitions that `until` doesn't name are read to their ends."""
    kafka = cluster("rr", "rr")
    assert [(0, 0), (1, 0), (1, 1)] == places(body(event(until={"offsets": {"0": 1}}), kafka))


def test_what_comes_later_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end is taken once, at the start: what is appended during the read isn't in it."""
    kafka = cluster("rr")
    read = kafka.read

    def read_late(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the fake
        kafka.logs["orders"][0].append(outgoing())
        return read(*arguments, **options)

    monkeypatch.setattr(kafka, "read", read_late)
    answer = body(event(), kafka)
    assert ([(0, 0), (0, 1)], {"0": 2}) == (places(answer), answer["end"])


# Isolation


def test_a_committed_read_ends_at_the_last_stable_offset() -> None:
    """By default a read ends before the first open transaction."""
    kafka = cluster("rrrr")
    kafka.logs["orders"][0].stable = 2
    answer = body(event(), kafka)
    assert ([0, 1], {"0": 2}, {"0": 2}) == (offsets(kafka), answer["end"], answer["lag"])
    assert "read committed" in kafka.calls


def test_an_uncommitted_read_ends_at_the_high_watermark() -> None:
    """A read of uncommitted records ends at the high watermark."""
    kafka = cluster("rrrr")
    kafka.logs["orders"][0].stable = 2
    assert [0, 1, 2, 3] == offsets(kafka, isolation="read_uncommitted")
    assert "read committed" not in kafka.calls


def test_a_start_in_an_open_transaction_reads_nothing() -> None:
    """A start between last stable offset and high watermark is no error: there is nothing yet."""
    kafka = cluster("rrrr")
    kafka.logs["orders"][0].stable = 2
    answer = body(event(start={"offsets": {"0": 3}}), kafka)
    assert ([], "end", {"0": 3}) == (answer["records"], answer["stopped"], answer["next"])
