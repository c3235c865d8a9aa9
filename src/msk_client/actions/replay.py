"""replay: sends again what was given up, from where it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from msk_client.actions.consuming.place import PlaceInput
from msk_client.actions.create_topic import refuse_dots
from msk_client.actions.replaying.only import Filter, Only
from msk_client.actions.request import Offset, Partition, Request, TopicName
from msk_client.errors import InvalidRequest

if TYPE_CHECKING:
    from msk_client.actions.call import Answer, Call
    from msk_client.actions.replaying.units import Source
    from msk_client.deadline import Deadline

QUEUE_SCHEMES = ("https://", "http://")
SOURCES = (
    's3://bucket/key, s3://bucket/prefix/, a queue\'s URL, or a topic as {"topic": "my_topic"}'
)


class TopicSource(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A dead-letter topic, and what of it is read."""

    topic: TopicName
    from_: str | PlaceInput = field(name="from", default="beginning")
    until: str | PlaceInput = "end"


class Resume(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Where an earlier call stopped: the `next` of its answer or error."""

    after: Annotated[str, Meta(max_length=1024)] | None = None
    offsets: dict[Partition, Offset] | None = None


class Replay(Request, frozen=True, kw_only=True):
    """The request."""

    source: str | TopicSource
    topic: TopicName | UnsetType = UNSET
    only: Only | UnsetType = UNSET
    dry_run: bool = False
    confirm: bool = False
    on_failure: Literal["raise", "report"] = "raise"
    resume: Resume | UnsetType = UNSET


def replay(request: Replay, call: Call) -> Answer:
    """Find the records, and send those that are wanted; raises unless all are delivered."""
    from msk_client.actions.replaying.run import Run, reading_until  # noqa: PLC0415 - cold start

    _check(request, call)
    wanted = Filter(Only() if request.only is UNSET else request.only)
    until = reading_until(call.deadline)
    return Run(request, call, wanted, _source(request, call, until), until).answer()


def _check(request: Replay, call: Call) -> None:
    """Refuse what could go round for ever, unless it is confirmed."""
    if request.topic is UNSET and not (request.confirm or request.dry_run):
        raise InvalidRequest(
            "Field 'topic' is missing, so that records would go back to where they came from, and"
            ' meet again what gave them up: name another topic, or confirm it with "confirm": true.'
        )
    if request.topic is not UNSET:
        refuse_dots(request.topic)
        call.allow_topic(request.topic)


def _source(request: Replay, call: Call, until: Deadline) -> Source:
    from msk_client.actions.replaying import units  # noqa: PLC0415 - cold start

    resume = Resume() if request.resume is UNSET else request.resume
    if isinstance(request.source, TopicSource):
        _resume_with(resume, "offsets")
        return units.of_topic(request.source, resume.offsets, call, until)
    if request.source.startswith(QUEUE_SCHEMES):
        _resume_with(resume, "")
        from msk_client.sqs.queues import queues  # noqa: PLC0415 - dear at cold start

        return units.of_queue(queues(), request.source, until, call.deadline)
    from msk_client.s3.keys import parse_uri  # noqa: PLC0415 - not needed without S3
    from msk_client.s3.store import store  # noqa: PLC0415 - dear at cold start

    _resume_with(resume, "after")
    at = parse_uri(request.source, "Field 'source'", form=SOURCES)
    return units.of_s3(store(), at, resume.after or "", call, until)


def _resume_with(resume: Resume, known: str) -> None:
    """Refuse a place of another kind of source."""
    given: dict[str, Any] = msgspec.structs.asdict(resume)
    for name, value in given.items():
        if value is not None and name != known:
            raise InvalidRequest(f"Field 'resume.{name}' doesn't go with this kind of source.")
