"""s3: one object for each partition of a batch, written once however often the batch comes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from msk_client.errors import MskClientError, UnfitRecord
from msk_client.pipeline.pieces import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.pipeline.pieces import Piece
    from msk_client.records import Format as Values
    from msk_client.s3.objects import Destination, Stored
    from msk_client.s3.ports import Storage
    from msk_client.settings_mapping import Decode
    from msk_client.settings_output import Output

AT_ONCE = 8
"""So many partitions are written at the same time: most of it is waiting for S3."""


class S3Sink:
    """Objects as everywhere else, named by the first offset of the batch in their partition."""

    def __init__(self, storage: Storage, output: Output, decode: Decode | None) -> None:
        from msk_client.s3.destinations import destination  # noqa: PLC0415 - dear at cold start

        ndjson = (output.form or "ndjson").startswith("ndjson")
        values: Values = "json" if decode == "json" and ndjson else "text"
        self._destination: Destination = destination(output, values=values)
        self._storage = storage
        self.counts: dict[str, int] = {}

    def write(
        self, pieces: Sequence[Piece], deadline: Deadline, *, skip_refused: bool
    ) -> list[Outcome]:
        """See the protocol."""
        write = partial(self._write, deadline=deadline, skip_refused=skip_refused)
        if len(pieces) <= 1:
            written = [write(piece) for piece in pieces]
        else:
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sink") as threads:
                written = list(threads.map(write, pieces))
        stored = [one for _, several in written for one in several]
        self.counts = {
            "ObjectsWritten": sum(not one.adopted for one in stored),
            "ObjectsAdopted": sum(one.adopted for one in stored),
            "BytesWritten": sum(one.size_bytes for one in stored if not one.adopted),
        }
        return [outcome for outcome, _ in written]

    def _write(
        self, piece: Piece, deadline: Deadline, *, skip_refused: bool
    ) -> tuple[Outcome, list[Stored]]:
        refused: dict[int, MskClientError] = {}
        try:
            try:
                stored = self._store(piece, deadline)
            except UnfitRecord:
                refused = self._unfit(piece)
                rest = _without(piece, refused, skip_refused=skip_refused)
                stored = self._store(rest, deadline)
        except MskClientError as problem:
            return Outcome(refused, piece.start, problem), []
        return Outcome(refused), stored

    def _store(self, piece: Piece, deadline: Deadline) -> list[Stored]:
        from msk_client.s3.objects import Objects, Source  # noqa: PLC0415 - dear at cold start

        objects = Objects(self._storage, self._destination, Source(piece.topic, piece.partition))
        return objects.write(piece.start, piece.records, piece.next, deadline)

    def _unfit(self, piece: Piece) -> dict[int, MskClientError]:
        """Find the records that the format has no place for."""
        write = self._destination.form.writer()
        unfit: dict[int, MskClientError] = {}
        for record in piece.records:
            try:
                write(record, bytearray())
            except UnfitRecord as problem:
                unfit[record.offset] = problem
        return unfit


def _without(piece: Piece, refused: dict[int, MskClientError], *, skip_refused: bool) -> Piece:
    """Leave the refused records out; without `skip_refused` the first of them is the end."""
    end = piece.next if skip_refused else min(refused)
    records = [r for r in piece.records if r.offset not in refused and r.offset < end]
    return replace(piece, records=records, next=end)
