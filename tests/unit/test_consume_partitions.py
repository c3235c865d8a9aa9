"""consume: which partitions are read, and starts outside of their logs."""

from __future__ import annotations

from typing import Any

import pytest

from msk_client.errors import InvalidRequest, NotAuthorized, OffsetOutOfRange, UnknownTopic
from tests.unit.invoking import KeptKafka, body, cluster, invoke, places


def event(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Make a consume event; `start` stands for `from`."""
    fields = {"from" if name == "start" else name: value for name, value in fields.items()}
    return {"action": "consume", "topic": "orders", **fields}


def test_offsets_name_the_partitions() -> None:
    """Only partitions whose offsets are given are read."""
    answer = body(event(start={"offsets": {"2": 1}}), cluster("rr", "rr", "rr"))
    assert ([(2, 1)], {"2": 2}) == (places(answer), answer["next"])


def test_partitions_can_be_chosen() -> None:
    """Only the partitions asked for are read, each once."""
    answer = body(event(partitions=[2, 0, 2]), cluster("r", "r", "r"))
    assert ([(0, 0), (2, 0)], {"0": 1, "2": 1}) == (places(answer), answer["next"])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"partitions": [0, 2]}, "Partition 2 does not exist: topic 'orders' has 0 to 1."),
        ({"start": {"offsets": {"7": 0}}}, "Partition 7 does not exist"),
        ({"until": {"offsets": {"7": 0}}}, "'until.offsets' names partition 7"),
        ({"partitions": [0], "until": {"offsets": {"1": 0}}}, "names partition 1"),
        ({"partitions": [0], "start": {"offsets": {"0": 0}}}, "are both given"),
        ({"start": "committed"}, "needs 'group'"),
        ({"commit": True}, "needs 'group'"),
        ({"commit": True, "group": "g", "start": "beginning"}, "goes with"),
    ],
)
def test_contradictions_are_refused(fields: dict[str, Any], told: str) -> None:
    """Fields that contradict each other or the topic are refused."""
    with pytest.raises(InvalidRequest) as caught:
        invoke(event(**fields), cluster("r", "r"))
    assert told in str(caught.value)


def test_an_unknown_topic() -> None:
    """A topic that isn't there is an error that names it and the cluster."""
    with pytest.raises(UnknownTopic, match=r"'orders' doesn't exist on boot-x"):
        invoke(event(), KeptKafka())


def test_a_forbidden_topic() -> None:
    """A topic that ALLOWED_TOPICS forbids is refused before anything is asked."""
    kafka = cluster("r")
    with pytest.raises(NotAuthorized, match=r"ALLOWED_TOPICS does not allow topic 'orders'"):
        invoke(event(), kafka, ALLOWED_TOPICS="events")
    assert [] == kafka.calls


# Outside of the log


def test_a_start_below_the_log_goes_on_at_its_beginning() -> None:
    """A start whose records are deleted goes on at the beginning, and the gap is reported."""
    kafka = cluster("rrrr", "rr")
    kafka.logs["orders"][0].delete_before(2)
    answer = body(event(start={"offsets": {"0": 1, "1": 0}}), kafka)
    assert [(0, 2), (0, 3), (1, 0), (1, 1)] == places(answer)
    assert {"0": {"from": 1, "to": 2}} == answer["skipped"]


def test_retention_that_overtakes_a_read_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records that are deleted between the look at the log and the read are reported as skipped."""
    kafka = cluster("rrrr")
    look = kafka.offsets

    def look_then_delete(*arguments: Any) -> Any:  # noqa: ANN401 - as the fake
        found = look(*arguments)
        kafka.logs["orders"][0].delete_before(3)
        return found

    monkeypatch.setattr(kafka, "offsets", look_then_delete)
    answer = body(event(start={"offsets": {"0": 1}}), kafka)
    assert ([(0, 3)], {"0": {"from": 1, "to": 3}}) == (places(answer), answer["skipped"])


def test_nothing_skipped_is_not_reported() -> None:
    """Where nothing was skipped the answer doesn't speak of it, also if the log begins late."""
    kafka = cluster("rrrr")
    kafka.logs["orders"][0].delete_before(2)
    assert "skipped" not in body(event(), kafka)


@pytest.mark.parametrize("bookmark", [{}, {0: 5}])
def test_a_start_above_the_log_is_an_error(bookmark: dict[int, int]) -> None:
    """A start beyond the end, by offset or by bookmark, is an error: the topic was made anew."""
    kafka = cluster("rrrr")
    kafka.bookmarks["mine", "orders"] = bookmark
    fields = {"group": "mine"} if bookmark else {"start": {"offsets": {"0": 5}}}
    with pytest.raises(OffsetOutOfRange, match=r"Partition 0 .* ends at offset 4.* 5: .*anew"):
        invoke(event(**fields), kafka)
