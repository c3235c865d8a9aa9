"""The action that tries a mapping's filters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.invoking import KeptKafka, body, invoke, refusal

TRIGGERS = Path(__file__).parents[2] / "events" / "triggers"
BATCH = json.loads((TRIGGERS / "kafka_batch.json").read_bytes())


def event(pattern: object, **fields: object) -> dict[str, Any]:
    """Make an event with one filter."""
    criteria = {"Filters": [{"Pattern": pattern}]}
    return {"action": "test_filter", "filter_criteria": criteria} | fields


def test_a_batch_is_judged_record_by_record() -> None:
    """Each record of a batch is named by its coordinates, and told kept or not."""
    answer = body(event('{"value": {"id": [{"numeric": [">", 1]}]}}', event=BATCH))
    place = {"topic": "my-orders"}
    other = "pattern is for JSON: not applied"
    assert {"kept": 3, "dropped": 1} == {name: answer[name] for name in ("kept", "dropped")}
    assert answer["records"] == [
        place | {"partition": 0, "offset": 41, "kept": False},
        place | {"partition": 0, "offset": 42, "kept": True, "filter": 0}
        | {"why": f"the value is neither JSON nor text, the {other}"},
        place | {"partition": 0, "offset": 44, "kept": True, "filter": 0}
        | {"why": f"the value is neither JSON nor text, the {other}"},
        place | {"partition": 2, "offset": 7, "kept": True, "filter": 0}
        | {"why": f"the value is plain text, the {other}"},
    ]  # fmt: skip


def test_records_as_consume_answers_them_are_judged() -> None:
    """Records in our own shape work as well, with whatever coordinates they have."""
    records = [
        {"value": "x", "topic": "orders", "partition": 1, "offset": 5},
        {"value_base64": "/w=="},
        {"value": None},
        {"value": {"a": 1}},
    ]
    answer = body(event({"value": ["y"]}, records=records))
    assert [False, True, True, True] == [record["kept"] for record in answer["records"]]
    assert {"index": 0, "topic": "orders", "partition": 1, "offset": 5, "kept": False} == answer[
        "records"
    ][0]


def test_a_pattern_may_be_an_object() -> None:
    """A pattern that isn't quoted is the same pattern."""
    pattern = {"value": {"id": [{"numeric": ["=", 1]}]}}
    quoted = body(event(json.dumps(pattern), event=BATCH))
    assert quoted == body(event(pattern, event=BATCH))


@pytest.mark.parametrize("criteria", [{}, {"Filters": []}])
def test_no_filter_keeps_all(criteria: object) -> None:
    """Without filters everything comes."""
    answer = body({"action": "test_filter", "filter_criteria": criteria, "event": BATCH})
    assert (4, 0) == (answer["kept"], answer["dropped"])


def test_warnings_are_answered() -> None:
    """What AWS's documents don't promise is told."""
    answer = body(event({"value": [{"wildcard": "a*"}]}, records=[]))
    (warning,) = answer["warnings"]
    assert warning.startswith(
        "filter_criteria.Filters[0].Pattern.value[0].wildcard: Lambda's guide"
    )


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (event({"value": ["a"]}), "Give either 'event'"),
        (event({"value": ["a"]}, event=BATCH, records=[]), "Give either 'event'"),
        (event({"value": "a"}, records=[]), "filter_criteria.Filters[0].Pattern.value has to be"),
        (event({"value": ["a"]}, records=[{}]), "records[0].value is missing"),
        (event({"value": ["a"]}, event={"records": 5}), "The mapping's event is broken: records"),
        ({"action": "test_filter", "records": []}, "Field 'filter_criteria' is missing"),
        (event(5, records=[]), "Field 'filter_criteria.Filters[0].Pattern' is wrong"),
        (
            {"action": "test_filter", "filter_criteria": {"filters": []}, "records": []},
            "Field 'filter_criteria.filters' is unknown: did you mean 'Filters'?",
        ),
    ],
)
def test_a_bad_request_is_refused(given: object, refused: str) -> None:
    """What is wrong is named, and no cluster asked."""
    assert refused in refusal(given)


def test_no_endpoint_is_needed() -> None:
    """The test works in a function that knows no cluster, and connects nowhere."""
    kafka = KeptKafka()
    answer = invoke(event({"value": ["a"]}, records=[]), kafka, KAFKA_ENDPOINT="")
    assert (200, []) == (answer["statusCode"], kafka.calls)


def test_a_long_answer_is_cut() -> None:
    """What doesn't fit into an answer is counted; the sums hold for all."""
    records = [{"value": "x", "topic": "t" * 240, "offset": i} for i in range(25_000)]
    answer = body(event({"value": ["y"]}, records=records))
    assert 25_000 == answer["dropped"] == len(answer["records"]) + answer["records_omitted"]
    assert 6_000_000 < len(json.dumps(answer)) < 6_291_556
