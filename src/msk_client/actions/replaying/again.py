"""The records of letters; those that are only told of are read again from where they came."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from msk_client.clusters import same_cluster
from msk_client.errors import (
    DeadlineExceeded,
    InvalidRequest,
    OffsetOutOfRange,
    UnknownTopic,
)
from msk_client.ports import Beginning, Mark, Position, no_such_partition
from msk_client.records import Record

if TYPE_CHECKING:
    from collections.abc import Generator

    from msk_client.actions.call import Call
    from msk_client.actions.replaying.letters import Gap, Letters
    from msk_client.deadline import Deadline

Gone = list[dict[str, Any]]
"""Ranges [from, to) of a topic's partition that retention has deleted."""


def records_of(letters: Letters, call: Call, until: Deadline, gone: Gone) -> Generator[Record]:
    """Yield the records; notes what is `gone`. Raises where they can't be read again."""
    yield from letters.records
    for gap in letters.gaps:
        _check_cluster(letters, gap, call)
        yield from _read(gap, call, until, gone)


def _check_cluster(letters: Letters, gap: Gap, call: Call) -> None:
    """The same offsets of another cluster's topic are other records."""
    cluster, arn = letters.cluster, call.settings.cluster_arn
    ours = None if arn is None else arn.text
    if cluster is not None and not same_cluster(cluster, call.kafka.endpoint, ours):
        raise InvalidRequest(
            f"Offsets {gap.first} to {gap.last} of partition {gap.partition} of topic"
            f" {gap.topic!r} can't be read again: they are of another cluster,"
            f" {cluster.source_arn or ','.join(cluster.bootstrap_servers)}. Replay them with a"
            " function of that cluster."
        )


def _read(gap: Gap, call: Call, until: Deadline, gone: Gone) -> Generator[Record]:
    call.allow_topic(gap.topic)
    _check_there(gap, call, until)
    span = {gap.partition: (gap.first, gap.last + 1)}
    with closing(call.kafka.read(gap.topic, span, until, read_committed=True)) as events:
        for event in events:
            if isinstance(event, Record):
                yield event
            elif isinstance(event, Beginning):
                behind = min(event.to_offset, gap.last + 1)
                place = {"topic": gap.topic, "partition": gap.partition}
                gone.append(place | {"from": event.from_offset, "to": behind})
            elif isinstance(event, Position):
                return
    raise DeadlineExceeded(
        f"The time ran out while offsets {gap.first} to {gap.last} of partition {gap.partition} of"
        f" topic {gap.topic!r} were read again: give the function a longer timeout."
    )


def _check_there(gap: Gap, call: Call, until: Deadline) -> None:
    found = call.kafka.topic(gap.topic, until)
    if found is None:
        raise UnknownTopic(
            f"Topic {gap.topic!r}, from which records are to be read again, doesn't exist."
        )
    if gap.partition >= found.num_partitions:
        raise no_such_partition(gap.partition, gap.topic, found.num_partitions)
    (end,) = call.kafka.offsets(gap.topic, [gap.partition], [Mark.END], until)
    if gap.last >= end[gap.partition]:
        raise OffsetOutOfRange(
            f"Partition {gap.partition} of topic {gap.topic!r} ends at offset"
            f" {end[gap.partition]}, before offset {gap.last}, which is to be read again: the topic"
            " was probably made anew."
        )
