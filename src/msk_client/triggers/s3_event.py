"""A new object in S3, told by S3 itself or through EventBridge: its records go into a topic.

Which topic, and how the object is read, S3_EVENT_TOPIC says. Delivery is at least once: S3 may tell
of an object twice, and Lambda calls again after a failure.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import msgspec

from msk_client.errors import InvalidRequest, InvalidSetting, UnknownObject
from msk_client.triggers import continuing
from msk_client.triggers.shapes import converted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msk_client.actions.call import Call
    from msk_client.s3.ports import Head

NAME = "s3_event"
EXAMPLES = "events/triggers/s3_object_created"
LOG = logging.getLogger("msk_client.mapping")


@dataclass(frozen=True)
class Created:
    """An object that was written."""

    bucket: str
    key: str
    etag: str | None
    version_id: str | None
    size_bytes: int | None

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def is_folder(self) -> bool:
        """Whether it is what consoles make for a folder."""
        return self.key.endswith("/") and not self.size_bytes


def recognises(event: object) -> bool:
    """Tell whether S3 says something."""
    if not isinstance(event, dict):
        return False
    records = event.get("Records")
    first = records[0] if isinstance(records, list) and records else None
    told_by_s3 = isinstance(first, dict) and first.get("eventSource") == "aws:s3"
    told_by_eventbridge = event.get("source") == "aws.s3" and "detail-type" in event
    return told_by_s3 or told_by_eventbridge or _is_test(event)


def _is_test(event: dict[str, Any]) -> bool:
    """Tell whether S3 only tries whether its messages arrive."""
    return event.get("Event") == "s3:TestEvent"


def topic_name(_: dict[str, Any]) -> str | None:
    """The settings say which topic."""
    return None


def answer(event: dict[str, Any], call: Call) -> dict[str, Any]:
    """Send the records of each object; answers what produce answers of each.

    What doesn't fit into the time is sent by a later invocation, see CONTINUE_QUEUE_URL.
    """
    if _is_test(event):
        return {"statusCode": 200, "body": {"objects": []}}
    objects = [_told(event)] if "detail" in event else _records(event)
    bodies = [_send(one, call) for one in objects if not one.is_folder]
    return {"statusCode": 200, "body": {"objects": bodies}}


class _Name(msgspec.Struct):
    name: str


class _Object(msgspec.Struct):
    key: str
    etag: str | None = msgspec.field(name="eTag", default=None)
    version_id: str | None = msgspec.field(name="versionId", default=None)
    size: int | None = None


class _S3(msgspec.Struct):
    bucket: _Name
    object: _Object


class _Record(msgspec.Struct):
    """S3's own message, in which keys are encoded as in a URL's query."""

    s3: _S3
    event_name: str = msgspec.field(name="eventName", default="")


class _Notification(msgspec.Struct):
    records: list[_Record] = msgspec.field(name="Records")


class _ToldObject(msgspec.Struct):
    key: str
    etag: str | None = None
    version_id: str | None = msgspec.field(name="version-id", default=None)
    size: int | None = None


class _Detail(msgspec.Struct):
    bucket: _Name
    object: _ToldObject


class _Told(msgspec.Struct):
    """EventBridge's message, in which keys are as they are."""

    detail: _Detail
    kind: str = msgspec.field(name="detail-type")


def _records(event: dict[str, Any]) -> list[Created]:
    objects = []
    for record in converted(event, _Notification, f"{EXAMPLES}.json").records:
        if not record.event_name.startswith("ObjectCreated:"):
            raise _not_created(record.event_name, "s3:ObjectCreated:*")
        bucket, found = record.s3.bucket.name, record.s3.object
        key = unquote_plus(found.key)
        objects.append(Created(bucket, key, found.etag, found.version_id, found.size))
    return objects


def _told(event: dict[str, Any]) -> Created:
    if event["detail-type"] != "Object Created":
        raise _not_created(str(event["detail-type"]), '"detail-type": ["Object Created"]')
    detail = converted(event, _Told, f"{EXAMPLES}_eventbridge.json").detail
    found = detail.object
    return Created(detail.bucket.name, found.key, found.etag, found.version_id, found.size)


def _not_created(name: str, wanted: str) -> InvalidRequest:
    return InvalidRequest(
        f"S3 tells of {name[:100]!r}, and this function sends objects that were created: let only"
        f" {wanted} call it."
    )


def _send(created: Created, call: Call) -> dict[str, Any]:
    rule = _rule(created, call)
    head = _head(created, call)
    if created.etag not in {None, head.etag.strip('"')}:
        LOG.info("written anew", extra={"source": str(created)})
        return {"source": str(created), "written_anew": True}
    _refuse_loop(created, head, rule["topic"])
    event = {"action": "produce", "source": str(created), **rule} | _version(created)
    if call.counts.get("Continued"):  # the object before took all the time
        continuing.leave(event, call)
        return {"source": str(created), "complete": False}
    return continuing.run(event, call).body


def _version(created: Created) -> dict[str, Any]:
    """Ask for the content that the message is about: for another there is another message."""
    if created.etag is None:
        return {}
    etag = f'"{created.etag}"'
    return {"resume": {"record": 0, "etag": etag, "version_id": created.version_id}}


def _rule(created: Created, call: Call) -> Mapping[str, Any]:
    """Find what S3_EVENT_TOPIC says of a key; the longest beginning decides."""
    rules = call.settings.input.rules
    if not rules:
        raise InvalidSetting(
            f"S3_EVENT_TOPIC is not set, so this function doesn't know where {created} goes: name"
            ' a topic, or topics by the beginning of keys, such as {"in/orders/": "orders"}.'
        )
    for prefix, rule in rules:
        if created.key.startswith(prefix):
            return rule
    raise InvalidSetting(
        f"S3_EVENT_TOPIC has no rule for {created}: add one, or let only objects with the prefixes"
        f" {', '.join(repr(prefix) for prefix, _ in rules)} call this function."
    )


def _head(created: Created, call: Call) -> Head:
    """Look at the object as it is now; of a version, at that one."""
    from msk_client.actions.sourcing.request import allow_bucket  # noqa: PLC0415
    from msk_client.s3.keys import Place  # noqa: PLC0415
    from msk_client.s3.store import store  # noqa: PLC0415

    allow_bucket(created.bucket, call)
    head = store().head(Place(created.bucket, created.key), call.deadline, created.version_id)
    if head is None:
        raise UnknownObject(
            f"{created} is not there any more: it was deleted since it was written."
        )
    return head


def _refuse_loop(created: Created, head: Head, topic: str) -> None:
    """Refuse what this function has written out of the very topic: it would go round for ever."""
    if "schema-version" in head.metadata and head.metadata.get("topic") == topic:
        raise InvalidRequest(
            f"{created} holds records of topic {topic!r}, and S3_EVENT_TOPIC sends it there again:"
            " that would have no end. Let another prefix call this function, or name another topic."
        )
