"""The two functions that are compared, each in an execution environment of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.lambda_runtime import HANDLER, SRC, Emulator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.lambda_runtime import Invocation

BENCH = Path(__file__).parent


@dataclass(frozen=True)
class Contender:
    """A handler and the folders it is imported from."""

    name: str
    handler: str
    path: Sequence[Path]

    def start(self, environment: Mapping[str, str]) -> Emulator:
        """Open a new execution environment; Python starts in it with the first event."""
        return Emulator(environment, handler=self.handler, path=self.path)


OURS = Contender("msk_client", HANDLER, (SRC,))
STRAIGHTFORWARD = Contender("straightforward", "straightforward.handler.lambda_handler", (BENCH,))
CONTENDERS = (OURS, STRAIGHTFORWARD)


class WrongAnswerError(Exception):
    """A contender failed, or its answer isn't the one that the measured work gives."""


def body(invocation: Invocation) -> dict[str, Any]:
    """Return the answer's body; raises WrongAnswerError where the function failed."""
    payload = invocation.payload
    if invocation.error_type is not None or not isinstance(payload, dict):
        raise WrongAnswerError(f"{invocation.error_type}: {invocation.error_message or payload}")
    found: dict[str, Any] = payload["body"]
    return found
