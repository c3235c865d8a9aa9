"""The room of a page: exact, whatever is noted and whatever is counted at once."""

from __future__ import annotations

import json
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from msk_client.actions.consuming.room import Room, most_bytes
from msk_client.answer import SEPARATOR_BYTES, size_bytes
from msk_client.records import Format, Record, to_json

BYTES = st.none() | st.binary(max_size=60) | st.text(max_size=30).map(str.encode)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
JSON = st.recursive(NUMBERS | st.text(max_size=5) | st.none(), lambda x: st.lists(x, max_size=5))
VALUES = BYTES | JSON.map(lambda value: json.dumps(value).encode()) | st.just(b"[1e15,1e15]")
HEADERS = st.lists(st.tuples(st.text(max_size=9), BYTES), max_size=3)
RECORDS = st.builds(
    Record,
    topic=st.just("t" * 249),
    partition=st.integers(0, 2**31 - 1),
    offset=st.integers(0, 2**63 - 1),
    timestamp_ms=st.none() | st.integers(0, 2**63 - 1),
    timestamp_type=st.sampled_from([None, "create", "log_append"]),
    key=BYTES,
    value=VALUES,
    headers=HEADERS,
)
FORMATS = st.sampled_from(get_args(Format))


@given(RECORDS, FORMATS)
def test_no_record_takes_more_than_the_most(record: Record, form: Format) -> None:
    """The quick bound of a record's size is never below its size."""
    assert size_bytes(to_json(record, form)) + SEPARATOR_BYTES <= most_bytes(record)


@given(st.lists(RECORDS, max_size=30), st.integers(0, 20_000), FORMATS)
def test_what_fits_is_taken_and_what_does_not_is_not(
    records: list[Record], room_bytes: int, form: Format
) -> None:
    """The room takes exactly the records that counting one by one would take."""
    room, left = Room(room_bytes), room_bytes
    for record in records:
        answer = to_json(record, form)
        needed = size_bytes(answer) + SEPARATOR_BYTES
        fits = needed <= left
        assert room.take(answer, record) is fits
        left -= needed if fits else 0
    assert room.left == left
