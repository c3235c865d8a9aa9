"""A consumer group as a bookmark: its committed offsets are read and moved, it is never joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msk_client.errors import GroupInUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.ports import Kafka, Offsets


@dataclass(frozen=True)
class Bookmark:
    """A group's committed offsets of some partitions, as they were when the read began."""

    kafka: Kafka
    group: str
    topic: str
    partitions: Sequence[int]
    committed: Offsets

    @classmethod
    def open(
        cls,
        kafka: Kafka,
        group: str,
        topic: str,
        partitions: Sequence[int],
        deadline: Deadline,
    ) -> Bookmark:
        """Look the bookmark up; raises `GroupInUse` where the group has live members."""
        committed = kafka.committed(group, topic, partitions, deadline)
        members = kafka.live_members(group, deadline)
        if members:
            raise GroupInUse(
                f"Consumer group {group!r} has {members} live member(s), whose position is theirs."
                " Stop them, wait until their session ends, or use a group of your own."
            )
        return cls(kafka, group, topic, partitions, committed)

    def move(self, to: Offsets, deadline: Deadline) -> bool:
        """Commit `to`; False, and nothing is committed, where someone moved it since.

        Kafka would accept a step backwards, so no partition is ever given one.
        """
        now = self.kafka.committed(self.group, self.topic, self.partitions, deadline)
        if now != self.committed:
            return False
        forward = {p: offset for p, offset in to.items() if offset > now.get(p, -1)}
        if forward:
            self.kafka.commit(self.group, self.topic, forward, deadline)
        return True
