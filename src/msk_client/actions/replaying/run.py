"""Sends the records that are found, some at a time, and notes what became of them."""

from __future__ import annotations

from contextlib import closing, suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from msk_client.actions.call import Answer
from msk_client.actions.replay import TopicSource
from msk_client.actions.replaying import again, origins
from msk_client.actions.replaying.advice import LATE, out_of_time, way_on
from msk_client.actions.results import failures_listed
from msk_client.deadline import Deadline
from msk_client.errors import InvalidRequest, MskClientError, UnknownTopic
from msk_client.ports import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from msk_client.actions.call import Call
    from msk_client.actions.replay import Replay
    from msk_client.actions.replaying.only import Filter
    from msk_client.actions.replaying.units import Source, Unit
    from msk_client.ports import Status
    from msk_client.records import Record

MULTI_STATUS = 207
BATCH = 4_096
BATCH_BYTES = 8 * 1024 * 1024
RESERVE_S = 3.0
"""Reading ends this much (or a third of the time) before the call: what was read is still sent."""

KEPT_S = 2.0
"""Records wait at most so long for others: a queue's messages come again after a time."""

MAX_FAILURES = 10_000


def reading_until(deadline: Deadline) -> Deadline:
    """Tell until when units are read."""
    return deadline.earlier(min(RESERVE_S, deadline.left_s / 3))


class Run:
    """One replay."""

    def __init__(
        self, request: Replay, call: Call, wanted: Filter, source: Source, until: Deadline
    ) -> None:
        self.request = request
        self.call = call
        self.wanted = wanted
        self.source = source
        self.until = until
        self.found = self.left_out = self.replayed = 0
        self.needs_confirm = request.topic is UNSET
        self._began = deepcopy(source.next)
        self._late: MskClientError | None = None
        self.failures: dict[int, Outcome] = {}
        self.partitions: origins.Summary = {}
        self.gone: list[dict[str, Any]] = []
        self._pending: list[tuple[int, Unit, Record]] = []
        self._bytes = 0
        self._send_by = Deadline.after(KEPT_S)
        self._read: list[Unit] = []
        """Units that are read to their end; done when what is pending is sent."""
        self._units = 0
        """How many of them there were."""

    def answer(self) -> Answer:
        """Carry it out."""
        try:
            self._run()
        finally:
            with suppress(MskClientError):  # they come again by themselves, only later
                self.source.release()
            self.call.counts["RecordsProduced"] = self.replayed
            self.call.counts["RecordsFailed"] = len(self.failures)
        if self.failures and self.request.on_failure == "raise":
            raise self._told(next(iter(self.failures.values())).error, of_record=True)
        complete = self.source.exhausted
        if not complete and not self._units:
            raise out_of_time(self._late, self.replayed)
        return Answer(self._body(complete=complete), MULTI_STATUS if self.failures else 200)

    def _body(self, *, complete: bool) -> dict[str, Any]:
        request, source = self.request, self.request.source
        body: dict[str, Any] = {
            "source": source.topic if isinstance(source, TopicSource) else source,
            "topic": None if request.topic is UNSET else request.topic,
            "dry_run": request.dry_run,
            "found": self.found,
            "left_out": self.left_out,
            "replayed": self.replayed,
            "failed": len(self.failures),
            "complete": complete,
            "partitions": list(self.partitions.values()),
        }
        if request.dry_run:
            body["needs_confirm"] = self.needs_confirm
        if self.gone:
            body["gone"] = self.gone
        if self.source.next and not request.dry_run and not complete:
            body["next"] = self.source.next
        return body | failures_listed(self.failures, self.call.max_answer_bytes)

    def _run(self) -> None:
        self._check_target()
        ended_by: MskClientError | None = None
        try:
            for unit in self.source.units:
                self._take_unit(unit)
                if self._stopped:
                    break
        except MskClientError as problem:
            ended_by = problem
        self._send()
        if ended_by is not None and self._is_late(ended_by):
            self._late = ended_by
        elif ended_by is not None:
            raise self._told(ended_by, of_record=False) from ended_by

    def _is_late(self, problem: MskClientError) -> bool:
        """Tell whether reading ended because its time did, which is no failure."""
        return self.until.passed and isinstance(problem, LATE)

    @property
    def _stopped(self) -> bool:
        """Whether no further unit is read."""
        raising = self.request.on_failure == "raise"
        return (
            self.until.passed
            or (bool(self.failures) and raising)
            or len(self.failures) >= MAX_FAILURES
        )

    def _check_target(self) -> None:
        """Say before anything else that a topic isn't there; none is made."""
        topic = self.request.topic
        if topic is not UNSET and self.call.kafka.topic(topic, self.call.deadline) is None:
            raise UnknownTopic(f"Topic {topic!r}, which is to take the records, doesn't exist.")

    def _take_unit(self, unit: Unit) -> None:
        if unit.problem is not None:
            self._fail(self._number(), unit, unit.problem)
        with closing(again.records_of(unit.letters, self.call, self.until, self.gone)) as records:
            self._take_all(unit, records)
        self._read.append(unit)
        self._units += 1
        is_much = len(self._pending) >= BATCH or self._bytes >= BATCH_BYTES
        if is_much or self._send_by.passed:
            self._send()

    def _take_all(self, unit: Unit, records: Iterator[Record]) -> None:
        """Take a unit's records, as far as they can be read."""
        while True:
            try:
                record = next(records, None)
            except MskClientError as problem:
                if self._is_late(problem):
                    raise
                self._fail(self._number(), unit, problem)
                return
            if record is None:
                return
            self._take(unit, record)

    def _number(self) -> int:
        self.found += 1
        return self.found - 1

    def _take(self, unit: Unit, record: Record) -> None:
        number = self._number()
        if not self.wanted.takes(record):
            self.left_out += 1
            unit.left_out = True
            return
        if record.error is not None:
            self._fail(number, unit, InvalidRequest(f"{origins.place(record)}: {record.error}."))
            return
        if not self.request.dry_run:
            origins.refuse_source(record, self.request)
        origins.sum_up(self.partitions, record)
        if self.request.dry_run:
            self.needs_confirm |= origins.goes_back(record, self.request)
            return
        self._pending.append((number, unit, record))
        self._bytes += len(record.key or b"") + len(record.value or b"")
        if len(self._pending) >= 2 * BATCH or self._bytes >= 2 * BATCH_BYTES:
            self._send()

    def _send(self) -> None:
        """Send what is pending, and be done with the units that are wholly in the log."""
        by_topic: dict[str, list[tuple[int, Unit, Record]]] = {}
        for entry in self._pending:
            topic = entry[2].topic if self.request.topic is UNSET else self.request.topic
            by_topic.setdefault(topic, []).append(entry)
        self._pending, self._bytes, self._send_by = [], 0, Deadline.after(KEPT_S)
        for topic, entries in by_topic.items():
            self._send_to(topic, entries)
        units, self._read = self._read, []
        if not self.request.dry_run:
            self._settle(units)

    def _settle(self, units: list[Unit]) -> None:
        """Be done with units; in order only up to what failed, of a queue with what was sent."""
        for unit in units:
            if unit.failed and self.request.on_failure == "raise" and unit.in_order:
                break
            if unit.sent or unit.in_order:
                unit.done()
        try:
            self.source.settle()
        except MskClientError as problem:
            raise type(problem)(
                f"{self.replayed} records were replayed, but not all of their messages deleted:"
                f" what is left comes again. {problem}"
            ) from problem

    def _send_to(self, topic: str, entries: list[tuple[int, Unit, Record]]) -> None:
        self.call.allow_topic(topic)
        records = [origins.outgoing(record) for _, _, record in entries]
        try:
            outcomes = self.call.kafka.produce(topic, records, self.call.deadline).outcomes
        except MskClientError as problem:
            outcomes = [Outcome("not_delivered", error=problem)] * len(records)
        for (number, unit, record), outcome in zip(entries, outcomes, strict=True):
            if outcome.error is None:
                self.replayed += 1
            else:
                error = type(outcome.error)(f"{origins.place(record)}: {outcome.error}")
                self._fail(number, unit, error, outcome.status)

    def _fail(
        self, number: int, unit: Unit, error: MskClientError, status: Status = "rejected"
    ) -> None:
        unit.failed = True
        self.failures[number] = Outcome(status, error=error)

    def _told(self, problem: MskClientError | None, *, of_record: bool) -> MskClientError:
        """Say what failed, and how to go on."""
        assert problem is not None  # noqa: S101 - of every outcome that is no delivery
        begun = self.source.next != self._began
        on = way_on(problem, self.source.next, is_begun=begun, of_record=of_record)
        told = f"{self.replayed} records were replayed, then this failed: {problem}{on}"
        return type(problem)(told)
