"""Dead letters: records that have no place in the sink, kept with the reason why.

What one says is made in `msk_client.letters`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from msk_client.errors import InvalidSetting, MskClientError
from msk_client.letters import headers, written
from msk_client.records import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.batch import Batch, Part
    from msk_client.deadline import Deadline
    from msk_client.s3.keys import Place
    from msk_client.s3.ports import Storage

SHOWN_DIGEST = 16


@dataclass(frozen=True)
class Letter:
    """One record that is given up."""

    topic: str
    partition: int
    offset: int
    text: str
    """The letter as JSON."""


class DeadLetters(Protocol):
    """Where dead letters go."""

    def send(
        self, letters: Sequence[Letter], deadline: Deadline
    ) -> dict[tuple[str, int, int], MskClientError]:
        """Keep the letters; answers those that could not be kept: place -> why."""
        ...


def letter(batch: Batch, part: Part, index: int, reason: MskClientError) -> Letter:
    """Write a record and why it is given up; the same record and reason give the same text."""
    record = part.records[index]
    if record.error is None:
        shown = {"record": to_json(record, "text")}
    else:
        shown = {"event_record": part.raw[index]}
    text = written(shown, reason, batch.source_arn, ",".join(batch.bootstrap_servers))
    return Letter(part.topic, part.partition, record.offset, text)


class S3Letters:
    """One object for each partition of a batch, named by its first letter and its content.

    The same letters again are there already; other letters of the same offsets, because batches
    are cut anew or settings changed, get an object of their own. None is ever written over.
    """

    def __init__(self, storage: Storage, uri: str) -> None:
        from msk_client.s3.keys import folder, parse_uri  # noqa: PLC0415 - not needed without

        self._storage = storage
        place = parse_uri(uri, "ESM_DEAD_LETTER", InvalidSetting)
        self.bucket, self._prefix = place.bucket, folder(place.key)

    def send(
        self, letters: Sequence[Letter], deadline: Deadline
    ) -> dict[tuple[str, int, int], MskClientError]:
        """See the protocol."""
        failed: dict[tuple[str, int, int], MskClientError] = {}
        for (topic, partition), group in groupby(letters, lambda one: (one.topic, one.partition)):
            several = list(group)
            body = "".join(f"{one.text}\n" for one in several).encode()
            at = self._place(several[0], body)
            try:
                self._storage.put_new(at, body, headers(topic), deadline)
            except MskClientError as problem:
                failed |= {(topic, partition, one.offset): problem for one in several}
        return failed

    def _place(self, first: Letter, body: bytes) -> Place:
        from msk_client.s3.keys import Place  # noqa: PLC0415 - same

        digest = hashlib.sha256(body).hexdigest()[:SHOWN_DIGEST]
        folder = f"{self._prefix}{first.topic}/partition={first.partition}"
        return Place(self.bucket, f"{folder}/{first.offset:020}-{digest}.ndjson")
