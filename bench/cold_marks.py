"""The function with a stopwatch held to the parts of its cold start, from outside.

The emulator imports this module in the place of `msk_client.handler`. The parts are told apart by
wrapping what the function calls; each counts without the parts inside it.
"""

from __future__ import annotations

import time

BEGAN_S = time.time()

from typing import TYPE_CHECKING, Any  # noqa: E402 - the clock comes first

from msk_client import handler  # noqa: E402 - same
from msk_client.kafka import clients, iam, produce  # noqa: E402 - same

IMPORTED_S = time.time()

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.deadline import LambdaContext

OTHER = "other"


class Stopwatch:
    """Charges the time that passes to the innermost part that is running."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = {}
        self._running = [OTHER]
        self._since_s = time.perf_counter()

    def hold(self, part: str, owner: object, name: str) -> None:
        """Charge calls of the owner's function to a part."""
        held: Callable[..., Any] = getattr(owner, name)

        def measured(*arguments: object, **named: object) -> object:
            self._switch()
            self._running.append(part)
            try:
                return held(*arguments, **named)
            finally:
                self._switch()
                self._running.pop()

        setattr(owner, name, measured)

    def _switch(self) -> None:
        now_s = time.perf_counter()
        part = self._running[-1]
        self.spent_s[part] = self.spent_s.get(part, 0.0) + now_s - self._since_s
        self._since_s = now_s


stopwatch = Stopwatch()
stopwatch.hold("token", iam.TokenSource, "mint")
stopwatch.hold("client", clients, "construct")
stopwatch.hold("connect", clients.Clients, "ask")
stopwatch.hold("ack", produce.Sender, "_send")


def lambda_handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Answer what the function answers, and beside it the marks (wall clock) and parts."""
    answer = handler.lambda_handler(event, context)
    parts = {part: s for part, s in stopwatch.spent_s.items() if part != OTHER}
    return answer | {"began_s": BEGAN_S, "imported_s": IMPORTED_S, "parts_s": parts}
