"""test_filter: which records of a batch a mapping's FilterCriteria would keep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType, field

from msk_client.actions.call import Answer
from msk_client.actions.request import Request
from msk_client.answer import SEPARATOR_BYTES, size_bytes
from msk_client.errors import InvalidRequest
from msk_client.records import RecordInput, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msk_client.actions.call import Call
    from msk_client.actions.filtering.criteria import Criteria

ENVELOPE_BYTES = 2_000
"""Room for the answer's other fields, without the warnings."""


class Filter(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One filter as AWS has it; a pattern that isn't quoted JSON is taken too."""

    pattern: str | dict[str, Any] = field(name="Pattern")


class FilterCriteria(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The mapping's property of this name."""

    filters: list[Filter] = field(name="Filters", default_factory=list)


class FilterTest(Request, frozen=True, kw_only=True):
    """The request."""

    filter_criteria: FilterCriteria
    event: dict[str, Any] | UnsetType = UNSET
    records: list[RecordInput] | UnsetType = UNSET


def test_filter(request: FilterTest, call: Call) -> Answer:
    """Tell of each record whether Lambda would hand it to the function; asks no cluster."""
    from msk_client.actions.filtering.criteria import compile_criteria  # noqa: PLC0415 - cold start

    texts = [_text(one.pattern) for one in request.filter_criteria.filters]
    criteria = compile_criteria(texts, "filter_criteria.Filters")
    told = [_told(criteria, place, value) for place, value in _values(request)]
    kept = sum(one["kept"] for one in told)
    body: dict[str, Any] = {"kept": kept, "dropped": len(told) - kept}
    if criteria.warnings:
        body["warnings"] = criteria.warnings
    return Answer(body | _fitting(told, call.max_answer_bytes - size_bytes(body) - ENVELOPE_BYTES))


def _text(pattern: str | dict[str, Any]) -> str:
    return pattern if isinstance(pattern, str) else json.dumps(pattern, ensure_ascii=False)


def _values(request: FilterTest) -> Iterator[tuple[dict[str, Any], bytes | None]]:
    """Answer what names each record, and its value."""
    if (request.event is UNSET) == (request.records is UNSET):
        raise InvalidRequest(
            "Give either 'event', a batch as Lambda delivers it, or 'records', such as consume"
            " answers them."
        )
    if not isinstance(request.event, UnsetType):
        from msk_client.batch import parse  # noqa: PLC0415 - cold start of the other actions

        for part in parse(request.event).parts:
            for record in part.records:
                place = {"topic": part.topic, "partition": part.partition, "offset": record.offset}
                yield place, record.value
    elif not isinstance(request.records, UnsetType):
        for i, one in enumerate(request.records):
            yield _place(i, one), encode(one, one.topic or "", f"records[{i}]").value


def _place(index: int, record: RecordInput) -> dict[str, Any]:
    known = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    return {"index": index} | {name: value for name, value in known.items() if value is not None}


def _told(criteria: Criteria, place: dict[str, Any], value: bytes | None) -> dict[str, Any]:
    verdict = criteria.judge(value)
    more = {"filter": verdict.filter, "why": verdict.why}
    known = {name: told for name, told in more.items() if told is not None}
    return place | {"kept": verdict.kept} | known


def _fitting(told: list[dict[str, Any]], room_bytes: int) -> dict[str, Any]:
    """Keep as many from the start as fit."""
    for i, one in enumerate(told):
        room_bytes -= size_bytes(one) + SEPARATOR_BYTES
        if room_bytes < 0:
            return {"records": told[:i], "records_omitted": len(told) - i}
    return {"records": told}
