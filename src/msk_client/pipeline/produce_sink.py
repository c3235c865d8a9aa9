"""produce: sends records to another topic, of this cluster or another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msk_client.actions.request import UNSENDABLE
from msk_client.clusters import same_cluster
from msk_client.errors import (
    DeadlineExceeded,
    InvalidRequest,
    InvalidSetting,
    RecordTooLarge,
    UnfitRecord,
    UnknownTopic,
)
from msk_client.pipeline.pieces import Outcome
from msk_client.records import Outgoing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client import ports
    from msk_client.actions.call import Call
    from msk_client.batch import Batch
    from msk_client.deadline import Deadline
    from msk_client.errors import MskClientError
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
        self, pieces: Sequence[Piece], deadline: Deadline, *, skip_refused: bool
    ) -> list[Outcome]:
        """See the protocol.

        The first record of each piece goes before the others: a piece that begins with the record
        at which it failed the last time ends there, and nothing behind it is sent once more. They
        may take half the time, so that one that hangs leaves some for the other pieces.
        """
        taken = [_sendable(piece, skip_refused=skip_refused) for piece in pieces]
        outcomes = [outcome for outcome, _ in taken]
        first = [records[:1] for _, records in taken]
        self._send(outcomes, first, deadline.within(deadline.left_s / 2))
        others = [
            records[1:] if _goes_on(outcome, records, skip_refused=skip_refused) else []
            for outcome, records in taken
        ]
        self._send(outcomes, others, deadline)
        refused = sum(len(outcome.refused) for outcome in outcomes)
        self.counts = {"RecordsRefused": refused} if refused else {}
        return outcomes

    def _send(
        self, outcomes: list[Outcome], several: list[list[Record]], deadline: Deadline
    ) -> None:
        """Produce some records of each piece at once, and note what became of them."""
        outgoing = [_outgoing(record) for records in several for record in records]
        if not outgoing:
            return
        fates = iter(self._produced(outgoing, deadline))
        for outcome, records in zip(outcomes, several, strict=True):
            for record in records:
                _note(outcome, record, next(fates))

    def _produced(self, outgoing: list[Outgoing], deadline: Deadline) -> Sequence[ports.Outcome]:
        try:
            return self._call.kafka.produce(self._topic, outgoing, deadline).outcomes
        except UnknownTopic as problem:
            raise UnknownTopic(
                f"ESM_TARGET_TOPIC is {self._topic!r}, and that topic isn't there: create it, or"
                f" name another; a batch creates none. {problem}"
            ) from problem


def _sendable(piece: Piece, *, skip_refused: bool) -> tuple[Outcome, list[Record]]:
    """Refuse what the client would cut (a NUL) or end the process on (a lone surrogate)."""
    refused: dict[int, MskClientError] = {
        record.offset: UnfitRecord(
            f"The record at offset {record.offset} of partition {record.partition} of topic"
            f" {record.topic!r} has a header whose name holds a NUL or a lone surrogate: Kafka's"
            " client can't send it."
        )
        for record in piece.records
        if any(UNSENDABLE.search(name) for name, _ in record.headers)
    }
    end = piece.next if skip_refused else min(refused, default=piece.next)
    fit = [r for r in piece.records if r.offset not in refused and r.offset < end]
    return Outcome(refused), fit


def _goes_on(outcome: Outcome, records: Sequence[Record], *, skip_refused: bool) -> bool:
    """Tell whether what stands behind the first record may be sent."""
    if outcome.failed_at is not None:
        return False
    return skip_refused or not records or records[0].offset not in outcome.refused


def _outgoing(record: Record) -> Outgoing:
    return Outgoing(
        key=record.key,
        value=record.value,
        headers=record.headers,
        timestamp_ms=record.timestamp_ms or 0,
    )


def _note(outcome: Outcome, record: Record, fate: ports.Outcome) -> None:
    """A record that may stand in the log, or may get there later, fails: it will be sent again."""
    if fate.status == "delivered":
        return
    cause = fate.error or DeadlineExceeded("The record was not acknowledged in time.")
    if fate.status == "rejected" and isinstance(cause, REFUSED):
        outcome.refused[record.offset] = cause
    elif outcome.failed_at is None:
        outcome.failed_at, outcome.cause = record.offset, cause
