"""produce: sends records and says of each what became of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET, UnsetType

from msk_client.actions.call import Answer
from msk_client.actions.create_topic import made_if_missing, refuse_dots
from msk_client.actions.request import NumPartitions, Request, TopicName
from msk_client.actions.results import listed
from msk_client.actions.sourcing.request import Resume, SourceFormat, check
from msk_client.errors import InvalidRequest, PartialFailure
from msk_client.ports import Mark, Produced
from msk_client.records import Outgoing, RecordInput, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.actions.call import Call
    from msk_client.errors import MskClientError
    from msk_client.ports import Outcome

REQUEST_ID_HEADER = "x-request-id"
MULTI_STATUS = 207

SAMPLE = [
    RecordInput(key="alice", value={"user": "Alice", "action": "sign_in", "items": 0}),
    RecordInput(key="bob", value={"user": "Bob", "action": "order", "items": 3}),
]


class Produce(Request, frozen=True, kw_only=True):
    """The request."""

    topic: TopicName
    records: list[RecordInput] | Literal["sample"] | UnsetType = UNSET
    create_if_missing: bool = True
    num_partitions: NumPartitions = 1
    on_failure: Literal["raise", "report"] = "raise"
    results: Literal["all", "failures", "none"] = "all"
    stamp: bool = False
    source: str | UnsetType = UNSET
    source_format: SourceFormat | UnsetType = UNSET
    key_column: str | UnsetType = UNSET
    keep_partitions: bool | UnsetType = UNSET
    resume: Resume | UnsetType = UNSET


def produce(request: Produce, call: Call) -> Answer:
    """Send the records; raises unless all are delivered or `on_failure` is `report`."""
    call.allow_topic(request.topic)
    refuse_dots(request.topic)
    check(request)
    if request.source is not UNSET:
        from msk_client.actions.sourcing.run import (  # noqa: PLC0415 - dear at cold start
            produce_from_source,
        )

        return produce_from_source(request, call)
    inputs = SAMPLE if isinstance(request.records, str | UnsetType) else request.records
    records = _encode_all(inputs, request, call.request_id)
    made, produced = _send(request, records, call)
    failures = [i for i, o in enumerate(produced.outcomes) if o.status != "delivered"]
    delivered = len(records) - len(failures)
    call.counts |= {"RecordsProduced": delivered, "RecordsFailed": len(failures)}
    call.counts["BytesProduced"] = _bytes_delivered(records, produced.outcomes)
    if failures and request.on_failure == "raise":
        raise _failure(request, inputs, produced.outcomes, failures)
    body: dict[str, Any] = {
        "topic": request.topic,
        "topic_created": made,
        "num_partitions": produced.num_partitions,
        "sample": inputs is SAMPLE,
        "produced": delivered,
        "failed": len(failures),
    }
    body |= listed(inputs, produced.outcomes, request.results, call.max_answer_bytes)
    return Answer(body, MULTI_STATUS if failures else 200)


def _encode_all(inputs: Sequence[RecordInput], request: Produce, request_id: str) -> list[Outgoing]:
    """Make the bytes of every record before anything is sent."""
    records = [encode(one, request.topic, f"records[{i}]") for i, one in enumerate(inputs)]
    if request.stamp:
        for index, record in enumerate(records):
            record.headers.append((REQUEST_ID_HEADER, f"{request_id}:{index}".encode()))
    return records


def _bytes_delivered(records: Sequence[Outgoing], outcomes: Sequence[Outcome]) -> int:
    pairs = zip(records, outcomes, strict=True)
    return sum(len(r.key or b"") + len(r.value or b"") for r, o in pairs if o.status == "delivered")


def _send(request: Produce, records: list[Outgoing], call: Call) -> tuple[bool, Produced]:
    """Send, and make the topic first where it is missing and may be made."""
    if request.records is UNSET and _holds_records(request.topic, call):
        raise InvalidRequest(
            f"Topic {request.topic!r} has records, so no sample is sent to it unasked: give"
            ' "records", or "records": "sample" to send the sample all the same.'
        )
    return made_if_missing(
        request, call, lambda: call.kafka.produce(request.topic, records, call.deadline)
    )


def _holds_records(topic: str, call: Call) -> bool:
    found = call.kafka.topic(topic, call.deadline)
    if found is None:
        return False
    partitions = range(found.num_partitions)
    first, end = call.kafka.offsets(topic, partitions, (Mark.BEGINNING, Mark.END), call.deadline)
    return first != end


def _failure(
    request: Produce,
    inputs: Sequence[RecordInput],
    outcomes: Sequence[Outcome],
    failures: list[int],
) -> MskClientError:
    """One common cause and nothing delivered: that cause's class; else `PartialFailure`."""
    causes = [error for i in failures if (error := outcomes[i].error) is not None]
    classes = Counter(type(cause) for cause in causes)
    counts = Counter(outcome.status for outcome in outcomes)
    told = ", ".join(f"{n} {status}" for status, n in counts.most_common())
    first = failures[0]
    which = f"record {first}" + _named(inputs[first])
    text = (
        f"Of {len(outcomes)} records for topic {request.topic!r}: {told}. First failure: {which},"
        f" {outcomes[first].status}: {outcomes[first].error}"
    )
    if len(failures) == len(outcomes) and len(classes) == 1:
        return next(iter(classes))(text)
    kinds = ", ".join(f"{n} {cls.__name__}" for cls, n in classes.most_common())
    return PartialFailure(
        f"{text} Causes: {kinds}. Delivered records stay in the log; set on_failure to report to"
        " get each record's result, and send again only what has retriable true: it is certainly"
        " not in the log, and can be taken later."
    )


def _named(record: RecordInput) -> str:
    """The caller's own id of a record, shortened: it is theirs, not ours to log at length."""
    return "" if record.id is UNSET else f" (id {json.dumps(record.id)[:80]})"
