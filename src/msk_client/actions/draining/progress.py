"""A group's bookmark while a drain moves it on: only over what is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msk_client.actions.consuming.bookmark import Bookmark
    from msk_client.deadline import Deadline
    from msk_client.ports import Offsets


class Progress:
    """Commits again and again, until somebody else does."""

    def __init__(self, bookmark: Bookmark, deadline: Deadline) -> None:
        self.moved = False
        """Whether somebody else has committed since: then nothing is committed any more."""
        self._bookmark = bookmark
        self._deadline = deadline

    def begin(self, starts: Offsets) -> None:
        """Give partitions without a bookmark one, before anything is stored.

        Else the next run would begin wherever retention has left the log's beginning, and write
        objects that overlap those of a run that was killed.
        """
        if any(partition not in self._bookmark.committed for partition in starts):
            self.commit(starts)

    def commit(self, positions: Offsets) -> None:
        """Move the bookmark, never backwards. Unmoved it is committed too, lest it expire."""
        of, deadline = self._bookmark, self._deadline
        if self.moved:
            return
        now = of.kafka.committed(of.group, of.topic, of.partitions, deadline)
        if now != of.committed:
            self.moved = True
            return
        wanted = {p: offset for p, offset in positions.items() if offset >= now.get(p, -1)}
        if wanted:
            of.kafka.commit(of.group, of.topic, wanted, deadline)
            self._bookmark = replace(of, committed=now | wanted)

    def stands_at(self, positions: Offsets) -> bool:
        """Tell whether the bookmark is known to stand at these offsets."""
        committed = self._bookmark.committed
        return not self.moved and all(committed.get(p) == at for p, at in positions.items())
