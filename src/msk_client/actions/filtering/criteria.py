"""A mapping's FilterCriteria: which records Lambda would hand to the function. No I/O.

Rules: Lambda developer guide, "Filtering events from Amazon MSK and self-managed Apache Kafka event
sources". A pattern that doesn't fit a record's format isn't applied to it: the record is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from msk_client.actions.filtering.matching import flatten, matches
from msk_client.actions.filtering.pattern import compile_pattern
from msk_client.actions.filtering.place import Place
from msk_client.actions.filtering.values import Twice, load, load_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.actions.filtering.pattern import Branch

MAX_FILTERS = 10
USUAL_FILTERS = 5
MAX_PATTERN = 4096
VALUE = "value"
SUCH_AS = "e.g. {'value': {'status': ['new']}}"


class Kind(Enum):
    """What a record's value is, and what a pattern is written for."""

    JSON = "JSON"
    TEXT = "plain text"
    OTHER = "neither JSON nor text"


@dataclass(frozen=True)
class Filter:
    """One compiled pattern."""

    kind: Kind
    branches: list[Branch]


@dataclass(frozen=True)
class Verdict:
    """Whether a record is kept, and by which filter; `why` where a pattern didn't apply."""

    kept: bool
    filter: int | None = None
    why: str | None = None


@dataclass(frozen=True)
class Criteria:
    """All filters of a mapping; a record is kept that one of them keeps."""

    filters: list[Filter]
    warnings: list[str]

    def judge(self, value: bytes | None) -> Verdict:
        """Tell what Lambda does with a record of this value."""
        if not self.filters:
            return Verdict(kept=True)
        kind, parsed = _read(value)
        fitting = [(i, one) for i, one in enumerate(self.filters) if one.kind is kind]
        fields = flatten({VALUE: parsed}) if fitting else {}
        for i, one in fitting:
            if matches(one.branches, fields):
                return Verdict(kept=True, filter=i)
        for i, one in enumerate(self.filters):
            if one.kind is not kind:
                why = f"the value is {kind.value}, the pattern is for {one.kind.value}: not applied"
                return Verdict(kept=True, filter=i, why=why)
        return Verdict(kept=False)


def _read(value: bytes | None) -> tuple[Kind, Any]:
    """An object or an array is JSON; a bare number or word, which is JSON too, counts as text."""
    if value is None:
        return Kind.OTHER, None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return Kind.OTHER, None
    try:
        parsed = load(text)
    except (ValueError, RecursionError):
        return Kind.TEXT, text
    return (Kind.JSON, parsed) if isinstance(parsed, dict | list) else (Kind.TEXT, text)


def compile_criteria(patterns: Sequence[str], path: str = "Filters") -> Criteria:
    """Compile `Filters[].Pattern`; raises `InvalidRequest` that names the place."""
    place = Place(path)
    if len(patterns) > MAX_FILTERS:
        raise place.wrong(f"has {len(patterns)} filters; a mapping takes {MAX_FILTERS} at most")
    if len(patterns) > USUAL_FILTERS:
        place.warn(f"more than {USUAL_FILTERS} filters need a higher quota in your account")
    filters = [_filter(text, place[i] / "Pattern") for i, text in enumerate(patterns)]
    return Criteria(filters, place.warnings)


def _filter(text: str, place: Place) -> Filter:
    if len(text) > MAX_PATTERN:
        raise place.wrong(f"has {len(text)} characters; AWS takes {MAX_PATTERN} at most")
    try:
        pattern = load_once(text)
        return _compiled(pattern, place)
    except Twice as twice:
        raise place.wrong(f"has the field {str(twice)[:80]!r} twice") from None
    except RecursionError:
        raise place.wrong("is nested too deeply") from None
    except ValueError as problem:
        raise place.wrong(f"is not JSON: {problem}") from None


def _compiled(pattern: object, place: Place) -> Filter:
    if not isinstance(pattern, dict):
        raise place.wrong(f"has to be an object, {SUCH_AS}")
    if not pattern:
        raise place.wrong(f"is an empty object, which says nothing of a value: name it, {SUCH_AS}")
    others = sorted(pattern.keys() - {VALUE})
    if others:
        raise place.wrong(
            f"names {others[0][:80]!r}: a mapping for Kafka filters by 'value' alone, so begin with"
            " {'value': ...}"
        )
    kind = Kind.JSON if isinstance(pattern[VALUE], dict) else Kind.TEXT
    return Filter(kind, compile_pattern(pattern, place))
