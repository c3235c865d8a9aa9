"""The content of an object: cut anywhere, it is what would have been written there."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.errors import UnfitRecord
from msk_client.records import Record
from msk_client.s3 import content, formats
from msk_client.s3.content import Content, Growing
from msk_client.s3.packing import unpacked

if TYPE_CHECKING:
    from concurrent.futures import Executor

DAY_MS = 86_400_000
OFFSETS = st.lists(st.integers(0, 60), unique=True, min_size=1, max_size=20).map(sorted)
FORMS = st.sampled_from(["ndjson.gz", "csv.zst", "raw", "bin.gz"]).map(formats.parse)


def record(offset: int) -> Record:
    """Make a record that tells its offset; every third day has ten of them."""
    day = offset // 10 * 3
    value = b"v%d" % offset
    return Record("t", 0, offset, day * DAY_MS, "create", b"k", value, [])


def grown(
    form: formats.Format, offsets: list[int], start: int, pool: Executor | None = None
) -> Growing:
    """Let a range grow."""
    growing = Growing(form, start, pool)
    for offset in offsets:
        growing.add(record(offset))
    return growing


def text(one: Content) -> bytes:
    """Unpack a content."""
    return unpacked(one.body.open(), one.form.compression).read()


@given(OFFSETS, FORMS)
def test_a_content_is_header_and_lines(offsets: list[int], form: formats.Format) -> None:
    """Unpacked it is the header and the records' lines, whose digest it carries."""
    one = grown(form, offsets, 0).seal()
    lines = bytearray(form.header)
    for offset in offsets:
        form.writer()(record(offset), lines)
    assert text(one) == lines
    assert one.sha256 == hashlib.sha256(lines).hexdigest()
    assert (one.count, one.last, one.next) == (len(offsets), offsets[-1], offsets[-1] + 1)
    assert one.ends[-1] == len(lines)


@given(OFFSETS, FORMS, st.integers(0, 61))
def test_a_part_is_what_would_have_been_written(
    offsets: list[int], form: formats.Format, cut: int
) -> None:
    """Cut at an offset, both parts have content, digest and day as if written alone."""
    one = grown(form, offsets, 0).seal()
    before, after = [o for o in offsets if o < cut], [o for o in offsets if o >= cut]
    first = grown(form, before, 0).seal()
    assert b"".join(one.part_before(cut)) == text(first)
    assert one.sha256_before(cut) == first.sha256
    assert one.count_before(cut) == len(before)
    rest, alone = one.since(cut), grown(form, after, cut).seal()
    assert (text(rest), rest.sha256, rest.start) == (text(alone), alone.sha256, cut)
    assert (list(rest.offsets), list(rest.ends)) == (list(alone.offsets), list(alone.ends))
    assert rest.next == max(cut, one.next)
    start = one.until(cut)
    assert (text(start), start.sha256, start.start) == (text(first), first.sha256, 0)
    assert (list(start.offsets), list(start.ends)) == (list(first.offsets), list(first.ends))
    assert start.next == min(cut, one.next)
    if before:
        assert start.days == first.days
    if after:
        assert rest.days == alone.days
        assert bytes(rest.since(cut).body) == bytes(rest.body)


def test_a_range_reaches_beyond_its_last_record() -> None:
    """Where there is nothing between the last record and a position, the range reaches there."""
    growing = grown(formats.Format(), [3, 5], 2)
    growing.reach(9)
    growing.reach(4)
    one = growing.seal()
    assert (one.start, one.last, one.next) == (2, 5, 9)


def test_an_unfit_record_is_not_taken() -> None:
    """A record that fits no format leaves the range as it was."""
    growing = grown(formats.parse("raw"), [1], 0)
    with pytest.raises(UnfitRecord):
        growing.add(Record("t", 0, 2, 0, "create", None, b"a\nb", []))
    growing.add(record(3))
    one = growing.seal()
    assert (list(one.offsets), text(one)) == ([1, 3], b"v1\nv3\n")


@given(OFFSETS, st.sets(st.integers(0, 60)), st.integers(0, 61))
def test_what_is_passed_over_is_cut_too(offsets: list[int], poison: set[int], cut: int) -> None:
    """Cut at an offset, both parts know what they leave out, and the first day of all."""

    def mixed(of: list[int], start: int) -> Content:
        growing = Growing(formats.parse("raw"), start)
        for offset in of:
            (growing.pass_over if offset in poison else growing.add)(record(offset))
        return growing.seal()

    one = mixed(offsets, 0)
    before, after = [o for o in offsets if o < cut], [o for o in offsets if o >= cut]
    for part, expected, of in (
        (one.until(cut), mixed(before, 0), before),
        (one.since(cut), mixed(after, cut), after),
    ):
        assert part.passed == expected.passed == [(o, o // 10 * 3) for o in of if o in poison]
        assert (text(part), part.empty) == (text(expected), not of)
        if of:
            assert part.day == expected.day == of[0] // 10 * 3
            assert part.last == expected.last
    assert one.next == offsets[-1] + 1


def test_compressing_in_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With threads beside the reading, content and order are the same."""
    monkeypatch.setattr(content, "CHUNK_BYTES", 100)
    offsets = list(range(2_000))
    with ThreadPoolExecutor(2) as pool:
        beside = grown(formats.Format(), offsets, 0, pool).seal()
    alone = grown(formats.Format(), offsets, 0).seal()
    assert bytes(beside.body) == bytes(alone.body)
    assert (beside.sha256, beside.ends) == (alone.sha256, alone.ends)


def test_a_trouble_while_compressing_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong in a thread comes up where the range is sealed."""
    with ThreadPoolExecutor(1) as pool:
        growing = grown(formats.Format(), [1], 0, pool)
        monkeypatch.setattr(growing._packed, "feed", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            growing.seal()


def test_what_is_held_is_counted() -> None:
    """The memory grows with the records and with what they hold."""
    few, many = grown(formats.Format(), [1], 0), grown(formats.Format(), list(range(1_000)), 0)
    assert few.memory_bytes < many.memory_bytes
    assert len(many) == 1_000
    assert many.size > many.memory_bytes / 2
    sealed = many.seal()
    assert sealed.memory_bytes >= len(sealed.body) + 1_000 * content.INDEX_BYTES
