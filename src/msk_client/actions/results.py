"""The list of what became of each produced record, cut to what Lambda lets through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET

from msk_client.answer import MAX_ANSWER_BYTES, SEPARATOR_BYTES, size_bytes
from msk_client.records import RecordInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from msk_client.ports import Outcome

ENVELOPE_BYTES = 200_000
"""Room for the answer's other fields, one per-partition range for each of 2,400 partitions too."""

SMALL_BYTES = 150
"""More than a delivered record's result takes without an id."""


def listed(
    inputs: Sequence[RecordInput],
    outcomes: Sequence[Outcome],
    wanted: Literal["all", "failures", "none"],
    max_answer_bytes: int | None = None,
) -> dict[str, Any]:
    """Make `results` as wanted; what doesn't fit is left out and counted."""
    room_bytes = (max_answer_bytes or MAX_ANSWER_BYTES) - ENVELOPE_BYTES
    if wanted == "none":
        return {}
    failed = [i for i, outcome in enumerate(outcomes) if outcome.status != "delivered"]
    if wanted == "failures":
        return _fitting([result(i, inputs[i], outcomes[i]) for i in failed], room_bytes)
    everything = [result(i, inputs[i], o) for i, o in enumerate(outcomes)]
    if _fits(everything, inputs, room_bytes):
        for one in everything:
            del one["index"]
        return {"results": everything}
    failures = _fitting([everything[i] for i in failed], room_bytes)
    omitted = len(outcomes) - len(failures["results"])
    return failures | {"results_omitted": omitted, "partitions": _ranges(outcomes)}


def failures_listed(failures: Mapping[int, Outcome], max_answer_bytes: int) -> dict[str, Any]:
    """Make `results` of failures, by their number, as many as fit."""
    record = RecordInput()
    found = [result(number, record, outcome) for number, outcome in failures.items()]
    return _fitting(found, max_answer_bytes - ENVELOPE_BYTES)


def result(index: int, record: RecordInput, outcome: Outcome) -> dict[str, Any]:
    """Make the JSON form of one outcome; `index` is the record's place in the request."""
    answer: dict[str, Any] = {"index": index}
    if record.id is not UNSET:
        answer["id"] = record.id
    if outcome.error is None:
        return answer | {
            "partition": outcome.partition,
            "offset": outcome.offset,
            "timestamp": outcome.timestamp_ms,
            "status": outcome.status,
        }
    error = {"type": type(outcome.error).__name__, "message": str(outcome.error)}
    return answer | {"status": outcome.status, "error": error, "retriable": outcome.retriable}


def _fits(results: list[dict[str, Any]], inputs: Sequence[RecordInput], room_bytes: int) -> bool:
    """Count exactly only where a generous estimate could be too much."""
    plain = all(record.id is UNSET for record in inputs)
    if plain and len(results) * SMALL_BYTES < room_bytes and all("error" not in r for r in results):
        return True
    return size_bytes(results) < room_bytes


def _fitting(results: list[dict[str, Any]], room: int) -> dict[str, Any]:
    """Keep as many from the start as fit."""
    kept: list[dict[str, Any]] = []
    for one in results:
        room -= size_bytes(one) + SEPARATOR_BYTES
        if room < 0:
            return {"results": kept, "results_omitted": len(results) - len(kept)}
        kept.append(one)
    return {"results": kept}


def _ranges(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """First and last offset of what was delivered to each partition."""
    ranges: dict[str, dict[str, int]] = {}
    for outcome in outcomes:
        if outcome.partition is None or outcome.offset is None:
            continue
        offset = outcome.offset
        found = ranges.setdefault(
            str(outcome.partition), {"first_offset": offset, "last_offset": offset}
        )
        found["first_offset"] = min(found["first_offset"], offset)
        found["last_offset"] = max(found["last_offset"], offset)
    return ranges
