"""Divides records that a broker refused together until each bad one stands alone."""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Group = list[int]
"""Indexes of records that are to be sent as a batch of their own."""


class Halves:
    """Groups waiting to be sent again, a queue for each partition; `where` tells a record's.

    Groups of different partitions can be on their way at once: a batch never spans two.
    """

    def __init__(self, where: Mapping[int, int]) -> None:
        self._where = where
        self._queues: dict[int, deque[Group]] = defaultdict(deque)

    def __bool__(self) -> bool:
        return any(self._queues.values())

    def next_groups(self) -> list[Group]:
        """Take the first group of each partition."""
        return [queue.popleft() for queue in self._queues.values() if queue]

    def add(self, refused: Group, neighbours: Collection[int]) -> Group:
        """Queue the refused records, in their order and halved; answers those known to be bad.

        `neighbours` are records of which librdkafka says that another one of their batch is bad:
        the broker has named the bad ones then. It says so only where a batch has more than one, so
        a batch with a single bad record looks as if all of it were bad (run); and where one batch
        ends and the next begins can't be seen.
        """
        by_partition: dict[int, Group] = defaultdict(list)
        for index in refused:
            by_partition[self._where[index]].append(index)
        bad: Group = []
        for partition, group in by_partition.items():
            parts, named = _told_apart(group, neighbours) if neighbours else (_halved(group), [])
            bad += named
            self._queues[partition].extendleft(part for part in reversed(parts) if part)
        return bad


def _told_apart(group: Group, neighbours: Collection[int]) -> tuple[list[Group], Group]:
    """Tell what to send again, in order, and what is surely bad.

    A record between neighbours is bad: a batch of its own would have been refused for it too.
    Several side by side may be a whole batch of which one is bad.
    """
    parts: list[Group] = [[]]
    bad: Group = []
    for is_neighbour, run in groupby(group, neighbours.__contains__):
        several = list(run)
        if is_neighbour:
            parts[-1] += several
        elif len(several) == 1:
            bad += several
        else:
            parts += [*_halved(several), []]
    return parts, bad


def _halved(group: Group) -> list[Group]:
    half = (len(group) + 1) // 2
    return [group[:half], group[half:]]
