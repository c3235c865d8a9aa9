"""Dead letters of drains and exports: one object for each record, however many runs meet it.

Its name is the record's place, so whoever meets the record again meets the letter that is there.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from msk_client import letters
from msk_client.errors import MAX_MESSAGE_BYTES, MskClientError, ObjectConflict, UnknownObject
from msk_client.records import to_json
from msk_client.s3.keys import DEFAULT_PATTERN, Pattern, Place, Start
from msk_client.s3.objects import encryption

if TYPE_CHECKING:
    from msk_client.deadline import Deadline
    from msk_client.errors import UnfitRecord
    from msk_client.records import Record
    from msk_client.s3.ports import Storage

PATTERN = Pattern(f"{DEFAULT_PATTERN}.ndjson")
ROOM_BYTES = 8 * MAX_MESSAGE_BYTES
"""By so much another letter of the same record may be longer: its reason is told anew each time."""


@dataclass(frozen=True)
class Letters:
    """Keeps letters below a prefix."""

    store: Storage
    below: Place
    """Bucket and prefix."""
    cluster_arn: str | None
    servers: str
    kms_key_id: str | None = None

    def keep(self, record: Record, reason: UnfitRecord, deadline: Deadline) -> None:
        """Store a record's letter, or find that it is there already.

        Raises what storing it raises, and `ObjectConflict` where something else is there; both
        name the record and the place.
        """
        start = Start(record.topic, record.partition, record.offset, 0)
        at = Place(self.below.bucket, PATTERN.key(self.below.key, start))
        try:
            self._keep(at, {"record": to_json(record, "text")}, reason, record.topic, deadline)
        except MskClientError as problem:
            raise type(problem)(
                f"The record at offset {record.offset} of partition {record.partition} of topic"
                f" {record.topic!r} is a dead letter that can't be kept as {at}: {problem} It is"
                f" one because: {reason}"
            ) from problem

    def _keep(
        self, at: Place, shown: dict[str, Any], reason: UnfitRecord, topic: str, deadline: Deadline
    ) -> None:
        text = letters.written(shown, reason, self.cluster_arn, self.servers)
        body = f"{text}\n".encode()
        headers = letters.headers(topic) | encryption(self.kms_key_id)
        while not self.store.put_new(at, body, headers, deadline):
            look = partial(self._is_there, at, shown, len(body) + ROOM_BYTES, deadline)
            try:
                same = self.store.reading(look, at, deadline)
            except UnknownObject:  # somebody deleted it in between
                continue
            if same:
                return
            raise ObjectConflict(
                "something else is there already, and was not written over. It is the letter of"
                " an earlier topic of this name or of another cluster's, or was changed since."
                " Move it away, or choose another place for dead letters."
            )

    def _is_there(
        self, at: Place, shown: dict[str, Any], most_bytes: int, deadline: Deadline
    ) -> bool:
        """Tell whether it is this record's letter, whatever reason that one gives."""
        with closing(self.store.open(at, deadline).body) as body:
            text = body.read(most_bytes)
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return isinstance(found, dict) and found.get("record") == shown["record"]
