"""A batch of an event source mapping for Kafka, of MSK or of a cluster of one's own.

Delivery is at least once: what could not be brought into the sink comes again, in batches that
may be cut anew.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from msk_client.batch import is_batch, parse

if TYPE_CHECKING:
    from msk_client.actions.call import Call
    from msk_client.pipeline.policy import Delivery, Fate

NAME = "kafka_batch"
LOG = logging.getLogger("msk_client.mapping")


def recognises(event: object) -> bool:
    """Tell whether an event is one of these."""
    return is_batch(event)


def topic_name(event: dict[str, Any]) -> str | None:
    """Tell the topic for the log; None where there are none or several."""
    batches = event.get("records")
    lists = batches.values() if isinstance(batches, dict) else ()
    first = [one[0] for one in lists if isinstance(one, list) and one]
    topics = {str(record.get("topic")) for record in first if isinstance(record, dict)}
    return topics.pop() if len(topics) == 1 else None


def answer(event: dict[str, Any], call: Call) -> dict[str, Any]:
    """Bring a batch into the sink, and answer what Lambda understands.

    With ESM_PARTIAL_RESPONSE the first offset of each partition that has to come again; without
    it, because Lambda would ignore that and lose records, it is raised.
    """
    from msk_client.pipeline.policy import deliver, failure  # noqa: PLC0415 - cold start of actions
    from msk_client.pipeline.sinks import letters_of, sink_of  # noqa: PLC0415 - same

    batch = parse(event)
    mapping = call.settings.mapping
    sink = sink_of(call, batch)
    call.counts["RecordsReceived"] = batch.count
    delivery = deliver(
        batch,
        sink,
        letters_of(call),
        call.deadline,
        decode=mapping.decode,
        partial=mapping.partial_response,
    )
    call.counts |= _counts(batch.count, delivery) | sink.counts
    if mapping.partial_response:
        return {"batchItemFailures": [_item(fate) for fate in delivery.failures]}
    if delivery.failures:
        raise failure(delivery)
    return {"statusCode": 200, "body": dict(call.counts)}


def _counts(received: int, delivery: Delivery) -> dict[str, int]:
    stored, letters = delivery.num_stored, delivery.num_letters
    return {
        "RecordsStored": stored,
        "RecordsDeadLettered": letters,
        "RecordsFailed": received - stored - letters,
    }


def _item(fate: Fate) -> dict[str, Any]:
    """Name where a partition has to go on, as the event names it; Lambda takes no other offset."""
    LOG.warning(
        "partition comes again",
        extra={"partition": fate.part.key, "offset": fate.end, "cause": str(fate.cause)},
    )
    return {"itemIdentifier": {"partition": fate.part.key, "offset": fate.end}}
