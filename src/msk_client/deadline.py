"""The time that is left, as a value that is passed down to every wait."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

MIN_RESERVE_MS = 500
RESERVE_SHARE = 0.05


class LambdaContext(Protocol):
    """The part of Lambda's context object that this function uses."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Answer the milliseconds until Lambda kills this invocation."""
        ...


@dataclass(frozen=True)
class Deadline:
    """A point in time: seconds of `time.monotonic()`, which doesn't jump within an invocation."""

    at: float

    @classmethod
    def of(cls, context: LambdaContext) -> Deadline:
        """Take what Lambda leaves, less a reserve of max(500 ms, 5 %) for the answer itself."""
        remaining_ms = context.get_remaining_time_in_millis()
        reserve_ms = max(MIN_RESERVE_MS, remaining_ms * RESERVE_SHARE)
        return cls.after((remaining_ms - reserve_ms) / 1000)

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Make a deadline `seconds` from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether nothing is left."""
        return self.left_s <= 0

    def within(self, seconds: float) -> Deadline:
        """Make the earlier one of this deadline and `seconds` from now."""
        return min(self, Deadline.after(seconds), key=lambda deadline: deadline.at)

    def earlier(self, seconds: float) -> Deadline:
        """Make one that is `seconds` before this."""
        return Deadline(self.at - seconds)
