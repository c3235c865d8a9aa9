"""consume: reads a range of a topic and stops; `next` says where to go on."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from msk_client.actions.call import Answer
from msk_client.actions.consuming.bookmark import Bookmark
from msk_client.actions.consuming.page import (
    SMALLEST_ROOM_BYTES,
    Page,
    envelope,
    largest_envelope_bytes,
)
from msk_client.actions.consuming.place import Place, PlaceInput, place
from msk_client.actions.consuming.ranges import Log, resolve
from msk_client.actions.create_topic import refuse_dots
from msk_client.actions.draining.request import DestinationField, check, note, wish
from msk_client.actions.request import GroupName, Partition, Request, TopicName
from msk_client.answer import MAX_ANSWER_BYTES
from msk_client.errors import DeadlineExceeded, InvalidRequest, UnknownTopic
from msk_client.ports import no_such_partition
from msk_client.records import Format

if TYPE_CHECKING:
    from msk_client.actions.call import Call
    from msk_client.actions.consuming.ranges import Ranges
    from msk_client.deadline import Deadline

STARTS = ("beginning", "end", "committed")
COMMIT_RESERVE_S = 2.0
"""A read that commits stops this much (or a quarter of its time) before the deadline."""

WAIT_RESERVE_S = 1.0
"""Waiting ends this much before the deadline."""

WAIT_POLL_S = 0.05
"""How often a waiting call looks whether the log has grown."""


class Consume(Request, frozen=True, kw_only=True):
    """The request."""

    topic: TopicName
    from_: str | PlaceInput | UnsetType = msgspec.field(name="from", default=UNSET)
    until: str | PlaceInput = "end"
    partitions: Annotated[list[Partition], Meta(min_length=1)] | UnsetType = UNSET
    max_records: Annotated[int, Meta(ge=1)] | None = None
    max_bytes: Annotated[int, Meta(ge=1, le=MAX_ANSWER_BYTES)] = MAX_ANSWER_BYTES
    wait_ms: Annotated[int, Meta(ge=0, le=900_000)] = 0
    group: GroupName | None = None
    commit: bool | UnsetType = UNSET
    format: Format = "text"
    isolation: Literal["read_committed", "read_uncommitted"] = "read_committed"
    destination: DestinationField = UNSET


def consume(request: Consume, call: Call) -> Answer:
    """Read, answer, and move the group's bookmark last where `commit` asks for it."""
    call.allow_topic(request.topic)
    if request.group is not None:
        call.allow_group(request.group)
    start, until = _places(request)
    if request.destination is not UNSET:
        return _drain(request, start, until, call)
    log = _log(request, start, call, _read_deadline(request, call))
    bookmark = _bookmark(request, log, call)
    committed = {} if bookmark is None else bookmark.committed
    page = _read(request, log, resolve(log, start, until, committed), call)
    if request.wait_ms and not page.records:
        page = _wait(request, log, until, page, call)
    call.counts |= {"RecordsConsumed": len(page.records), "BytesConsumed": page.bytes}
    body = _body(request, page)
    if bookmark is not None and request.commit:
        moved = not bookmark.move(page.next, call.deadline)
        body |= {"committed": not moved} | ({"bookmark_moved": True} if moved else {})
    return Answer(body)


def _places(request: Consume) -> tuple[Place, Place]:
    """Check what can be checked before anything is connected."""
    refuse_dots(request.topic)
    given = request.from_
    if given is UNSET:
        given = "beginning" if request.group is None else "committed"
    start = place(given, "from", STARTS)
    if start.kind == "committed" and request.group is None:
        raise InvalidRequest("Field 'from' is 'committed', which needs 'group'.")
    if request.commit and request.group is None:
        raise InvalidRequest("Field 'commit' is true, which needs 'group'.")
    if request.commit and start.kind != "committed":
        raise InvalidRequest(
            'Field \'commit\' is true, which goes with "from": "committed" only: a commit after'
            " another start would skip what lies between."
        )
    if start.kind == "offsets" and request.partitions is not UNSET:
        raise InvalidRequest(
            "Fields 'from.offsets' and 'partitions' are both given: the offsets name them already."
        )
    return start, place(request.until, "until", ("end",))


def _drain(request: Consume, start: Place, until: Place, call: Call) -> Answer:
    """Let the records become objects in S3."""
    check(request)
    from msk_client.actions.draining.drain import Task  # noqa: PLC0415 - dear at cold start
    from msk_client.actions.draining.run import drain, reading_until  # noqa: PLC0415 - same
    from msk_client.s3.destinations import dead_letters, destination  # noqa: PLC0415 - same
    from msk_client.s3.letters import Letters  # noqa: PLC0415 - same
    from msk_client.s3.store import store  # noqa: PLC0415 - same

    output, wished = call.settings.output, wish(request.destination)
    made = destination(output, wished, request.format)
    below = dead_letters(output, wished, made)
    s3 = store()  # it connects while the topic is looked up
    log = _log(request, start, call, reading_until(call.deadline))
    bookmark = _bookmark(request, log, call)
    committed = {} if bookmark is None else bookmark.committed
    arn = call.settings.cluster_arn
    told = None if arn is None else arn.text
    where = call.kafka.endpoint
    letters = None if below is None else Letters(s3, below, told, where, made.kms_key_id)
    task = Task(log, resolve(log, start, until, committed), s3, made, letters)
    return Answer(drain(call, task, bookmark).body | note(request))


def _log(request: Consume, start: Place, call: Call, deadline: Deadline) -> Log:
    """Find the topic and the partitions to read."""
    topic = call.kafka.topic(request.topic, call.deadline)
    if topic is None:
        raise UnknownTopic(
            f"Topic {request.topic!r} doesn't exist on {call.kafka.endpoint}: list_topics shows"
            " what is there."
        )
    partitions = range(topic.num_partitions)
    named = start.offsets or ([] if request.partitions is UNSET else request.partitions)
    for partition in named:
        if partition not in partitions:
            raise no_such_partition(partition, request.topic, topic.num_partitions)
    chosen = sorted(set(named)) or list(partitions)
    committed_only = request.isolation == "read_committed"
    return Log(call.kafka, request.topic, chosen, committed_only, deadline)


def _read_deadline(request: Consume, call: Call) -> Deadline:
    if not request.commit:
        return call.deadline
    return call.deadline.earlier(min(COMMIT_RESERVE_S, call.deadline.left_s / 4))


def _bookmark(request: Consume, log: Log, call: Call) -> Bookmark | None:
    if request.group is None:
        return None
    return Bookmark.open(call.kafka, request.group, request.topic, log.partitions, call.deadline)


def _wait(request: Consume, log: Log, until: Place, page: Page, call: Call) -> Page:
    """Read again when the log has grown, until there is a record. The starts stay as they were."""
    patience = log.deadline.earlier(WAIT_RESERVE_S).within(request.wait_ms / 1000)
    start = Place("offsets", offsets={p: r.asked for p, r in page.ranges.items()})
    while not page.records and _grown(log, page.ranges, patience):
        page = _read(request, log, resolve(log, start, until, {}), call)
    return page


def _grown(log: Log, ranges: Ranges, patience: Deadline) -> bool:
    """Wait until there is more than was read; False where there will be none, or not in time."""
    growing = [p for p, r in ranges.items() if not r.final]
    while growing and not patience.passed:
        time.sleep(min(WAIT_POLL_S, patience.left_s))
        (limit,) = log.offsets(log.end)
        if any(limit[p] > ranges[p].end for p in growing):
            return True
    return False


def _read(request: Consume, log: Log, ranges: Ranges, call: Call) -> Page:
    most_bytes = min(request.max_bytes, call.max_answer_bytes)
    room_bytes = most_bytes - largest_envelope_bytes(ranges)
    lacking_bytes = SMALLEST_ROOM_BYTES - room_bytes
    if lacking_bytes > 0:
        raise InvalidRequest(
            f"Field 'max_bytes' is {most_bytes}, too few for the answer's other fields: give"
            f" at least {most_bytes + lacking_bytes} for {len(ranges)} partition(s)."
        )
    page = Page(ranges, request.format, request.max_records, room_bytes)
    spans = {p: (r.start, r.end) for p, r in ranges.items()}
    read = log.kafka.read(log.topic, spans, log.deadline, read_committed=log.read_committed)
    with closing(read) as events:
        for event in events:
            if not page.take(event):
                break
    if page.stopped is None:
        page.stopped = "end" if page.complete else "deadline"
    if page.stopped == "deadline" and page.next == {p: r.start for p, r in ranges.items()}:
        raise DeadlineExceeded(
            f"The time ran out before a record of topic {log.topic!r} came from"
            f" {call.kafka.endpoint}: give the function a longer timeout."
        )
    return page


def _body(request: Consume, page: Page) -> dict[str, Any]:
    return {
        "topic": request.topic,
        "records": page.records,
        "count": len(page.records),
        "stopped": page.stopped,
        **envelope(page.next, page.ranges, page.skipped),
    }
