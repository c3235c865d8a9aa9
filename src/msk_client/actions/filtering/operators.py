"""The tests that a pattern puts a field's value to: `"x"`, `{"prefix": "x"}`, ... No I/O.

Rules: EventBridge user guide, "Comparison operators for use in event patterns"; how they are
parsed follows AWS's own rule engine (github.com/aws/event-ruler), which tests hold this against.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any, Final

from msk_client.actions.filtering.values import Number, Scalar

if TYPE_CHECKING:
    from msk_client.actions.filtering.place import Place

Test = Callable[[Scalar], bool]
EXISTS: Final = "exists"
COMPARE = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
LISTED = {"equals-ignore-case", "anything-but", "numeric", "exists", "prefix", "suffix"}
"""What Lambda's guide lists ("Filter rule syntax"); EventBridge knows more."""

MAX_NUMBER = 5 * 10**9
"""EventBridge's guide: `numeric` works from -5.0e9 to 5.0e9."""


def literal(wanted: Scalar, place: Place) -> Test:
    """A bare value: the same text; a number's too (Lambda guide: 300 is not 300.0)."""
    if isinstance(wanted, Number):
        place.warn(
            'a bare number is compared as it is written (300 is not 300.0): {"numeric": ["=", 300]}'
            " compares numbers"
        )
    return partial(_same, wanted)


def _same(wanted: Scalar, given: Scalar) -> bool:
    return type(wanted) is type(given) and wanted == given


def operator(expression: dict[str, Any], place: Place) -> Test | bool:
    """Compile `{"prefix": "x"}`; `exists` answers the boolean that it has."""
    if len(expression) != 1:
        raise place.wrong("has to be one operator, e.g. {'prefix': 'a'}")
    ((name, argument),) = expression.items()
    inner = place / name
    if name == EXISTS:
        if not isinstance(argument, bool):
            raise inner.wrong("has to be true or false")
        return argument
    if name not in OPERATORS:
        raise place.wrong(
            f"has an unknown operator {name[:40]!r}; known: {', '.join([*OPERATORS, EXISTS])}"
        )
    if name not in LISTED:
        inner.warn("Lambda's guide doesn't list this operator of EventBridge: it may be refused")
    return OPERATORS[name](argument, inner)


def _text(argument: object, place: Place) -> str:
    if not isinstance(argument, str):
        raise place.wrong("has to be text")
    return argument


def _affix(method: Callable[[str, str], bool], argument: object, place: Place) -> Test:
    """`prefix` and `suffix`, also `{"prefix": {"equals-ignore-case": "x"}}`."""
    if not isinstance(argument, dict):
        wanted = _text(argument, place)
        return lambda given: isinstance(given, str) and method(given, wanted)
    if set(argument) != {"equals-ignore-case"}:
        raise place.wrong("has to be text or {'equals-ignore-case': text}")
    place.warn("Lambda's guide doesn't list this form of EventBridge: it may be refused")
    folded = _text(argument["equals-ignore-case"], place / "equals-ignore-case").lower()
    return lambda given: isinstance(given, str) and method(given.lower(), folded)


def _ignore_case(argument: object, place: Place) -> Test:
    wanted = _text(argument, place)
    forms = {wanted.lower(), wanted.upper()}
    return lambda given: isinstance(given, str) and bool({given.lower(), given.upper()} & forms)


def _numeric(argument: object, place: Place) -> Test:
    """`["=", n]`, one bound, or a lower and an upper bound in this order."""
    bounds = _bounds(argument, place)
    if any(not -MAX_NUMBER <= limit <= MAX_NUMBER for _, limit in bounds):
        place.warn("EventBridge's guide allows numbers from -5.0e9 to 5.0e9 only")
    return lambda given: (
        isinstance(given, Number)
        and all(COMPARE[sign](given.value, limit) for sign, limit in bounds)
    )


def _bounds(argument: object, place: Place) -> list[tuple[str, Any]]:
    form = "has to be e.g. ['=', 5], ['>', 0] or ['>', 0, '<=', 5]"
    if not isinstance(argument, list) or len(argument) not in {2, 4}:
        raise place.wrong(form)
    signs, limits = argument[::2], argument[1::2]
    known = all(isinstance(sign, str) and sign in COMPARE for sign in signs)
    if not known or not all(isinstance(limit, Number) for limit in limits):
        raise place.wrong(form)
    if len(signs) > 1:
        if signs[0] not in {">", ">="} or signs[1] not in {"<", "<="}:
            raise place.wrong("has to give the lower bound (> or >=) first, then the upper one")
        if not limits[0].value < limits[1].value:
            raise place.wrong("has a lower bound that is not below the upper one")
    return [(sign, limit.value) for sign, limit in zip(signs, limits, strict=True)]


def _wildcard(argument: object, place: Place) -> Test:
    r"""`*` is any text; `\*` and `\\` are the characters."""
    text = _text(argument, place)
    if re.search(r"(?<!\\)(?:\\\\)*\*\*", text):
        raise place.wrong("has two wildcards side by side")
    if re.fullmatch(r"(?:[^\\]|\\[*\\])*", text, re.DOTALL) is None:
        raise place.wrong(r"has a backslash before something else than * or \\")
    pieces = [""]
    for sign in re.findall(r"\\[*\\]|[^\\]", text, re.DOTALL):
        if sign == "*":
            pieces.append("")
        else:
            pieces[-1] += sign[-1]
    return lambda given: isinstance(given, str) and _has_pieces(given, *pieces)


def _has_pieces(text: str, first: str, *others: str) -> bool:
    """Look for each piece at the first place after the one before: quick for any pattern."""
    if not others:
        return text == first
    at = len(first)
    for piece in others[:-1]:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return (
        text.startswith(first) and text.endswith(others[-1]) and at + len(others[-1]) <= len(text)
    )


def _cidr(argument: object, place: Place) -> Test:
    try:
        network = ip_network(_text(argument, place), strict=False)
    except ValueError:
        raise place.wrong("is no block of addresses such as 10.0.0.0/24") from None

    def within(given: Scalar) -> bool:
        try:
            return isinstance(given, str) and ip_address(given) in network
        except ValueError:
            return False

    return within


def _anything_but(argument: object, place: Place) -> Test:
    """Any value but these; of `{"prefix": "x"}` and its like, any that they don't hold for."""
    if isinstance(argument, dict):
        tests = _but_operator(argument, place)
    else:
        values = argument if isinstance(argument, list) else [argument]
        kinds = {type(value) for value in values}
        if kinds not in ({str}, {Number}):
            raise place.wrong("has to be text or a number, or a list of either, not mixed")
        tests = [_equal(value) for value in values]
    return lambda given: not any(test(given) for test in tests)


def _equal(wanted: Any) -> Test:  # noqa: ANN401 - text or a number
    if isinstance(wanted, Number):
        return lambda given: isinstance(given, Number) and wanted.value == given.value
    return lambda given: wanted == given


def _but_operator(argument: dict[str, Any], place: Place) -> list[Test]:
    name = next(iter(argument), "")
    if len(argument) != 1 or name not in {"prefix", "suffix", "wildcard", "equals-ignore-case"}:
        raise place.wrong("knows 'prefix', 'suffix', 'wildcard' and 'equals-ignore-case' only")
    place.warn("Lambda's guide doesn't list this form of EventBridge: it may be refused")
    inner = place / name
    given = argument[name]
    values = given if isinstance(given, list) else [given]
    if not values or ("" in values and name in {"prefix", "suffix"}):
        raise inner.wrong("must not be empty")
    return [OPERATORS[name](_text(value, inner), inner) for value in values]


OPERATORS: dict[str, Callable[[Any, Place], Test]] = {
    "prefix": partial(_affix, str.startswith),
    "suffix": partial(_affix, str.endswith),
    "equals-ignore-case": _ignore_case,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "wildcard": _wildcard,
    "cidr": _cidr,
}
