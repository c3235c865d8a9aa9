"""JSON as patterns compare it: a number keeps the text that it is written with. No I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any


@dataclass(frozen=True)
class Number:
    """A JSON number: bare ones are compared by `text`, the operators compare `value`."""

    text: str

    @property
    def value(self) -> Decimal:
        """The number; an exponent past all bounds is infinite, or nothing."""
        try:
            return Decimal(self.text)
        except InvalidOperation:
            if "e-" in self.text.lower():
                return Decimal(0)
            return Decimal("-Infinity" if self.text[0] == "-" else "Infinity")


Scalar = str | Number | bool | None


class Twice(ValueError):
    """An object has a field twice."""


def load(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Parse strict JSON; raises ValueError or RecursionError."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_refuse)


def load_once(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Parse strict JSON in which no object has a field twice; raises `Twice` too."""
    return json.loads(
        text,
        parse_int=Number,
        parse_float=Number,
        parse_constant=_refuse,
        object_pairs_hook=_once,
    )


def _refuse(constant: str) -> Any:  # noqa: ANN401 - never returns
    raise ValueError(f"{constant} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise Twice(next(name for name in names if names.count(name) > 1))
    return found
