"""log: says what came, one line a record, and keeps nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from msk_client.pipeline.pieces import Outcome
from msk_client.records import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.pipeline.pieces import Piece
    from msk_client.records import Record

LOG = logging.getLogger("msk_client.records")


class LogSink:
    """Coordinates and sizes of each record; its content only at DEBUG."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def write(
        self,
        pieces: Sequence[Piece],
        deadline: Deadline,  # noqa: ARG002 - it waits for nothing
        *,
        skip_refused: bool,  # noqa: ARG002 - it refuses nothing
    ) -> list[Outcome]:
        """See the protocol."""
        for record in (record for piece in pieces for record in piece.records):
            LOG.info("record", extra=_shown(record))
        return [Outcome() for _ in pieces]


def _shown(record: Record) -> dict[str, Any]:
    sizes = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "record_timestamp": record.timestamp_ms,
        "key_size_bytes": None if record.key is None else len(record.key),
        "value_size_bytes": None if record.value is None else len(record.value),
        "num_headers": len(record.headers),
    }
    return sizes | {"record": to_json(record, "text")} if LOG.isEnabledFor(logging.DEBUG) else sizes
