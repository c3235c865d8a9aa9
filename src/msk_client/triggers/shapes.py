"""Reads the events of other services by the shapes that they have."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from msk_client.errors import InvalidRequest

S = TypeVar("S", bound=msgspec.Struct)


def converted(event: dict[str, Any], shape: type[S], example: str) -> S:
    """Read what is needed of an event; raises `InvalidRequest` where that isn't there."""
    try:
        return msgspec.convert(event, shape, strict=True)
    except (msgspec.ValidationError, UnicodeEncodeError) as problem:
        raise InvalidRequest(
            f"The event is broken: {str(problem)[:300]}. One that isn't is {example}."
        ) from None
