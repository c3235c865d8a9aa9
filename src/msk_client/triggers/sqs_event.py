"""A batch of messages of SQS: each a record, a value or an action event, as SQS_BODY says.

Delivery is at least once: a message that fails comes again, and goes to the queue's own dead-letter
queue in the end. In a FIFO queue what follows in the same group comes again too, and isn't sent
before.
"""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from msk_client.errors import InvalidRequest, InvalidSetting, MskClientError, PartialFailure
from msk_client.records import Outgoing, RecordInput, encode, to_bytes
from msk_client.triggers import continuing
from msk_client.triggers.shapes import converted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from msk_client.actions.call import Call
    from msk_client.settings_input import Body

NAME = "sqs_event"
SOURCE = "aws:sqs"
FIFO = ".fifo"
OK = 200
LOG = logging.getLogger("msk_client.mapping")

Failures = dict[str, MskClientError]
"""Id of a message -> why it comes again."""


@dataclass(frozen=True)
class Message:
    """A message; those of a group keep their order."""

    id: str
    body: str
    group: str
    key: bytes | None
    """In a FIFO queue the group, so that its order is that of one partition."""


def recognises(event: object) -> bool:
    """Tell whether an event is a batch of messages."""
    records = event.get("Records") if isinstance(event, dict) else None
    first = records[0] if isinstance(records, list) and records else None
    return isinstance(first, dict) and first.get("eventSource") == SOURCE


def topic_name(_: dict[str, Any]) -> str | None:
    """The settings say which topic, or each message another."""
    return None


def answer(event: dict[str, Any], call: Call) -> dict[str, Any]:
    """Carry the messages out; answers which come again.

    Without SQS_PARTIAL_RESPONSE Lambda would ignore that and lose them: then a failure is raised,
    and all come again. It is raised too where all have failed.
    """
    records = converted(event, _Batch, "events/triggers/sqs_batch.json").records
    queue_arn = records[0].queue_arn
    messages = [_message(record) for record in records]
    kind = call.settings.input.sqs_body
    if kind == "action" or continuing.is_continuation(queue_arn, call):
        failures = _waves(messages, lambda wave: _act(wave, call))
    else:
        topic = _topic(call)
        failures = _waves(messages, lambda wave: _produce(wave, kind, topic, call))
    call.counts["MessagesFailed"] = len(failures)
    call.counts["MessagesReceived"] = len(messages)
    if failures and (
        len(failures) == len(messages) or not call.settings.input.sqs_partial_response
    ):
        raise _failure(messages, failures, queue_arn)
    for message_id, problem in failures.items():
        extra = {"message_id": message_id, "error": type(problem).__name__, "cause": str(problem)}
        LOG.warning("message comes again", extra=extra)
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failures]}


class _Attributes(msgspec.Struct):
    group: str | None = msgspec.field(name="MessageGroupId", default=None)


class _Record(msgspec.Struct):
    message_id: str = msgspec.field(name="messageId")
    queue_arn: str = msgspec.field(name="eventSourceARN")
    body: str = ""
    attributes: _Attributes = msgspec.field(default_factory=_Attributes)


class _Batch(msgspec.Struct):
    """What Lambda's mapping for SQS sends."""

    records: Annotated[list[_Record], Meta(min_length=1)] = msgspec.field(name="Records")


def _message(record: _Record) -> Message:
    group = record.attributes.group if record.queue_arn.endswith(FIFO) else None
    key = None if group is None else group.encode()
    return Message(record.message_id, record.body, group or record.message_id, key)


def _waves(messages: Sequence[Message], carry_out: Callable[[list[Message]], Failures]) -> Failures:
    """Carry out one message of each group at a time; after a failure the group's rest fails too."""
    groups: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        groups[message.group].append(message)
    failures: Failures = {}
    held_up: set[str] = set()
    for wave in zip_longest(*groups.values()):
        found = [message for message in wave if message is not None]
        ready = [message for message in found if message.group not in held_up]
        failures |= {m.id: BEHIND for m in found if m.group in held_up}
        failures |= carry_out(ready) if ready else {}
        held_up |= {message.group for message in ready if message.id in failures}
    return failures


BEHIND = PartialFailure("An earlier message of its group comes again, and this one behind it.")


def _topic(call: Call) -> str:
    topic = call.settings.input.sqs_topic
    if topic is None:
        raise InvalidSetting(
            "SQS_TOPIC is not set, so this function doesn't know where messages of SQS go: name a"
            " topic, or set SQS_BODY to action if each message is an event of this function."
        )
    call.allow_action("produce")
    call.allow_topic(topic)
    return topic


def _produce(wave: Sequence[Message], kind: Body, topic: str, call: Call) -> Failures:
    """Send messages as records, all at once."""
    records: dict[str, Outgoing] = {}
    failures: Failures = {}
    for message in wave:
        try:
            records[message.id] = _outgoing(message, kind, topic)
        except MskClientError as problem:
            failures[message.id] = problem
    try:
        outcomes = call.kafka.produce(topic, list(records.values()), call.deadline).outcomes
    except MskClientError as problem:
        return failures | dict.fromkeys(records, problem)
    undelivered = {
        message_id: outcome.error
        for message_id, outcome in zip(records, outcomes, strict=True)
        if outcome.error is not None
    }
    delivered = len(records) - len(undelivered)
    call.counts["RecordsProduced"] = call.counts.get("RecordsProduced", 0) + delivered
    return failures | undelivered


def _outgoing(message: Message, kind: Body, topic: str) -> Outgoing:
    """Make a message's record; raises `InvalidRequest`."""
    if kind == "value":
        return Outgoing(message.key, to_bytes(message.body, f"message {message.id}: body"), [])
    try:
        record = msgspec.convert(_parsed(message), RecordInput, strict=True)
    except msgspec.ValidationError as problem:
        raise InvalidRequest(
            f"The body of message {message.id} is no record: {str(problem)[:200]}. If it is a value"
            " by itself, set SQS_BODY to value."
        ) from None
    return encode(record, topic, f"message {message.id}: record")


def _act(wave: Sequence[Message], call: Call) -> Failures:
    """Carry out messages as action events, one after another."""
    failures: Failures = {}
    for message in wave:
        try:
            _act_once(message, call)
        except MskClientError as problem:
            failures[message.id] = problem
    return failures


def _act_once(message: Message, call: Call) -> None:
    event = _parsed(message)
    if not isinstance(event, dict):
        raise InvalidRequest(f"The body of message {message.id} is not a JSON object.")
    done = continuing.run(event, call)
    if done.status != OK and "source" not in event:  # what is left out of a source is still there
        raise PartialFailure(
            f"Message {message.id} was carried out with status {done.status}: some of its records"
            " were not delivered."
        )
    if done.body.get("complete") is False and "next" in done.body:
        raise PartialFailure(
            f"Message {message.id} was carried out in part, because the time ran out. Send it again"
            f' with "resume": {json.dumps(done.body["next"])}.'
        )


def _parsed(message: Message) -> object:
    try:
        return json.loads(message.body)
    except (ValueError, RecursionError):
        raise InvalidRequest(
            f"The body of message {message.id} is not JSON, which SQS_BODY says it is."
        ) from None


def _failure(messages: Sequence[Message], failures: Failures, queue_arn: object) -> MskClientError:
    """One common cause: its class; else `PartialFailure`."""
    message_id, first = next((i, p) for i, p in failures.items() if p is not BEHIND)
    text = (
        f"{len(failures)} of {len(messages)} messages of {queue_arn} failed, and all come again."
        f" Message {message_id}: {first}"
    )
    kinds = {type(problem) for problem in failures.values() if problem is not BEHIND}
    whole = len(failures) == len(messages) and len(kinds) == 1
    return type(first)(text) if whole else PartialFailure(text)
