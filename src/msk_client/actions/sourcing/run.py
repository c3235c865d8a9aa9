"""Sends the records of an object in S3, for as long as there is time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from msk_client.actions.call import Answer
from msk_client.actions.create_topic import made_if_missing
from msk_client.actions.results import failures_listed
from msk_client.actions.sourcing import partitions
from msk_client.actions.sourcing.advice import way_on
from msk_client.actions.sourcing.contents import parts_of
from msk_client.actions.sourcing.parts import Bad, Batch, skipped
from msk_client.actions.sourcing.request import Resume, place
from msk_client.actions.sourcing.sent import Sent
from msk_client.errors import DeadlineExceeded, MskClientError, ObjectConflict
from msk_client.records import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msk_client.actions.call import Call
    from msk_client.actions.produce import Produce
    from msk_client.actions.sourcing.parts import Part
    from msk_client.deadline import Deadline
    from msk_client.ports import Bulk, Outcome, Stream, Streamed
    from msk_client.s3.keys import Place
    from msk_client.s3.source import Content

MULTI_STATUS = 207
STAMP_HEADER = "x-source-record"
MAX_FAILURES = 10_000
"""Kept of one call; behind them it stops, and says where to go on."""

S3_RESERVE_S = 1.0
"""Reading ends this much before sending."""


def produce_from_source(request: Produce, call: Call) -> Answer:
    """Send an object's records; the answer has `position` where some are left for another call."""
    at = place(request, call)
    until = _reading_until(call.deadline)
    with _opened(at, request.resume, until) as content:
        made, stream = made_if_missing(
            request, call, lambda: call.kafka.stream(request.topic, call.deadline)
        )
        return _Transfer(request, call, at, content, stream).run(until, topic_created=made)


def _opened(at: Place, resume: Resume | UnsetType, until: Deadline) -> Content:
    """Open the object; where it isn't the one that was begun, say what can be done."""
    from msk_client.s3.source import Content, Version  # noqa: PLC0415 - dear at cold start
    from msk_client.s3.store import store  # noqa: PLC0415 - same

    if isinstance(resume, UnsetType):
        return Content(store(), at, Version(), until)
    try:
        return Content(store(), at, Version(resume.etag, resume.version_id), until)
    except ObjectConflict as problem:
        on = way_on(problem, resume, of_record=False, is_begun=False)
        raise ObjectConflict(f"{problem}{on}") from problem


def _reading_until(deadline: Deadline) -> Deadline:
    return deadline.earlier(min(S3_RESERVE_S, deadline.left_s / 4))


class _Transfer:
    """One object on its way into one topic."""

    def __init__(
        self, request: Produce, call: Call, at: Place, content: Content, stream: Stream
    ) -> None:
        self.request = request
        self.call = call
        self.at = at
        self.content = content
        self.stream = stream
        self.first = 0 if request.resume is UNSET else request.resume.record
        self.sent = Sent(self.first)
        self.complete = False
        self.problem: MskClientError | None = None
        self.bad: MskClientError | None = None
        """Why one record can't be read, where those behind it can."""

    def run(self, until: Deadline, *, topic_created: bool) -> Answer:
        """Send, and say what became of it."""
        kind, parts = parts_of(self.request, self.at, self.content)
        try:
            self.complete = self._send(self._placed(skipped(parts, self.first)))
        except MskClientError as problem:
            self.problem = None if until.passed else problem
        done = self.stream.finish()
        failures = self.sent.failures(done)
        self._count(done, failures)
        self._raise_failure(done, failures)
        body: dict[str, Any] = {
            "topic": self.request.topic,
            "topic_created": topic_created,
            "num_partitions": self.stream.num_partitions,
            "source": str(self.at),
            "source_format": kind,
            "produced": self._produced(done, failures),
            "failed": len(failures),
            "complete": self._is_complete(done),
        }
        if not body["complete"]:
            body["position"] = self._position(self.sent.settled(done)).as_json()
        if self.request.results != "none":
            body |= failures_listed(failures, self.call.max_answer_bytes)
        return Answer(body, MULTI_STATUS if failures else 200)

    def _placed(self, parts: Iterator[Part]) -> Iterator[Part]:
        """Let the records, or their keys, say into which partitions they go."""
        if self.request.keep_partitions is False:
            return partitions.by_key(parts)
        return partitions.kept(parts, self.request.topic, self.stream.num_partitions)

    def _send(self, parts: Iterator[Part]) -> bool:
        """Put everything into the stream; False where it stopped before the end."""
        for part in parts:
            if isinstance(part, Bad):
                if self.raising or part.final:
                    self.problem = part.error
                    self.bad = None if part.final else part.error
                    return False
                self.sent.leave_out(part)
            elif self.stream.put(self._stamped(part)):
                self.sent.take(part)
            else:
                return False
            if self.stream.refused and self.raising:
                return False
            if self.stream.refused + len(self.sent.bad) >= MAX_FAILURES:
                return False
        return True

    @property
    def raising(self) -> bool:
        """Whether the first failure ends it."""
        return self.request.on_failure == "raise"

    def _stamped(self, part: Batch) -> Bulk:
        """Add what tells repeats: the object's ETag and the record's number in it."""
        if not self.request.stamp:
            return part.records
        etag = self.content.head.etag.strip('"')
        records = [r if isinstance(r, Outgoing) else Outgoing(None, r, []) for r in part.records]
        for number, record in enumerate(records, part.first):
            record.headers.append((STAMP_HEADER, f"{etag}:{number}".encode()))
        return records

    def _raise_failure(self, done: Streamed, failures: dict[int, Outcome]) -> None:
        """Raise what ended it, unless that is the time and something is settled."""
        settled = self.sent.settled(done)
        if self.raising and failures:
            number, outcome = next(iter(failures.items()))
            problem = outcome.error
            assert problem is not None  # noqa: S101 - of every outcome that is no delivery
            what = f"Record {number} of {self.at} was refused"
            raise self._told(problem, what, number, of_record=True)
        stopped = self._stopped_by(done, settled)
        progress = settled > self.first
        if stopped is not None and not (isinstance(stopped, DeadlineExceeded) and progress):
            what = f"Sending {self.at} ended at record {settled}"
            raise self._told(stopped, what, settled, of_record=stopped is self.bad)
        if not progress and not self._is_complete(done):
            raise DeadlineExceeded(
                f"The time ran out before a record of {self.at} was acknowledged: give the"
                " function a longer timeout."
            )

    def _stopped_by(self, done: Streamed, settled: int) -> MskClientError | None:
        """A bad record ended it only where all before it are settled: else it isn't the next."""
        if self.problem is self.bad and settled < self.sent.next:
            return done.cause
        return self.problem or done.cause

    def _told(
        self, problem: MskClientError, what: str, number: int, *, of_record: bool
    ) -> MskClientError:
        """Say where it ended, why, and how to go on."""
        position, is_begun = self._position(number), number > self.first
        on = way_on(problem, position, of_record=of_record, is_begun=is_begun)
        return type(problem)(f"{what}: {problem}{on}")

    def _position(self, number: int) -> Resume:
        return Resume(number, self.content.head.etag, self.content.head.version_id)

    def _is_complete(self, done: Streamed) -> bool:
        return self.complete and self.sent.settled(done) == self.sent.next

    def _produced(self, done: Streamed, failures: dict[int, Outcome]) -> int:
        return self.sent.settled(done) - self.first - len(failures)

    def _count(self, done: Streamed, failures: dict[int, Outcome]) -> None:
        self.call.counts |= {
            "RecordsProduced": self._produced(done, failures),
            "RecordsFailed": len(failures),
            "BytesProduced": done.bytes,
        }
