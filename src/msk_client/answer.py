"""The size of an answer as this runtime writes it, and how much Lambda lets through."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ANSWER_BYTES = 6_291_556
"""Lambda's limit of a synchronous answer; one byte more fails with ResponseSizeTooLarge."""

SEPARATOR_BYTES = len(", ")


def size_bytes(answer: object) -> int:
    """Count the bytes of `answer` as Lambda's runtime marshals it: it may escape non-ASCII."""
    text = _encode()(answer)
    return len(text) if text.isascii() else len(text.encode())


@cache
def _encode() -> Callable[[object], str]:
    """The runtime's own encoder where there is one: Pythons before 3.12 escape non-ASCII."""
    try:
        from awslambdaric.lambda_runtime_marshaller import Encoder  # noqa: PLC0415 - only in Lambda
    except ImportError:
        return json.dumps
    encode: Callable[[object], str] = Encoder().encode
    return encode
