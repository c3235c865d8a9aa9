"""Invokes the function for a batch until all of it is done with, as Lambda's mapping does.

In on-demand mode a batch that fails is brought again as a whole, without end, and what the
function answers is not looked at. In provisioned mode retries, age, halving and partial responses
are as the mapping says, and what is given up goes to the on-failure destination.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from local.mapping.events import event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local.lambda_runtime import Invocation
    from local.mapping.events import Polled
    from local.mapping.options import Options

_LOG = logging.getLogger(__name__)
EXHAUSTED = "RetryAttemptsExhausted"
TOO_LARGE = "MaximumPayloadSizeExceeded"
TOO_OLD = "RecordAgeExceeded"


class Function(Protocol):
    """What is invoked."""

    def invoke(self, event: object) -> Invocation:
        """Send one event, and return what came of it."""
        ...


class Stopped(Exception):
    """Whoever runs the mapping wants it to end; what isn't done is not committed."""


class Attempts:
    """The invocations of one mapping. `discard` gets what is given up."""

    def __init__(
        self,
        options: Options,
        function: Function,
        discard: Callable[[Sequence[Polled], str, int, Invocation | None], None],
        bootstrap: str,
    ) -> None:
        self._options = options
        self._function = function
        self._discard = discard
        head: dict[str, Any] = {"eventSource": options.event_source}
        if options.source_arn is not None:
            head["eventSourceArn"] = options.source_arn
        self._head = head | {"bootstrapServers": bootstrap}
        self.stop = threading.Event()
        self.counts: Counter[str] = Counter()
        """By the names of the mapping's metrics."""

    def process(self, records: list[Polled]) -> None:
        """Return when every record was taken by the function, or given up; raises `Stopped`."""
        failed = 0
        while records := self._young(records):
            invocation = self._invoke(records)
            if invocation is None:
                self._give_up(records, TOO_LARGE, failed, None)
                return
            rest = self._rest(records, invocation)
            if not rest:
                return
            if invocation.error_type is not None and self._options.bisect and len(records) > 1:
                middle = len(records) // 2
                self.process(records[:middle])
                self.process(records[middle:])
                return
            failed = failed + 1 if len(rest) == len(records) else 1
            if self._options.retries is not None and failed > self._options.retries:
                self._give_up(rest, EXHAUSTED, failed, invocation)
                return
            records = rest
            self._pause(failed)

    def _invoke(self, records: list[Polled]) -> Invocation | None:
        """Call the function; None where the event is too large to be sent."""
        if self.stop.is_set():
            raise Stopped
        payload = event(records, self._head)
        if len(payload) > self._options.payload_bytes:
            return None
        self.counts["InvokedEventCount"] += len(records)
        invocation = self._function.invoke(payload)
        if invocation.error_type is not None:
            self.counts["FailedInvokeEventCount"] += len(records)
        return invocation

    def _rest(self, records: list[Polled], invocation: Invocation) -> list[Polled]:
        """Tell what has to come again."""
        if invocation.error_type is not None:
            return records
        if not self._options.report_failures:
            return []
        return _reported(records, invocation.payload)

    def _young(self, records: list[Polled]) -> list[Polled]:
        """Give up what is older than the mapping allows."""
        if self._options.max_age_s < 0:
            return records
        oldest_ms = (time.time() - self._options.max_age_s) * 1000
        old = [one for one in records if one.timestamp_ms < oldest_ms]
        if old:
            self._give_up(old, TOO_OLD, 0, None)
        return [one for one in records if one.timestamp_ms >= oldest_ms]

    def _give_up(
        self, records: Sequence[Polled], condition: str, tries: int, last: Invocation | None
    ) -> None:
        self.counts["DroppedEventCount"] += len(records)
        _LOG.warning("gave up %d records after %d tries: %s", len(records), tries, condition)
        self._discard(records, condition, tries, last)

    def _pause(self, failed: int) -> None:
        pause_s = self._options.first_pause_s * 2 ** min(failed - 1, 30)
        if self.stop.wait(min(pause_s, self._options.longest_pause_s)):
            raise Stopped


def _reported(records: list[Polled], payload: object) -> list[Polled]:
    """Read a partial response: each partition goes on at its lowest failed offset.

    Nothing, null and an empty list mean success; anything that isn't understood, or names a record
    that the event didn't have, that the whole batch comes again.
    """
    if payload is None or payload == {}:
        return []
    failures = payload.get("batchItemFailures") if isinstance(payload, dict) else None
    if not isinstance(failures, list):
        return [] if isinstance(payload, dict) and failures is None else records
    known = {(one.key, one.offset) for one in records}
    first: dict[str, int] = {}
    for failure in failures:
        item = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(item, dict):
            return records
        key, offset = str(item.get("partition")), item.get("offset")
        if not isinstance(offset, int) or (key, offset) not in known:
            return records
        first[key] = min(offset, first.get(key, offset))
    return [one for one in records if one.offset >= first.get(one.key, one.offset + 1)]
