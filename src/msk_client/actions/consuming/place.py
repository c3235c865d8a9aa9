"""`from` and `until`: what they may say, checked before anything is connected."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from msk_client.actions.request import Offset, Partition
from msk_client.errors import InvalidRequest

UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
RELATIVE = re.compile(r"-(\d{1,12})([smhd])")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
FIRST_MS = 10**11
"""Smaller numbers are seconds taken for milliseconds: 10^11 ms is March 1973."""


class PlaceInput(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One of: an offset of each partition, a time, the last n records of each partition."""

    offsets: dict[Partition, Offset] | UnsetType = UNSET
    timestamp: int | str | UnsetType = UNSET
    tail: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType = UNSET


class Place(msgspec.Struct, frozen=True):
    """Where a read starts or stops; `offsets`, `timestamp_ms`, `tail` go with their kinds."""

    kind: Literal["beginning", "end", "committed", "offsets", "timestamp", "tail"]
    offsets: dict[int, int] = {}
    timestamp_ms: int = 0
    tail: int = 0


def place(given: str | PlaceInput, field: str, words: tuple[str, ...]) -> Place:
    """Make a place of a request's field; `words` are those that it may be."""
    if isinstance(given, str):
        return _of_word(given, field, words)
    chosen = [
        name for name in ("offsets", "timestamp", "tail") if getattr(given, name) is not UNSET
    ]
    if len(chosen) != 1:
        raise InvalidRequest(
            f"Field {field!r} needs exactly one of offsets, timestamp, tail; it has"
            f" {', '.join(chosen) or 'none'}."
        )
    if given.offsets is not UNSET:
        return _of_offsets(given.offsets, field)
    if given.timestamp is not UNSET:
        return Place("timestamp", timestamp_ms=_time_ms(given.timestamp, f"{field}.timestamp"))
    if field == "until":
        raise InvalidRequest("Field 'until.tail' makes no sense: tail says where a read starts.")
    return Place("tail", tail=given.tail)  # type: ignore[arg-type] # the only one left


def _of_word(word: str, field: str, words: tuple[str, ...]) -> Place:
    if word in words:
        return Place(word)  # type: ignore[arg-type] # the words are kinds
    if (match := RELATIVE.fullmatch(word)) is not None:
        before_ms = int(match[1]) * UNITS_MS[match[2]]
        return Place("timestamp", timestamp_ms=max(0, int(time.time() * 1000) - before_ms))
    near = get_close_matches(word, words, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"give {', '.join(map(repr, words))}, a"
    rest = "" if near else " relative time such as '-90m' (s, m, h, d before now), or an object."
    raise InvalidRequest(f"Field {field!r} is {word[:80]!r}: {hint}{rest}")


def _of_offsets(offsets: dict[int, int], field: str) -> Place:
    if not offsets:
        raise InvalidRequest(f"Field '{field}.offsets' names no partition: nothing would be read.")
    return Place("offsets", offsets=dict(offsets))


def _time_ms(given: int | str, field: str) -> int:
    """Milliseconds, or ISO 8601; without a zone it is UTC."""
    if isinstance(given, int):
        if given < FIRST_MS:
            raise InvalidRequest(
                f"Field {field!r} is {given}, which looks like seconds: give milliseconds since"
                " 1970, or a time such as '2026-01-31T12:00:00Z'."
            )
        return min(given, 2**63 - 1)
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise InvalidRequest(
            f"Field {field!r} is {given[:80]!r}, which is not ISO 8601: give a time such as"
            " '2026-01-31T12:00:00Z', or milliseconds since 1970."
        ) from None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0, -((EPOCH - aware) // MILLISECOND))  # in whole numbers, rounded up
