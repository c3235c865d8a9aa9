"""Where given-up records are found: units that are done or not done as a whole."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from msk_client.actions.consuming.place import place
from msk_client.actions.consuming.ranges import Log, resolve
from msk_client.actions.replaying import letters
from msk_client.actions.replaying.letters import Letters
from msk_client.actions.replaying.received import Received
from msk_client.actions.sourcing.request import allow_bucket
from msk_client.errors import InvalidRequest, UnknownObject, UnknownTopic
from msk_client.ports import Position
from msk_client.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from msk_client.actions.call import Call
    from msk_client.actions.replay import TopicSource
    from msk_client.deadline import Deadline
    from msk_client.errors import MskClientError
    from msk_client.s3.keys import Place
    from msk_client.s3.ports import Storage
    from msk_client.sqs.ports import Queues

PAGE = 4_096
PAGE_BYTES = 8 * 1024 * 1024
MAX_OBJECT_BYTES = 64 * 1024 * 1024
"""A failed batch has at most 6 MB, and its letters not much more."""


def _nothing() -> None:
    """There is nothing to be done with what is done."""


@dataclass
class Unit:
    """An object, a message, or a record of a dead-letter topic."""

    name: str
    letters: Letters
    problem: MskClientError | None = None
    """Why it can't be read."""
    done: Callable[[], None] = _nothing
    """Call it when all that is wanted of it is in the log."""
    in_order: bool = True
    """Whether where to go on depends on it; a queue's messages are done each by itself."""
    failed: bool = False
    left_out: bool = False
    """Whether some of its records were not wanted."""

    @property
    def sent(self) -> bool:
        """Whether all that it holds is in the log, once what is pending is sent."""
        return not (self.failed or self.left_out)


@dataclass
class Source:
    """Yields units, and knows where another call would go on."""

    units: Iterator[Unit]
    next: dict[str, object] = field(default_factory=dict)
    """What `resume` takes; empty where another call begins in the same way."""
    exhausted: bool = False
    """Whether all units were yielded."""
    settle: Callable[[], None] = _nothing
    """Make what is done last."""
    release: Callable[[], None] = _nothing
    """Give back what wasn't done."""


def _unit(name: str, read: Callable[[], str | bytes], done: Callable[[], None]) -> Unit:
    try:
        return Unit(name, letters.read(read(), name), done=done)
    except (InvalidRequest, UnknownObject) as problem:
        return Unit(name, Letters(), problem, done)


# S3


def of_s3(storage: Storage, at: Place, after: str, call: Call, until: Deadline) -> Source:
    """Read one object, or, where the key is a prefix that ends with a slash, all below it."""
    allow_bucket(at.bucket, call)
    source = Source(iter(()))
    source.units = _objects(storage, at, after, source, until)
    return source


def _objects(
    storage: Storage, at: Place, after: str, source: Source, until: Deadline
) -> Iterator[Unit]:
    from msk_client.s3.keys import Place  # noqa: PLC0415 - not needed without S3

    if at.key and not at.key.endswith("/"):
        yield _unit(str(at), partial(_whole, storage, at, until), partial(_end, source))
        source.exhausted = True
        return
    keys = storage.keys(at, after, until)
    if not keys and not after:
        raise UnknownObject(f"There is no object below {at}: check the prefix.")
    while keys:
        for key in keys:
            name = Place(at.bucket, key)
            content = partial(_content, storage, name, until)
            yield _unit(str(name), content, partial(_pass, source, key))
        keys = storage.keys(at, keys[-1], until)
    source.exhausted = True


def _whole(storage: Storage, at: Place, until: Deadline) -> bytes:
    try:
        return _content(storage, at, until)
    except UnknownObject as problem:
        raise UnknownObject(
            f'{problem} All objects below it are meant by a slash at the end: "{at}/".'
        ) from problem


def _end(source: Source) -> None:
    source.exhausted = True


def _pass(source: Source, key: str) -> None:
    source.next["after"] = key


def _content(storage: Storage, at: Place, until: Deadline) -> bytes:
    def read() -> bytes:
        opened = storage.open(at, until)
        if opened.head.size_bytes > MAX_OBJECT_BYTES:
            raise InvalidRequest(
                f"{at} has {opened.head.size_bytes} bytes, more than a failed batch or its dead"
                " letters can have: it is something else."
            )
        with opened.body as body:
            return body.read()

    return storage.reading(read, at, until)


# SQS


def of_queue(queues: Queues, url: str, until: Deadline, limit: Deadline) -> Source:
    """Read a queue until nothing new comes; messages that are done are deleted."""
    received = Received(queues, url, limit)
    source = Source(iter(()), settle=received.delete_done, release=received.release)
    source.units = _messages(received, source, until)
    return source


def _messages(received: Received, source: Source, until: Deadline) -> Iterator[Unit]:
    while new := received.receive(until):
        for message in new:
            name = f"message {message.id} of {received.url}"
            done = partial(received.done, message.id)
            yield replace(_unit(name, partial(str, message.body), done), in_order=False)
    source.exhausted = new is None


# A dead-letter topic


def of_topic(
    wanted: TopicSource, resume: dict[int, int] | None, call: Call, until: Deadline
) -> Source:
    """Read a range of a topic; its records are on-failure records of Lambda, or sent themselves."""
    call.allow_topic(wanted.topic)
    found = call.kafka.topic(wanted.topic, until)
    if found is None:
        raise UnknownTopic(f"Topic {wanted.topic!r} doesn't exist on {call.settings.endpoint}.")
    log = Log(call.kafka, wanted.topic, range(found.num_partitions), True, until)  # noqa: FBT003 - read committed
    start = place(wanted.from_, "source.from", ("beginning", "end"))
    ranges = resolve(log, start, place(wanted.until, "source.until", ("end",)), {})
    spans = {p: (max(r.start, (resume or {}).get(p, 0)), r.end) for p, r in sorted(ranges.items())}
    source = Source(iter(()), {"offsets": {str(p): start for p, (start, _) in spans.items()}})
    source.units = _records(log, spans, source)
    return source


def _records(log: Log, spans: dict[int, tuple[int, int]], source: Source) -> Iterator[Unit]:
    offsets: dict[str, int] = source.next["offsets"]  # type: ignore[assignment] # as it was made
    while left := {p: span for p, span in spans.items() if span[0] < span[1]}:
        page = _page(log, left, spans)
        if not page and log.deadline.passed:
            return
        for record in page:
            yield _record(record, offsets)
    source.exhausted = True


def _page(
    log: Log, left: dict[int, tuple[int, int]], spans: dict[int, tuple[int, int]]
) -> list[Record]:
    """Read some records and stop: while they are sent, others may be read by the same client."""
    page: list[Record] = []
    size = 0
    with closing(log.kafka.read(log.topic, left, log.deadline, read_committed=True)) as events:
        for event in events:
            if isinstance(event, Record):
                page.append(event)
                size += len(event.key or b"") + len(event.value or b"")
                spans[event.partition] = (event.offset + 1, left[event.partition][1])
            elif isinstance(event, Position):
                spans[event.partition] = (event.offset, left[event.partition][1])
            if len(page) >= PAGE or size >= PAGE_BYTES:
                break
    return page


def _record(record: Record, offsets: dict[str, int]) -> Unit:
    def done() -> None:
        offsets[str(record.partition)] = record.offset + 1

    name = f"offset {record.offset} of partition {record.partition} of topic {record.topic!r}"
    if letters.looks_like_one(record.value):
        return _unit(name, lambda: record.value or b"", done)
    return Unit(name, Letters([record]), done=done)
