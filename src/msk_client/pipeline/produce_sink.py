"""produce: sends records to another topic, of this cluster or another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msk_client.clusters import same_cluster
from msk_client.errors import DeadlineExceeded, InvalidRequest, InvalidSetting, RecordTooLarge
from msk_client.pipeline.pieces import Outcome
from msk_client.records import Outgoing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client import ports
    from msk_client.actions.call import Call
    from msk_client.batch import Batch
    from msk_client.deadline import Deadline
    from msk_client.pipeline.pieces import Piece
    from msk_client.records import Record

REFUSED = (InvalidRequest, RecordTooLarge)
"""What the target topic will never take, whoever sends it how often."""


class ProduceSink:
    """Records keep key, value, headers and time; their partition is chosen by the key."""

    def __init__(self, call: Call, topic: str | None, batch: Batch) -> None:
        if topic is None:
            raise InvalidSetting(
                "ESM_TARGET_TOPIC is not set: name the topic that ESM_SINK=produce sends to."
            )
        call.allow_topic(topic)
        self._call = call
        self._topic = topic
        self._refuse_loop(batch)
        self.counts: dict[str, int] = {}

    def _refuse_loop(self, batch: Batch) -> None:
        if self._topic not in {part.topic for part in batch.parts}:
            return
        settings = self._call.settings
        arn = settings.cluster_arn.text if settings.cluster_arn is not None else None
        if same_cluster(batch, self._call.kafka.endpoint, arn):
            raise InvalidSetting(
                f"ESM_TARGET_TOPIC is {self._topic!r}, the topic that this batch comes from, on the"
                " same cluster: every record would come back for ever. Name another topic."
            )

    def write(
        self,
        pieces: Sequence[Piece],
        deadline: Deadline,
        *,
        skip_refused: bool,  # noqa: ARG002 - all are on their way at once
    ) -> list[Outcome]:
        """See the protocol."""
        records = [record for piece in pieces for record in piece.records]
        if not records:
            return [Outcome() for _ in pieces]
        outgoing = [_outgoing(record) for record in records]
        fates = iter(self._call.kafka.produce(self._topic, outgoing, deadline).outcomes)
        outcomes = [_outcome(piece, [next(fates) for _ in piece.records]) for piece in pieces]
        refused = sum(len(outcome.refused) for outcome in outcomes)
        self.counts = {"RecordsRefused": refused} if refused else {}
        return outcomes


def _outgoing(record: Record) -> Outgoing:
    return Outgoing(
        key=record.key,
        value=record.value,
        headers=record.headers,
        timestamp_ms=record.timestamp_ms or 0,
    )


def _outcome(piece: Piece, fates: Sequence[ports.Outcome]) -> Outcome:
    """A record that may stand in the log, or may get there later, fails: it will be sent again."""
    outcome = Outcome()
    for record, fate in zip(piece.records, fates, strict=True):
        if fate.status == "delivered":
            continue
        cause = fate.error or DeadlineExceeded("The record was not acknowledged in time.")
        if fate.status == "rejected" and isinstance(cause, REFUSED):
            outcome.refused[record.offset] = cause
        elif outcome.failed_at is None:
            outcome.failed_at, outcome.cause = record.offset, cause
    return outcome
