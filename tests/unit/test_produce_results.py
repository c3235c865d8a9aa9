"""produce: the list of results, and what is left out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.actions import results
from msk_client.actions.results import ENVELOPE_BYTES, listed
from msk_client.answer import MAX_ANSWER_BYTES, size_bytes
from msk_client.errors import RecordTooLarge
from msk_client.ports import Outcome
from msk_client.records import RecordInput
from tests.unit.invoking import KeptKafka, body

if TYPE_CHECKING:
    from collections.abc import Sequence

DELIVERED = Outcome("delivered", 3, 9_000_000_000_000_000, 1_700_000_000_000)
FAILED = Outcome("rejected", error=RecordTooLarge("The record is too large."))


def plain(count: int) -> list[RecordInput]:
    """Make records without ids."""
    return [RecordInput(value="")] * count


# What is wanted


@pytest.mark.parametrize(("wanted", "indexes"), [("failures", [1, 2]), ("all", [None] * 4)])
def test_failures_tell_their_place(wanted: Any, indexes: list[int | None]) -> None:  # noqa: ANN401 - a literal
    """A list of failures gives each record's index, a whole list is in the request's order."""
    outcomes = [DELIVERED, FAILED, FAILED, DELIVERED]
    shown = listed(plain(4), outcomes, wanted)["results"]
    assert indexes == [result.get("index") for result in shown]


def test_no_failures_are_an_empty_list() -> None:
    """A list of failures is empty where all was delivered, and nothing counts as omitted."""
    assert {"results": []} == listed(plain(1), [DELIVERED], "failures")


def test_none_is_no_list() -> None:
    """Where no results are wanted the answer has the counts and no list."""
    kafka = KeptKafka()
    event = {"action": "produce", "topic": "t", "records": [{"value": ""}], "results": "none"}
    answer = body(event, kafka)
    assert 1 == answer["produced"]
    assert not {"results", "results_omitted"} & answer.keys()


# What fits


@pytest.fixture(name="small_answers")
def little_room(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let an answer have room for 2,000 bytes of results."""
    monkeypatch.setattr(results, "MAX_ANSWER_BYTES", ENVELOPE_BYTES + 2_000)
    return 2_000


@pytest.mark.usefixtures("small_answers")
def test_a_list_that_fits_is_whole() -> None:
    """As long as all results fit, all are listed and nothing is said of omissions."""
    assert {"results"} == listed(plain(10), [DELIVERED] * 10, "all").keys()


@pytest.mark.usefixtures("small_answers")
def test_a_list_that_does_not_fit_is_summed_up() -> None:
    """Where the list would be too long, failures stay, and ranges tell of what was delivered."""
    outcomes = [Outcome("delivered", i % 2, 100 + i, 1_700_000_000_000) for i in range(100)]
    outcomes[50] = FAILED
    answer = listed(plain(100), outcomes, "all")
    assert [50] == [result["index"] for result in answer["results"]]
    assert 99 == answer["results_omitted"]
    assert answer["partitions"] == {
        "0": {"first_offset": 100, "last_offset": 198},
        "1": {"first_offset": 101, "last_offset": 199},
    }


@pytest.mark.parametrize("wanted", ["all", "failures"])
def test_failures_that_do_not_fit_are_counted(small_answers: int, wanted: Any) -> None:  # noqa: ANN401 - a literal
    """Of failures as many as fit are listed, from the start, and the rest is counted."""
    answer = listed(plain(100), [FAILED] * 100, wanted)
    shown = answer["results"]
    assert list(range(len(shown))) == [result["index"] for result in shown]
    assert 0 < len(shown) < 100
    assert 100 == len(shown) + answer["results_omitted"]
    assert size_bytes(shown) <= small_answers < size_bytes([*shown, FAILED_RESULT])


FAILED_RESULT = listed(plain(1), [FAILED], "failures")["results"][0] | {"index": 99}


def test_the_last_byte_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of failures that takes just the room there is fits, and one byte less doesn't do."""
    three = listed(plain(3), [FAILED] * 3, "failures")["results"]
    for short, omitted in ((0, None), (1, 1)):
        room = ENVELOPE_BYTES + size_bytes(three) - short
        monkeypatch.setattr(results, "MAX_ANSWER_BYTES", room)
        answer = listed(plain(3), [FAILED] * 3, "failures")
        assert omitted == answer.get("results_omitted")


IDS = st.none() | st.integers() | st.text(max_size=40) | st.text("é", min_size=300, max_size=400)
OUTCOMES = st.sampled_from([DELIVERED, FAILED])


@pytest.mark.parametrize("wanted", ["all", "failures"])
def test_any_list_fits(small_answers: int, wanted: Any) -> None:  # noqa: ANN401 - a literal
    """Whatever the ids and outcomes, the list fits, and no result is lost without being counted."""

    @given(st.lists(st.tuples(IDS, OUTCOMES), max_size=30))
    def check(given: Sequence[tuple[int | str | None, Outcome]]) -> None:
        inputs = [RecordInput(value="") if i is None else RecordInput(id=i) for i, _ in given]
        outcomes = [outcome for _, outcome in given]
        answer = listed(inputs, outcomes, wanted)
        assert small_answers >= size_bytes(answer["results"])
        failed = outcomes.count(FAILED)
        expected = len(outcomes) if wanted == "all" else failed
        assert expected == len(answer["results"]) + answer.get("results_omitted", 0)

    check()


@pytest.mark.parametrize("count", [30_000, 60_000])
def test_a_great_list_fits_lambdas_limit(count: int) -> None:
    """However many records are produced, the answer stays below Lambda's limit."""
    answer = listed(plain(count), [DELIVERED] * count, "all")
    assert MAX_ANSWER_BYTES > size_bytes(answer)
    assert (count > 50_000) == ("results_omitted" in answer)
