"""Ranges as objects: written once, adopted by whoever comes second, never overwritten."""

from __future__ import annotations

import gzip
import io
import json
import re
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msk_client.deadline import Deadline
from msk_client.errors import NotAuthorized, ObjectConflict, UnfitRecord, UnknownObject
from msk_client.records import Record
from msk_client.s3 import formats
from msk_client.s3.adopting import contains
from msk_client.s3.keys import Pattern
from msk_client.s3.objects import Destination, Objects, Source, Stored
from tests.fake_s3 import FakeObject, FakeS3

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

KEY = "lake/orders/partition=2/{:020}.ndjson.gz"


def record(offset: int, value: bytes | None = None) -> Record:
    """Make a record that tells its offset."""
    content = b"v%d" % offset if value is None else value
    return Record("orders", 2, offset, 1_700_000_000_000, "create", b"k", content, [])


def write(
    s3: FakeS3,
    start: int,
    offsets: Iterable[int],
    next_: int,
    *,
    topic_id: str | None = "id-1",
    **options: Any,  # noqa: ANN401 - of Destination
) -> list[Stored]:
    """Write a range."""
    destination = Destination("my-bucket", "lake/", **options)
    objects = Objects(s3, destination, Source("orders", 2, topic_id))
    return objects.write(start, map(record, offsets), next_, Deadline.after(5))


def spans(stored: list[Stored]) -> list[tuple[int, int, bool]]:
    """Answer what ranges there are, and which were adopted."""
    return [(one.start, one.next, one.adopted) for one in stored]


def offsets_in(s3: FakeS3, key: str) -> list[int]:
    """Read the offsets in an object."""
    lines = gzip.decompress(s3.objects[key].body).splitlines()
    return [json.loads(line)["offset"] for line in lines]


def test_an_object_says_what_it_holds() -> None:
    """Name, metadata, content type and encoding tell range, origin and content."""
    s3 = FakeS3()
    (one,) = write(s3, 3, [5, 6, 9], 12)
    key = KEY.format(3)
    assert one == Stored(key, 2, 3, 12, 9, 3, len(s3.objects[key].body), adopted=False)
    assert offsets_in(s3, key) == [5, 6, 9]
    headers = dict(s3.objects[key].headers)
    metadata = headers.pop("Metadata")
    assert headers == {"ContentType": "application/x-ndjson", "ContentEncoding": "gzip"}
    assert re.fullmatch("[0-9a-f]{64}", metadata.pop("sha256"))
    assert metadata == {
        "topic": "orders", "topic-id": "id-1", "partition": "2", "start-offset": "3",
        "last-offset": "9", "next-offset": "12", "count": "3", "format": "ndjson.gz",
        "schema-version": "1",
    }  # fmt: skip


def test_a_kms_key_encrypts() -> None:
    """With a KMS key, S3 is told to encrypt with it."""
    s3 = FakeS3()
    (one,) = write(s3, 0, [0], 1, kms_key_id="alias/lake")
    headers = s3.objects[one.key].headers
    assert headers["ServerSideEncryption"] == "aws:kms"
    assert headers["SSEKMSKeyId"] == "alias/lake"


def test_no_records_no_object() -> None:
    """A range without records is no object."""
    s3 = FakeS3()
    assert write(s3, 3, [], 12) == []
    assert s3.calls == []


def test_a_range_is_cut_at_a_size() -> None:
    """An object ends after the record that reaches its size, and the next begins there."""
    s3 = FakeS3()
    stored = write(s3, 0, range(10), 12, object_bytes=400)
    assert [one.count for one in stored] == [4, 4, 2]
    assert spans(stored) == [(0, 4, False), (4, 8, False), (8, 12, False)]


def test_the_same_range_again_is_adopted() -> None:
    """What is there already and says the same is adopted, by its digest alone."""
    s3 = FakeS3()
    first = write(s3, 0, [1, 2], 3)
    again = write(s3, 0, [1, 2], 3)
    assert spans(again) == [(0, 3, True)]
    assert again[0].size_bytes == first[0].size_bytes
    assert not [call for call in s3.calls if call.startswith("open")]


def test_a_longer_range_goes_on_behind_an_adopted_one() -> None:
    """What an earlier object doesn't cover is written under its own start."""
    s3 = FakeS3()
    write(s3, 0, [1, 2], 3)
    assert spans(write(s3, 0, [1, 2, 4, 5], 7)) == [(0, 3, True), (3, 7, False)]
    assert offsets_in(s3, KEY.format(3)) == [4, 5]


def test_a_shorter_range_adopts_a_longer_object() -> None:
    """An object that reaches farther is adopted if its beginning says the same."""
    s3 = FakeS3()
    write(s3, 0, [1, 2, 4], 5)
    assert spans(write(s3, 0, [1, 2], 3)) == [(0, 5, True)]


def test_records_of_an_adopted_object_are_not_written_again() -> None:
    """Where an object reaches into what is still to be read, that part is left out."""
    s3 = FakeS3()
    write(s3, 0, range(5), 5)
    stored = write(s3, 0, range(8), 8, object_bytes=200)
    assert spans(stored) == [(0, 5, True), (5, 7, False), (7, 8, False)]
    assert offsets_in(s3, KEY.format(5)) == [5, 6]


def test_markers_behind_the_last_record_make_no_difference() -> None:
    """The same records with another end are the same object."""
    s3 = FakeS3()
    write(s3, 0, [1], 2)
    assert spans(write(s3, 0, [1], 9)) == [(0, 2, True)]


def test_what_the_topic_has_lost_since_may_be_in_the_object() -> None:
    """Records that compaction or retention took away meanwhile stand in the object all the same."""
    s3 = FakeS3()
    write(s3, 0, [1, 2, 3], 4)
    assert spans(write(s3, 0, [2], 4)) == [(0, 4, True)]
    assert spans(write(s3, 0, [3, 4], 5)) == [(0, 4, True), (4, 5, False)]


@given(stored=st.text("abc\n", max_size=60), chunk=st.integers(1, 9), data=st.data())
def test_lines_are_found_in_their_order(stored: str, chunk: int, data: st.DataObject) -> None:
    """What is stored contains every choice of its own lines, and no line that isn't there."""
    text = f"{stored}\n".encode()
    lines = text.splitlines(keepends=True)
    kept = b"".join(line for line in lines if data.draw(st.booleans()))

    def holds(own: bytes) -> bool:
        pieces = [own[at : at + chunk] for at in range(0, len(own), chunk)]
        return contains(cast("BinaryIO", Body(text)), pieces)

    assert holds(kept)
    assert not holds(kept + b"d\n")
    assert not holds(text + lines[0])


class Body:
    """What a response's body surely has: its `readline` reads by the byte, which is for ever."""

    def __init__(self, content: bytes) -> None:
        self.read = io.BytesIO(content).read


def test_a_record_that_the_object_lacks_is_a_conflict() -> None:
    """An object without a record that the topic has is a loss: it fails, and nothing is changed."""
    s3 = FakeS3()
    write(s3, 0, [1, 3], 4)
    before = dict(s3.objects)
    with pytest.raises(ObjectConflict, match="other content for offsets 0 to 3 of partition 2"):
        write(s3, 0, [1, 2, 3], 4)
    assert s3.objects == before


@pytest.mark.parametrize("name", ["ndjson.zst", "csv.gz", "raw", "bin"])
def test_other_content_is_a_conflict_in_every_format(name: str) -> None:
    """Another value for an offset fails, names the object, and leaves it alone."""
    s3 = FakeS3()
    form = formats.parse(name)
    objects = Objects(s3, Destination("my-bucket", form=form), Source("orders", 2))
    (one,) = objects.write(0, [record(0), record(1)], 2, Deadline.after(5))
    assert spans(objects.write(0, [record(0)], 1, Deadline.after(5))) == [(0, 2, True)]
    with pytest.raises(ObjectConflict, match=re.escape(f"s3://my-bucket/{one.key}")):
        objects.write(0, [record(0), record(1, b"other")], 2, Deadline.after(5))
    with pytest.raises(ObjectConflict):
        objects.write(0, [record(0, b"other")], 1, Deadline.after(5))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"topic-id": "id-2"}, "the topic was made anew"),
        ({"topic": "others"}, "topic 'others'"),
        ({"partition": "1"}, "one key of two partitions"),
        ({"start-offset": "1"}, "one key of two ranges"),
        ({"format": "csv"}, "keep the format"),
        ({"schema-version": "0"}, "schema-version '0'"),
        ({"next-offset": "0"}, "make no range"),
        ({"last-offset": "1"}, "make no range"),
        ({"next-offset": "many"}, "make no range"),
        ({"count": "-1"}, "make no range"),
    ],
)
def test_an_object_of_something_else_is_a_conflict(change: dict[str, str], reason: str) -> None:
    """An object of another topic, partition, range or form is left alone, and named."""
    s3 = FakeS3()
    (one,) = write(s3, 0, [0], 1)
    there = s3.objects[one.key]
    metadata = {**there.headers["Metadata"], **change}
    s3.objects[one.key] = FakeObject(there.body, {"Metadata": metadata})
    with pytest.raises(ObjectConflict) as caught:
        write(s3, 0, [0], 1)
    assert reason in str(caught.value)
    assert one.key in str(caught.value)


@pytest.mark.parametrize("name", ["ndjson.gz", "ndjson.zst"])
@pytest.mark.parametrize("body", [b"", b"unpacked", b"cut"])
def test_an_object_that_can_not_be_read_is_a_conflict(name: str, body: bytes) -> None:
    """Content that is damaged, or isn't packed as its name says, is other content."""
    s3, form = FakeS3(), formats.parse(name)
    (one,) = write(s3, 0, range(50), 50, form=form)
    there = s3.objects[one.key]
    headers = {"Metadata": {**there.headers["Metadata"], "sha256": "0" * 64}}
    s3.objects[one.key] = FakeObject(there.body[:20] if body == b"cut" else body, headers)
    with pytest.raises(ObjectConflict, match="other content for offsets 0 to 49"):
        write(s3, 0, range(50), 50, form=form)


def test_records_that_were_never_committed_are_not_adopted() -> None:
    """An object of everything is none of what was committed, though it holds all of that too."""
    s3, destination = FakeS3(), Destination("my-bucket")
    every = Objects(s3, destination, Source("orders", 2, isolation="read_uncommitted"))
    committed = Objects(s3, destination, Source("orders", 2, isolation="read_committed"))
    every.write(0, map(record, range(3)), 3, Deadline.after(5))
    with pytest.raises(ObjectConflict, match="with isolation 'read_uncommitted', where this call"):
        committed.write(0, map(record, [0, 2]), 3, Deadline.after(5))


def test_an_object_without_our_metadata_is_a_conflict() -> None:
    """An object that somebody else put there is left alone."""
    s3 = FakeS3()
    s3.objects[KEY.format(0)] = FakeObject(b"theirs", {})
    with pytest.raises(ObjectConflict, match="none of this function's: its metadata lacks count"):
        write(s3, 0, [0], 1)


def test_a_topic_without_an_id_adopts_by_name() -> None:
    """Where one of both sides doesn't know the topic's id, its name decides."""
    s3 = FakeS3()
    write(s3, 0, [0], 1, topic_id=None)
    assert spans(write(s3, 0, [0], 1)) == [(0, 1, True)]
    write(s3, 1, [1], 2)
    assert spans(write(s3, 1, [1], 2, topic_id=None)) == [(1, 2, True)]


def test_an_object_that_vanishes_is_written() -> None:
    """Where the object in the way is gone by the time it is looked at, the range is written."""
    s3 = FakeS3()
    write(s3, 0, [0], 1)

    def vanish(call: str, _: object) -> None:
        if call == "head":
            s3.objects.clear()

    s3.fail = vanish
    assert spans(write(s3, 0, [0], 1)) == [(0, 1, False)]


def test_an_unfit_record_stores_nothing_of_its_object() -> None:
    """A record that fits no format fails; objects that were full before it are stored."""
    s3 = FakeS3()
    destination = Destination("my-bucket", form=formats.parse("raw"), object_bytes=6)
    objects = Objects(s3, destination, Source("orders", 2))
    records = [record(0), record(1), record(2), record(3, b"a\nb")]
    with pytest.raises(UnfitRecord, match="offset 3"):
        objects.write(0, records, 4, Deadline.after(5))
    assert list(s3.objects) == ["orders/partition=2/00000000000000000000.raw"]


def test_failures_of_s3_come_up() -> None:
    """What S3 refuses is raised as it is."""
    s3 = FakeS3()
    s3.fail = lambda call, _: NotAuthorized("no") if call == "put" else None
    with pytest.raises(NotAuthorized):
        write(s3, 0, [0], 1)
    with pytest.raises(UnknownObject):
        Objects(FakeS3(), Destination("nowhere"), Source("orders", 2)).write(
            0, [record(0)], 1, Deadline.after(5)
        )


def test_a_pattern_of_ones_own() -> None:
    """A destination's pattern names its objects, by the first record's day too."""
    s3 = FakeS3()
    pattern = Pattern.parse("{prefix}{date}/{topic}-{p}-{start}.gz", "pattern")
    (one,) = write(s3, 3, [4], 5, pattern=pattern)
    assert one.key == "lake/2023-11-14/orders-2-3.gz"


def test_what_a_format_of_lengths_has_lost_is_a_conflict() -> None:
    """Without lines there is no telling what the topic has lost since: that fails, loudly."""
    s3 = FakeS3()
    objects = Objects(s3, Destination("my-bucket", form=formats.parse("bin")), Source("orders", 2))
    objects.write(0, map(record, range(3)), 3, Deadline.after(5))
    assert spans(objects.write(0, map(record, range(2)), 2, Deadline.after(5))) == [(0, 3, True)]
    with pytest.raises(ObjectConflict):
        objects.write(0, map(record, [0, 2]), 3, Deadline.after(5))
