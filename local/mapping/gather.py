"""Gathers batches: so many records, so long, so many bytes, and only those that filters keep."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.mapping.events import polled
from msk_client.actions.filtering.criteria import Criteria, compile_criteria

if TYPE_CHECKING:
    from local.mapping.events import Polled
    from local.mapping.options import Options
    from local.mapping.source import Source

HEAD_BYTES = 2_000
"""More than an event has beside its records."""


@dataclass
class Batch:
    """What one invocation is for; `positions` covers what filters dropped, too."""

    records: list[Polled] = field(default_factory=list)
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    num_polled: int = 0


class Gatherer:
    """Takes records from a source."""

    def __init__(self, options: Options, source: Source) -> None:
        self._options = options
        self._source = source
        self._criteria: Criteria = compile_criteria(list(options.filters))

    def next(self) -> Batch:
        """Answer the next batch; an empty one where nothing came in the window."""
        batch = Batch()
        room = self._options.payload_bytes - HEAD_BYTES
        until = time.monotonic() + self._options.window_s
        while (wanted := self._options.batch_size - len(batch.records)) > 0:
            message = self._source.next(until - time.monotonic(), wanted)
            if message is None:
                if time.monotonic() >= until:
                    break
                continue
            one = polled(message)
            kept = self._criteria.judge(one.value).kept
            if kept and one.size_bytes > room and batch.records:
                self._source.put_back(message)
                break
            batch.num_polled += 1
            batch.positions[one.topic, one.partition] = one.offset + 1
            if kept:
                room -= one.size_bytes
                batch.records.append(one)
        return batch
