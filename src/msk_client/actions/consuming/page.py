"""One answer's worth of records, and where the next page goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msk_client.actions.consuming.room import Room
from msk_client.answer import size_bytes
from msk_client.ports import Beginning, Position
from msk_client.records import Record, to_json

if TYPE_CHECKING:
    from msk_client.actions.consuming.ranges import Ranges
    from msk_client.ports import Event
    from msk_client.records import Format

Stopped = Literal["end", "max_records", "max_bytes", "deadline"]
LARGEST_OFFSET = 2**63 - 1
SMALLEST_ROOM_BYTES = 600
"""What a record takes of which everything is omitted that can be, with the longest topic name."""


class Page:
    """Takes the events of a read until it is full; a page always takes at least one record."""

    def __init__(
        self, ranges: Ranges, form: Format, max_records: int | None, room_bytes: int
    ) -> None:
        self.ranges = ranges
        self.records: list[dict[str, Any]] = []
        self.bytes = 0
        self.next = {p: r.start for p, r in ranges.items()}
        self.skipped = {p: (r.asked, r.start) for p, r in ranges.items() if r.asked < r.start}
        self.stopped: Stopped | None = None
        self._open = {p for p, r in ranges.items() if not r.empty}
        self._form = form
        self._max_records = max_records
        self._room = Room(room_bytes)

    def take(self, event: Event) -> bool:
        """Take an event; False where the page is full and a record was left for the next one."""
        if isinstance(event, Record):
            return self._take_record(event)
        if isinstance(event, Position):
            self.next[event.partition] = event.offset
            self._open.discard(event.partition)
        elif isinstance(event, Beginning):
            before = self.skipped.get(event.partition, (event.from_offset, 0))
            self.skipped[event.partition] = (before[0], event.to_offset)
            self.next[event.partition] = event.to_offset
        return True

    @property
    def complete(self) -> bool:
        """Whether every partition is read to its end."""
        return not self._open

    def _take_record(self, record: Record) -> bool:
        if len(self.records) == self._max_records:
            self.stopped = "max_records"
            return False
        answer = to_json(record, self._form)
        if not self._room.take(answer, record):
            if self.records:
                self.stopped = "max_bytes"
                return False
            self._drop_contents(record, answer)
        self.records.append(answer)
        self.bytes += len(record.key or b"") + len(record.value or b"")
        self.next[record.partition] = record.offset + 1
        return True

    def _drop_contents(self, record: Record, answer: dict[str, Any]) -> None:
        """A record that fits no page comes without its value, and if need be key and headers."""
        contents = {"value": record.value, "key": record.key, "headers": record.headers}
        for name, content in contents.items():
            if not content:  # nothing is gained, and a tombstone stays one
                continue
            for field in (name, f"{name}_base64"):
                answer.pop(field, None)
            answer[f"{name}_omitted"] = True
            if name == "value":
                answer.pop("error", None)  # of the value
                answer["value_size_bytes"] = len(content)
            if self._room.take(answer, record):
                break


def envelope(
    next_: dict[int, int], ranges: Ranges, skipped: dict[int, tuple[int, int]]
) -> dict[str, Any]:
    """The fields beside the records, with JSON's text keys."""
    fields: dict[str, Any] = {
        "next": {str(p): offset for p, offset in next_.items()},
        "end": {str(p): r.end for p, r in ranges.items()},
        "lag": {str(p): max(0, r.high - next_[p]) for p, r in ranges.items()},
    }
    if skipped:
        fields["skipped"] = {str(p): {"from": a, "to": b} for p, (a, b) in skipped.items()}
    return fields


def largest_envelope_bytes(ranges: Ranges) -> int:
    """What the fields beside the records take at most."""
    most = dict.fromkeys(ranges, LARGEST_OFFSET)
    skipped = dict.fromkeys(ranges, (LARGEST_OFFSET, LARGEST_OFFSET))
    return size_bytes(envelope(most, ranges, skipped)) + 20 * len(ranges) + ENVELOPE_BYTES


ENVELOPE_BYTES = 700
"""The rest: statusCode, topic (249 characters), count, stopped and the like."""
