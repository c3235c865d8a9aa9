"""Divides records that a broker refused together until each bad one stands alone."""

from __future__ import annotations

from collections import defaultdict, deque
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

        `neighbours` are records of which the broker said that another one of their batch is bad:
        it has named the bad ones then, and the neighbours stay together.
        """
        by_partition: dict[int, Group] = defaultdict(list)
        for index in refused:
            by_partition[self._where[index]].append(index)
        bad: Group = []
        for partition, group in by_partition.items():
            good = [i for i in group if i in neighbours]
            half = (len(group) + 1) // 2
            parts = [good] if good else [group[:half], group[half:]]
            bad += [i for i in group if good and i not in neighbours]
            self._queues[partition].extendleft(part for part in reversed(parts) if part)
        return bad
