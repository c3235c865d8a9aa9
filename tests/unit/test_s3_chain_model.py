"""Any number of runs, cut, killed, overlapping, on a topic that loses records: one chain."""

from __future__ import annotations

import gzip
import json
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from msk_client.deadline import Deadline
from msk_client.errors import StorageUnavailable
from msk_client.records import Record
from msk_client.s3.objects import Destination, Objects, Source, Stored
from tests.fake_s3 import FakeObject, FakeS3

SIZES = st.sampled_from([1, 250, 400, 900, 10**6])


class Killed(Exception):
    """A run was killed."""


class Runs(RuleBasedStateMachine):
    """A topic, its objects, a bookmark, and runs that come to all kinds of ends."""

    def __init__(self) -> None:
        super().__init__()
        self.s3 = FakeS3()
        self.log: dict[int, Record] = {}
        self.end = 0
        self.bookmark = 0
        self.ever: set[int] = set()

    def make(self, offset: int) -> Record:
        """Make a record that tells its offset."""
        return Record("t", 0, offset, 0, "create", None, b"v%d" % offset, [])

    def run(self, size: int, until: int) -> list[Stored]:
        """Write from the bookmark on."""
        start = self.bookmark
        records = [self.log[o] for o in sorted(self.log) if start <= o < until]
        destination = Destination("my-bucket", object_bytes=size)
        objects = Objects(self.s3, destination, Source("t", 0, "id"))
        return objects.write(start, records, max(start, until), Deadline.after(9))

    @rule(count=st.integers(1, 8), gap=st.integers(0, 3))
    def append(self, count: int, gap: int) -> None:
        """Write records, and markers behind them."""
        for _ in range(count):
            self.log[self.end] = self.make(self.end)
            self.ever.add(self.end)
            self.end += 1
        self.end += gap

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """Let retention or compaction take records away, but not those that no object has yet."""
        candidates = sorted(self.kept() & self.log.keys())
        if candidates:
            for offset in data.draw(st.lists(st.sampled_from(candidates), unique=True)):
                del self.log[offset]

    @rule(size=SIZES, back=st.integers(0, 5))
    def finish(self, size: int, back: int) -> None:
        """A run reads to an end, and moves the bookmark over what is stored."""
        stored = self.run(size, self.end - back)
        if stored:
            self.bookmark = max(self.bookmark, stored[-1].next)

    @rule(size=SIZES, at=st.integers(0, 6), written=st.booleans())
    def die(self, size: int, at: int, *, written: bool) -> None:
        """A run is killed before or after one of its writes, and moves no bookmark."""
        left = at

        def kill(call: str, _: object) -> None:
            nonlocal left
            left -= 1
            if left < 0 and call == ("head" if written else "put"):
                raise Killed

        self.s3.fail = kill
        try:
            self.run(size, self.end)
        except Killed:
            pass
        finally:
            self.s3.fail = lambda _, __: None

    @rule(size=SIZES, other_size=SIZES, at=st.integers(0, 5), back=st.integers(0, 5))
    def overlap(self, size: int, other_size: int, at: int, back: int) -> None:
        """During one of a run's calls another run does all of its work."""
        left = at

        def interfere(_: str, __: object) -> None:
            nonlocal left
            left -= 1
            if left == -1:
                self.s3.fail = lambda _, __: None
                self.run(other_size, self.end - back)

        self.s3.fail = interfere
        stored = self.run(size, self.end)
        self.s3.fail = lambda _, __: None
        if stored:
            self.bookmark = max(self.bookmark, stored[-1].next)

    @rule(size=SIZES, at=st.integers(0, 3))
    def answer_lost(self, size: int, at: int) -> None:
        """S3 fails in the middle of a run."""
        left = at

        def fail(_: str, __: object) -> StorageUnavailable | None:
            nonlocal left
            left -= 1
            return StorageUnavailable("503") if left < 0 else None

        self.s3.fail = fail
        try:
            self.run(size, self.end)
        except StorageUnavailable:
            pass
        finally:
            self.s3.fail = lambda _, __: None

    def contents(self) -> list[list[int]]:
        """The offsets in each object, in the order of their starts."""
        return [
            [json.loads(line)["offset"] for line in gzip.decompress(one.body).splitlines()]
            for one in self.objects
        ]

    def kept(self) -> set[int]:
        """What is stored."""
        return {offset for offsets in self.contents() for offset in offsets}

    @property
    def objects(self) -> list[FakeObject]:
        """The objects, in the order of their starts."""
        return [one for _, one in sorted(self.s3.objects.items())]

    @invariant()
    def each_offset_stands_in_one_object(self) -> None:
        """No offset stands in two objects, and the objects are a chain."""
        offsets = [offset for one in self.contents() for offset in one]
        assert offsets == sorted(set(offsets))
        heads = [one.headers["Metadata"] for one in self.objects]
        for before, after in pairwise(heads):
            assert before["next-offset"] == after["start-offset"]

    @invariant()
    def nothing_before_the_bookmark_is_missing(self) -> None:
        """Every record that the bookmark has passed is stored."""
        assert {offset for offset in self.log if offset < self.bookmark} <= self.kept()


TestRuns = Runs.TestCase
