"""Matches a compiled pattern with a JSON value, as AWS's rule engine does. No I/O.

Arrays are looked into, and all fields that a pattern names have to be found in the same element:
`{"x": [1], "y": [2]}` doesn't match `[{"x": 1}, {"y": 2}]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.actions.filtering.pattern import Branch, Leaf
    from msk_client.actions.filtering.values import Scalar

Elements = dict[int, int]
"""Array -> the element of it that something stands in."""

Found = list[tuple["Scalar", Elements]]
"""The values of one field, each with where in arrays it was found."""


def flatten(value: object) -> dict[str, Found]:
    """Answer the fields that have a value, by their dotted paths; empty arrays have none."""
    fields: dict[str, Found] = {}
    pending: list[tuple[str, Any, Elements]] = [("", value, {})]
    arrays = 0
    while pending:
        path, inner, elements = pending.pop()
        if isinstance(inner, dict):
            pending += [(f"{path}.{name}", one, elements) for name, one in inner.items()]
        elif isinstance(inner, list):
            arrays += 1
            pending += [(path, one, elements | {arrays: i}) for i, one in enumerate(inner)]
        else:
            fields.setdefault(path[1:], []).append((inner, elements))
    return fields


def matches(branches: Sequence[Branch], fields: dict[str, Found]) -> bool:
    """Tell whether one of a pattern's branches holds."""
    return any(_holds(branch, fields) for branch in branches)


def _holds(branch: Branch, fields: dict[str, Found]) -> bool:
    """Look for one value for each field, such that no two stand in different elements."""
    wanted = []
    for path in sorted(branch):
        leaf, found = branch[path], fields.get(path, [])
        fitting = [(value, at) for value, at in found if _fits(leaf, value)]
        if not fitting and not leaf.absent:
            return False
        wanted.append((leaf, found, fitting))
    return _consistent(wanted, {})


def _fits(leaf: Leaf, value: Scalar) -> bool:
    return leaf.exists or any(test(value) for test in leaf.tests)


def _consistent(wanted: list[tuple[Leaf, Found, Found]], chosen: Elements) -> bool:
    if not wanted:
        return True
    (leaf, found, fitting), *rest = wanted
    if leaf.absent and not any(_agree(at, chosen) for _, at in found) and _consistent(rest, chosen):
        return True
    places = {tuple(at.items()): at for _, at in fitting if _agree(at, chosen)}
    return any(_consistent(rest, chosen | at) for at in places.values())


def _agree(one: Elements, other: Elements) -> bool:
    return all(other.get(array, element) == element for array, element in one.items())
