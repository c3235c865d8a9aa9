"""Which of the records that are found are to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from msk_client.actions.consuming.place import PlaceInput, place
from msk_client.actions.request import Offset, Partition, TopicName
from msk_client.errors import InvalidRequest

if TYPE_CHECKING:
    from msk_client.records import Record


class Only(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Limits to where a record stood at first, and to its time; the ends are exclusive."""

    topics: list[TopicName] | None = None
    partitions: list[Partition] | None = None
    from_offset: Offset | None = None
    until_offset: Offset | None = None
    from_time: int | str | None = None
    until_time: int | str | None = None


class Filter:
    """`Only`, with its times read; raises `InvalidRequest`."""

    def __init__(self, only: Only) -> None:
        self._only = only
        self._from_ms = _time_ms(only.from_time, "only.from_time")
        self._until_ms = _time_ms(only.until_time, "only.until_time")
        _check_order(only.from_offset, only.until_offset, "offset")
        _check_order(self._from_ms, self._until_ms, "time")

    def takes(self, record: Record) -> bool:
        """Tell whether a record is wanted; one without a time lies in no limits of time."""
        only = self._only
        return (
            (only.topics is None or record.topic in only.topics)
            and (only.partitions is None or record.partition in only.partitions)
            and _within(record.offset, only.from_offset, only.until_offset)
            and _within(record.timestamp_ms, self._from_ms, self._until_ms)
        )


def _check_order(first: int | None, end: int | None, what: str) -> None:
    """Refuse limits between which nothing is."""
    if first is not None and end is not None and first >= end:
        raise InvalidRequest(
            f"Fields 'only.from_{what}' and 'only.until_{what}' take nothing: until is exclusive,"
            f" and {end} isn't above {first}."
        )


def _within(number: int | None, first: int | None, end: int | None) -> bool:
    if number is None:
        return first is None and end is None
    return (first is None or number >= first) and (end is None or number < end)


def _time_ms(given: int | str | None, field: str) -> int | None:
    """Read milliseconds, ISO 8601 or `-90m`."""
    if given is None:
        return None
    if isinstance(given, str) and given.startswith("-"):
        return place(given, field, ()).timestamp_ms
    try:
        return place(PlaceInput(timestamp=given), field, ()).timestamp_ms
    except InvalidRequest as problem:
        raise InvalidRequest(str(problem).replace(".timestamp'", "'")) from None
