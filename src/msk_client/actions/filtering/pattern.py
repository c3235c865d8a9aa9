"""Compiles an event pattern: which fields it looks at, and by which tests. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msk_client.actions.filtering.operators import EXISTS, OPERATORS, literal, operator
from msk_client.actions.filtering.values import Number

if TYPE_CHECKING:
    from msk_client.actions.filtering.operators import Test
    from msk_client.actions.filtering.place import Place

OR = "$or"
RESERVED = {*OPERATORS, EXISTS}
MAX_BRANCHES = 1000
"""EventBridge's guide: so many combinations may the `$or`s of a pattern make."""


@dataclass(frozen=True)
class Leaf:
    """What a field must be: one of the tests holds, or it exists, or it doesn't."""

    tests: tuple[Test, ...]
    exists: bool = False
    absent: bool = False


Branch = dict[str, Leaf]
"""Dotted path of a field -> what it must be; all of them must hold."""


def compile_pattern(pattern: dict[str, Any], place: Place) -> list[Branch]:
    """Make the branches of which one must hold; raises `InvalidRequest` that names the place."""
    return _object(pattern, "", [{}], place)


def _object(
    pattern: dict[str, Any], path: str, branches: list[Branch], place: Place
) -> list[Branch]:
    """Add an object's fields to every branch."""
    if not pattern:
        raise place.wrong("is an empty object: name a field, e.g. {'status': ['new']}")
    for name, inner in pattern.items():
        if name == OR and _is_or(inner):
            branches = _either(inner, path, branches, place / name)
        elif isinstance(inner, dict):
            branches = _object(inner, _joined(path, name), branches, place / name)
        elif isinstance(inner, list):
            leaf = _leaf(inner, place / name)
            branches = [branch | {_joined(path, name): leaf} for branch in branches]
        else:
            raise (place / name).wrong("has to be a list of values, e.g. ['new'], or an object")
    return branches


def _joined(path: str, name: str) -> str:
    """AWS's engine joins names so too: a name with a dot is the same as two names."""
    return f"{path}.{name}" if path else name


def _is_or(inner: object) -> bool:
    """A `$or` that isn't a list of objects, or that names operators, is a field like others."""
    return (
        isinstance(inner, list)
        and len(inner) > 1
        and all(isinstance(one, dict) and not RESERVED & one.keys() for one in inner)
    )


def _either(
    alternatives: list[dict[str, Any]], path: str, branches: list[Branch], place: Place
) -> list[Branch]:
    """Split every branch; `path` stays, because `$or` is no field."""
    split: list[Branch] = []
    for i, one in enumerate(alternatives):
        split += _object(one, path, branches, place[i])
        if len(split) > MAX_BRANCHES:
            raise place.wrong(f"makes more than {MAX_BRANCHES} combinations: AWS takes no more")
    return split


def _leaf(values: list[Any], place: Place) -> Leaf:
    if not values:
        raise place.wrong("is an empty list, which nothing matches: list a value")
    tests: list[Test] = []
    existence: set[bool] = set()
    for i, value in enumerate(values):
        compiled = _test(value, place[i])
        if isinstance(compiled, bool):
            existence.add(compiled)
        else:
            tests.append(compiled)
    return Leaf(tuple(tests), exists=True in existence, absent=False in existence)


def _test(value: object, place: Place) -> Test | bool:
    if isinstance(value, dict):
        return operator(value, place)
    if value is None or isinstance(value, str | Number | bool):
        return literal(value, place)
    raise place.wrong("has to be text, a number, true, false, null or an operator")
