"""A stream's window: which records are settled, whatever order they are reported in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka import KafkaError  # noqa: TID251 - what librdkafka reports
from hypothesis import given
from hypothesis import strategies as st

from msk_client.kafka import window
from msk_client.kafka.window import MAX_BYTES, PLACES, Window
from msk_client.records import Outgoing

if TYPE_CHECKING:
    from msk_client.kafka.window import Report

TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)


def taken(records: Window, count: int, size: int = 1) -> list[Report]:
    """Take a batch of values; answers the records' callbacks."""
    return list(records.take([b"x" * size] * count, count * size))


@given(st.data())
def test_the_base_is_the_first_unsettled(data: st.DataObject) -> None:
    """Reported in any order, the window begins at the first record that isn't settled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "PLACES", 8)
        records = Window()
        waiting: dict[int, Report] = {}
        failed: set[int] = set()
        for _ in range(data.draw(st.integers(1, 12))):
            count = data.draw(st.integers(1, 4))
            if records.has_room(count):
                waiting |= enumerate(taken(records, count), records.end - count)
            for number in data.draw(st.sets(st.sampled_from(sorted(waiting) or [0]))):
                if number in waiting:
                    error = data.draw(st.sampled_from([None, TOO_LARGE]))
                    waiting.pop(number)(error, None)
                    failed |= {number} if error else set()
            for number in data.draw(st.sets(st.sampled_from(sorted(failed) or [0]))) & failed:
                records.settle(number)
                failed.discard(number)
            records.advance()
            assert min({records.end} | waiting.keys() | failed) == records.base
            assert (failed, len(waiting)) == ({*records.failed}, records.unheard)
            assert 8 >= records.end - records.base


def test_a_full_window_has_no_room() -> None:
    """No more records than there are places, until the first is settled."""
    records = Window()
    reports = taken(records, PLACES)
    assert not records.has_room(1)
    for report in reports[1:]:
        report(None, None)
    records.advance()
    assert not records.has_room(1)
    reports[0](None, None)
    records.advance()
    assert records.has_room(PLACES)


def test_bytes_bound_the_window() -> None:
    """Nothing is taken while too many bytes are on their way, but one batch of any size is."""
    records = Window()
    assert records.has_room(1)
    (large,) = taken(records, 1, 2 * MAX_BYTES)
    assert not records.has_room(1)
    large(None, None)
    records.advance()
    assert (0, True) == (records.bytes_on_their_way, records.has_room(1))


def test_a_failed_record_can_be_sent_again() -> None:
    """A record that came back is found by its number, a bare value as a record."""
    records = Window()
    whole = Outgoing(b"k", b"v", [("h", None)])
    first, second = records.take([b"a", b"b"], 2)
    (third,) = records.take([whole], 2)
    first(None, None)
    second(TOO_LARGE, None)
    third(TOO_LARGE, None)
    records.advance()
    assert [1, 2] == sorted(records.failed)
    assert [Outgoing(None, b"b", []), whole] == [records.record(n) for n in sorted(records.failed)]
