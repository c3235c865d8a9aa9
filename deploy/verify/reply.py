"""What a deployed function answered to one event."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_QUOTE = 300


@dataclass(frozen=True)
class Reply:
    """Lambda's answer to `Invoke`; `error_type` is None where the function succeeded."""

    payload: Any
    raw: bytes
    """The payload as it came over the wire."""
    error_type: str | None
    log_tail: str
    """The last 4 KB that the function and Lambda logged, where it was called synchronously."""

    @property
    def body(self) -> dict[str, Any]:
        """The body of a success."""
        body: dict[str, Any] = self.payload["body"]
        return body

    @property
    def error_message(self) -> str:
        """The text of a failure."""
        if isinstance(self.payload, dict):
            return str(self.payload.get("errorMessage", ""))
        return str(self.payload)

    @property
    def quoted(self) -> str:
        """The failure in one line, for a person to read."""
        if self.error_type is None:
            return "it answered"
        text = " ".join(self.error_message.split())
        cut = text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + " ..."
        return f"{self.error_type}: {cut}"

    def log_lines(self) -> Iterator[dict[str, Any]]:
        """Return the complete lines of JSON in the log's tail."""
        for line in self.log_tail.splitlines():
            try:
                parsed = json.loads(line)
            except ValueError:
                continue
            if isinstance(parsed, dict):
                yield parsed

    @property
    def cold(self) -> bool | None:
        """Whether a new environment served the event; None where the log doesn't tell."""
        told = [line["cold_start"] for line in self.log_lines() if "cold_start" in line]
        return bool(told[-1]) if told else None


def read_reply(answer: Mapping[str, Any]) -> Reply:
    """Read what boto3's `invoke` returned."""
    raw: bytes = answer["Payload"].read()
    try:
        payload = json.loads(raw) if raw else None
    except ValueError:
        payload = raw.decode(errors="replace")
    tail = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    return Reply(payload, raw, _error_type(answer, payload), tail)


def _error_type(answer: Mapping[str, Any], payload: object) -> str | None:
    if "FunctionError" not in answer:
        return None
    named = payload.get("errorType") if isinstance(payload, dict) else None
    return str(named or answer["FunctionError"])
