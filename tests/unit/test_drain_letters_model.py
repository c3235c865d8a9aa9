"""Any number of drains of a topic with poison, killed, overlapping: one object or one letter."""

from __future__ import annotations

import csv
import gzip
import io
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from hypothesis.stateful import invariant

from msk_client.actions.draining.chain import Chain, Workers
from msk_client.deadline import Deadline
from msk_client.records import Record
from msk_client.s3.formats import parse
from msk_client.s3.keys import Pattern, Place
from msk_client.s3.letters import Letters
from msk_client.s3.objects import Destination, Objects, Source, Stored
from tests.unit.test_s3_chain_model import Runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fake_s3 import FakeObject

FORM = parse("csv.gz", ("offset", "value.id"))
DAY_MS = 86_400_000


class AtOnce(Executor):
    """Does what it is given before it answers, so that the order is always the same."""

    def submit(
        self,
        work: Callable[..., Any],
        /,
        *args: Any,  # noqa: ANN401 - as `Executor` has it
        **kwargs: Any,  # noqa: ANN401 - same
    ) -> Future[Any]:
        """See `Executor`."""
        future: Future[Any] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as problem:  # noqa: BLE001 - as an executor does
            future.set_exception(problem)
        return future


class Drains(Runs):
    """Runs of drains: each third record has no place in the format, and each has its own day."""

    pattern = Pattern("{prefix}{topic}/{partition}/{start:020}.csv.gz")

    def make(self, offset: int) -> Record:
        """Make a record that tells its offset."""
        value = b"poison" if offset % 3 == 0 else b'{"id": %d}' % offset
        return Record("t", 0, offset, offset * DAY_MS, "create", None, value, [])

    def run(self, size: int, until: int) -> list[Stored]:
        """Drain from the bookmark on; raises what ended it, as a function that is killed does."""
        destination = Destination("my-bucket", "lake/", self.pattern, FORM, object_bytes=size)
        objects = Objects(self.s3, destination, Source("t", 0, "id"))
        letters = Letters(self.s3, Place("my-bucket", "dead/"), None, "b-1:9098")
        deadline = Deadline.after(9)
        workers = Workers(AtOnce(), AtOnce())
        chain = Chain(objects, destination, self.bookmark, deadline, workers, letters=letters)
        for offset in sorted(self.log):
            if self.bookmark <= offset < until and chain.take(self.log[offset]) and chain.full:
                chain.write()
        chain.finish(max(self.bookmark, until))
        chain.write()
        while chain.on_its_way:
            chain.settle()
        if chain.failure is not None:
            raise chain.failure
        assert chain.complete
        return chain.stored

    @property
    def objects(self) -> list[FakeObject]:
        """The objects, in the order of their starts."""
        return [one for key, one in sorted(self.s3.objects.items()) if key.startswith("lake/")]

    def contents(self) -> list[list[int]]:
        """The offsets in each object."""
        tables = (io.StringIO(gzip.decompress(one.body).decode()) for one in self.objects)
        return [[int(row["offset"]) for row in csv.DictReader(table)] for table in tables]

    def letters(self) -> list[int]:
        """The offsets of the letters."""
        names = (key for key in self.s3.objects if key.startswith("dead/"))
        return sorted(int(name.rpartition("/")[2].removesuffix(".ndjson")) for name in names)

    def kept(self) -> set[int]:
        """What an object or a letter has."""
        return {o for offsets in self.contents() for o in offsets} | set(self.letters())

    @invariant()
    def letters_are_of_what_does_not_fit(self) -> None:
        """What has no place in the format is in no object, and only that is a letter."""
        assert all(offset % 3 == 0 for offset in self.letters())
        assert all(offset % 3 for offsets in self.contents() for offset in offsets)

    @invariant()
    def no_object_is_ahead_of_its_letters(self) -> None:
        """Of what an object has passed over, everything has its letter."""
        passed = {
            offset
            for said in (one.headers["Metadata"] for one in self.objects)
            for offset in range(int(said["start-offset"]), int(said["next-offset"]))
            if offset % 3 == 0 and offset in self.ever
        }
        assert passed <= set(self.letters())


class Dated(Drains):
    """The same with the first record's day in the key, whether it fits or not."""

    pattern = Pattern("{prefix}{topic}/{partition}/{start:020}-{date}.csv.gz")
    lose = None  # type: ignore[assignment] # no rule here: such keys are for topics that lose nothing


TestDrains = Drains.TestCase
TestDated = Dated.TestCase
