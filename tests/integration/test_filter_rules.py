"""Our filters held against AWS's own rule engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.event_ruler import EventRuler
from local.msk import ProgramMissing
from msk_client.actions.filtering.matching import flatten, matches
from msk_client.actions.filtering.pattern import compile_pattern
from msk_client.actions.filtering.place import Place
from msk_client.actions.filtering.values import load_once
from msk_client.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def ruler() -> Iterator[EventRuler]:
    """The engine, where there is Java."""
    try:
        engine = EventRuler()
    except ProgramMissing as problem:
        pytest.skip(str(problem))
    with engine:
        yield engine


def ours(pattern: str, event: str) -> bool | None:
    """Answer as the engine does; None where the pattern is refused."""
    try:
        compiled = compile_pattern(load_once(pattern), Place("pattern"))
    except (InvalidRequest, ValueError):
        return None
    return matches(compiled, flatten(load_once(event)))


NAMES = st.sampled_from("abc")
TEXTS = st.sampled_from(["", "x", "y", "xy", "Xy", "yx", "x*", "10.0.0.1"])
NUMBERS = st.sampled_from([-1, 0, 1, 2, 5, 0.5, 1.5])
SCALARS = TEXTS | NUMBERS | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.dictionaries(NAMES, VALUES, max_size=3)

SIGNED = st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), NUMBERS).map(list)
RANGES = st.tuples(SIGNED, SIGNED).map(lambda two: two[0] + two[1])
WILDCARDS = st.text("xy*\\", max_size=4)
BUT = TEXTS | NUMBERS | st.lists(TEXTS | NUMBERS, max_size=2)
RULES = SCALARS | st.one_of(
    st.fixed_dictionaries({"prefix": TEXTS}),
    st.fixed_dictionaries({"suffix": TEXTS}),
    st.fixed_dictionaries({"equals-ignore-case": TEXTS}),
    st.fixed_dictionaries({"prefix": st.fixed_dictionaries({"equals-ignore-case": TEXTS})}),
    st.fixed_dictionaries({"numeric": SIGNED | RANGES}),
    st.fixed_dictionaries({"exists": st.booleans()}),
    st.fixed_dictionaries({"anything-but": BUT}),
    st.fixed_dictionaries({"anything-but": st.fixed_dictionaries({"prefix": TEXTS})}),
    st.fixed_dictionaries({"anything-but": st.fixed_dictionaries({"suffix": TEXTS})}),
    st.fixed_dictionaries({"anything-but": st.fixed_dictionaries({"wildcard": WILDCARDS})}),
    st.fixed_dictionaries({"wildcard": WILDCARDS}),
    st.fixed_dictionaries({"cidr": st.just("10.0.0.0/24")}),
)
LEAVES = st.lists(RULES, max_size=2)
FIELDS = st.dictionaries(NAMES, LEAVES, min_size=1, max_size=2)
NESTED = st.dictionaries(NAMES, LEAVES | FIELDS, min_size=1, max_size=2)
PATTERNS = NESTED | st.builds(
    lambda fields, either: fields | {"$or": either}, NESTED, st.lists(NESTED, max_size=3)
)


@settings(max_examples=1500, deadline=None, database=None)
@given(pattern=PATTERNS, event=EVENTS)
def test_patterns_match_as_they_do_at_aws(
    ruler: EventRuler, pattern: object, event: object
) -> None:
    """Whatever is asked, right or wrong, ours and the engine's answer are the same."""
    texts = json.dumps(pattern), json.dumps(event)
    assert ruler.matches(*texts) == ours(*texts)


@pytest.mark.parametrize("written", ["300.0", "3e2"])
def test_the_engine_takes_numbers_as_equal(ruler: EventRuler, written: str) -> None:
    """The one difference that is meant: Lambda's guide says that 300 isn't 300.0; see the docs."""
    texts = '{"a": [300]}', f'{{"a": {written}}}'
    assert (True, False) == (ruler.matches(*texts), ours(*texts))


def test_a_field_that_stands_twice_is_refused(ruler: EventRuler) -> None:
    """The other one: the engine takes the last, which nobody can have meant."""
    texts = '{"a": ["x"], "a": ["y"]}', '{"a": "y"}'
    assert (True, None) == (ruler.matches(*texts), ours(*texts))
