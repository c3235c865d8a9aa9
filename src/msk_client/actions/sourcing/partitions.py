"""Into which partitions records go that name some. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from msk_client.actions.sourcing.parts import Bad, Batch
from msk_client.errors import InvalidRequest
from msk_client.ports import no_such_partition
from msk_client.records import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from msk_client.actions.sourcing.parts import Part
    from msk_client.ports import Bulk

ANY = -1


def by_key(parts: Iterable[Part]) -> Iterator[Part]:
    """Forget which partitions the records name: their keys decide."""
    for part in parts:
        if isinstance(part, Bad):
            yield part
        else:
            yield Batch(part.first, [_anywhere(record) for record in part.records])


def kept(parts: Iterable[Part], topic: str, count: int) -> Iterator[Part]:
    """Take out what names a partition that a topic of `count` partitions doesn't have."""
    for part in parts:
        named = [] if isinstance(part, Bad) else _named(part.records)
        if isinstance(part, Bad) or max(named, default=ANY) < count:
            yield part
            continue
        start = 0
        for i, partition in enumerate(named):
            if partition >= count:
                yield Batch(part.first + start, part.records[start:i])
                yield Bad(part.first + i, _nowhere(partition, topic, count))
                start = i + 1
        yield Batch(part.first + start, part.records[start:])


def _named(records: Bulk) -> list[int]:
    """Values, of which a batch holds nothing else, name none."""
    if not records or isinstance(records[0], bytes):
        return []
    return [record.partition for record in records if isinstance(record, Outgoing)]


def _anywhere(record: Outgoing | bytes) -> Outgoing:
    if isinstance(record, bytes):
        return Outgoing(None, record, [])
    return msgspec.structs.replace(record, partition=ANY)


def _nowhere(partition: int, topic: str, count: int) -> InvalidRequest:
    return InvalidRequest(
        f'{no_such_partition(partition, topic, count)} With "keep_partitions": false the records\''
        " keys decide where they go."
    )
