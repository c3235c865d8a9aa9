"""What one call of the function came to, and how the emulator's answers are read."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

REQUEST_LIMIT = 6_291_456
"""Bytes of a synchronous request that Lambda takes: 6 MB."""

RESPONSE_LIMIT = 6_291_556
"""Bytes of an answer that Lambda lets through."""

_ERROR_FIELDS = {"errorMessage", "errorType", "requestId", "stackTrace"}
_TIMED_OUT = re.compile(r"Task timed out after [\d.]+ seconds")
_HTTP_ERROR = 400


@dataclass(frozen=True)
class Invocation:
    """The answer to one event; `error_type` is None where the function succeeded."""

    payload: object
    """The parsed JSON answer, the error object of a failure, or text where it isn't JSON."""
    raw: bytes
    duration_ms: float
    """Wall time of the call as its caller saw it."""
    error_type: str | None = None
    error_message: str | None = None


def failure(
    error_type: str, message: str, duration_ms: float = 0.0, raw: bytes | None = None
) -> Invocation:
    """Return the invocation that failed so; `raw` is written from the two where there is none."""
    payload = {"errorType": error_type, "errorMessage": message}
    body = json.dumps(payload).encode() if raw is None else raw
    return Invocation(payload, body, duration_ms, error_type, message)


def too_large(size: int) -> Invocation:
    """Return what Lambda's API says to a request that the function never sees."""
    message = (
        f"{size} byte payload is too large for the RequestResponse invocation type"
        f" (limit {REQUEST_LIMIT} bytes)"
    )
    return failure("RequestEntityTooLargeException", message)


def encode(event: object) -> bytes:
    """Return the event as it goes over the wire: bytes as they are, the rest as JSON."""
    return event if isinstance(event, bytes) else json.dumps(event).encode()


def read_answer(status: int, raw: bytes, duration_ms: float) -> Invocation:
    """Return the invocation behind the emulator's HTTP answer.

    The emulator answers 200 to a handler that raised, and tells a timeout in plain text, so both
    are known by their form: the runtime client's error object has exactly four fields.
    """
    payload = _parsed(raw)
    if isinstance(payload, Mapping) and (status >= _HTTP_ERROR or set(payload) == _ERROR_FIELDS):
        message = str(payload.get("errorMessage", ""))
        return Invocation(payload, raw, duration_ms, str(payload.get("errorType", "")), message)
    if isinstance(payload, str) and _TIMED_OUT.fullmatch(raw.decode(errors="replace")):
        return failure("Sandbox.Timedout", payload, duration_ms, raw)
    if status >= _HTTP_ERROR:
        message = f"The runtime ended without a word (HTTP {status}); its log may tell more."
        return failure("Runtime.ExitError", message, duration_ms, raw)
    return Invocation(payload, raw, duration_ms)


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:  # a handler may answer with bytes of any kind
        return raw.decode(errors="replace")
