"""An HTTP request: a function URL, API Gateway (payload formats 1.0 and 2.0) or a load balancer.

Its body is an action event as JSON. The answer's body is what the action answers, as JSON text; a
failure is answered too, with the status of its class and `{"errorType": ..., "errorMessage": ...}`.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from msk_client.actions.examples import EXAMPLE
from msk_client.answer import MAX_ANSWER_BYTES, size_bytes
from msk_client.errors import InvalidRequest, MskClientError

if TYPE_CHECKING:
    from msk_client.actions.call import Answer

ENVELOPE_BYTES = 1_000
"""Room for status, headers and quotation marks around the body."""

MOST_ESCAPED = 2
"""The body is JSON in a JSON string: a quotation mark or backslash of it takes twice its bytes."""

JSON_TYPE = "application/json"


@dataclass(frozen=True)
class Door:
    """What brought the request, and what it lets through."""

    answer_bytes: int = MAX_ANSWER_BYTES
    patience_s: float | None = None
    """How long it waits for an answer, in seconds; None: as long as Lambda does."""

    status_text: bool = False
    """Whether it wants `statusDescription`."""

    @property
    def body_bytes(self) -> int:
        """What an action may answer, however much of it is escaped."""
        return (self.answer_bytes - ENVELOPE_BYTES) // MOST_ESCAPED


FUNCTION_URL = Door()
API_GATEWAY = Door(patience_s=28)  # it gives up after 29 s (REST) or 30 s (HTTP)
LOAD_BALANCER = Door(answer_bytes=1_000_000, status_text=True)  # 1 MB, for the whole answer


class CarryOut(Protocol):
    """Carries out an action event within the limits of the door."""

    def __call__(
        self, event: dict[str, Any], *, max_answer_bytes: int, patience_s: float | None
    ) -> Answer:
        """Raise `MskClientError`."""
        ...


class Refusal(Exception):
    """A request that is refused with a status of HTTP's own."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def recognises(event: object) -> bool:
    """Tell whether an event is an HTTP request."""
    return _door(event) is not None


def answer(event: dict[str, Any], carry_out: CarryOut) -> dict[str, Any]:
    """Carry out the action in the body; raises only what is a bug, which the caller sees as 502."""
    door = _door(event) or FUNCTION_URL
    try:
        action_event = _action_event(event)
        done = carry_out(action_event, max_answer_bytes=door.body_bytes, patience_s=door.patience_s)
        return _fitting(_response(event, door, done.status, done.body), door)
    except Refusal as problem:
        return _response(event, door, problem.status, _told(InvalidRequest.__name__, problem))
    except MskClientError as problem:
        return _response(event, door, problem.http_status, _told(type(problem).__name__, problem))


def _door(event: object) -> Door | None:
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(context, dict):
        return None
    if "elb" in context:
        return LOAD_BALANCER
    if event.get("version") == "2.0" and isinstance(context.get("http"), dict):
        is_url = ".lambda-url." in str(context.get("domainName"))
        return FUNCTION_URL if is_url else API_GATEWAY
    return API_GATEWAY if "httpMethod" in event else None


def _action_event(event: dict[str, Any]) -> dict[str, Any]:
    """Take the action event out of the request; raises `Refusal` or `InvalidRequest`."""
    http = event["requestContext"].get("http")
    method = event.get("httpMethod") or (http.get("method") if isinstance(http, dict) else None)
    if method != "POST":
        raise Refusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"The method is {str(method)[:20]!r}: send an action event with POST.",
        )
    _check_type(_header(event, "content-type"))
    if (coding := _header(event, "content-encoding").strip().lower()) not in {"", "identity"}:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The header content-encoding is {coding[:40]!r}: send the body as it is.",
        )
    return _parsed(_body(event))


def _header(event: dict[str, Any], name: str) -> str:
    """Read a header, whichever way the door spells and groups it; empty where there is none."""
    for field in ("multiValueHeaders", "headers"):
        headers = event.get(field)
        for given, value in headers.items() if isinstance(headers, dict) else ():
            if given.lower() == name and value:
                return str(value[-1] if isinstance(value, list) else value)
    return ""


def _check_type(given: str) -> None:
    """Only JSON in UTF-8: a browser can't send it to another site without being asked first."""
    kind, *parameters = (part.strip().lower() for part in given.split(";"))
    is_json = kind == JSON_TYPE or (kind.startswith("application/") and kind.endswith("+json"))
    charsets = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    if not is_json or any(charset not in {"utf-8", "utf8"} for charset in charsets):
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"The header content-type is {given[:80]!r}: send JSON in UTF-8, as {JSON_TYPE}.",
        )


def _body(event: dict[str, Any]) -> bytes:
    text = event.get("body")
    if not isinstance(text, str) or not text:
        raise InvalidRequest(
            f"The request has no body: send an action event. For example: {EXAMPLE}"
        )
    if not event.get("isBase64Encoded"):
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest("The body is said to be base64, and isn't.") from None


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode())
    except (ValueError, RecursionError) as problem:
        where = f" at byte {problem.pos}" if isinstance(problem, json.JSONDecodeError) else ""
        raise InvalidRequest(
            f"The body is not JSON in UTF-8{where}: send an action event. For example: {EXAMPLE}"
        ) from None
    if not isinstance(event, dict):
        raise InvalidRequest(f"The body is not a JSON object: send an action event, e.g. {EXAMPLE}")
    return event


def _told(kind: str, problem: Exception) -> dict[str, Any]:
    return {"errorType": kind, "errorMessage": str(problem)}


def _response(
    event: dict[str, Any], door: Door, status: int, body: dict[str, Any]
) -> dict[str, Any]:
    """Make what the door understands: headers come back grouped the way they came."""
    headers = {"content-type": JSON_TYPE, "cache-control": "no-store"}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = "POST"
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    response: dict[str, Any] = {"statusCode": int(status), "body": text, "isBase64Encoded": False}
    if door.status_text:
        response["statusDescription"] = f"{int(status)} {HTTPStatus(status).phrase}"
    if event.get("multiValueHeaders") is not None and event.get("headers") is None:
        return response | {"multiValueHeaders": {n: [value] for n, value in headers.items()}}
    return response | {"headers": headers}


def _fitting(response: dict[str, Any], door: Door) -> dict[str, Any]:
    """Refuse an answer that the door would lose; actions with long answers keep to its limit."""
    size = size_bytes(response)
    if size > door.answer_bytes:
        raise InvalidRequest(
            f"The answer takes {size} bytes, and {door.answer_bytes} are let through here: ask for"
            " less, or call the function directly. What was asked for has been carried out."
        )
    return response
