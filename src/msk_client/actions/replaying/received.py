"""The messages of a queue that a replay has received, until they are deleted or given back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from msk_client.deadline import Deadline
    from msk_client.sqs.ports import Message, Queues


class Received:
    """A queue's messages, by id; one whose visibility timeout ends meanwhile comes once more."""

    def __init__(self, queues: Queues, url: str, limit: Deadline) -> None:
        self.url = url
        self._queues = queues
        self._limit = limit
        self._kept: dict[str, Message] = {}
        self._done: dict[str, Message] = {}
        self._seen: set[str] = set()

    def receive(self, until: Deadline) -> list[Message] | None:
        """Answer new messages; None where the queue is empty for now."""
        found = self._queues.receive(self.url, until)
        for message in found:  # by its latest receipt a message can be deleted
            done = message.id in self._seen and message.id not in self._kept
            (self._done if done else self._kept)[message.id] = message
        new = [message for message in found if message.id not in self._seen]
        self._seen.update(message.id for message in found)
        return new if found else None

    def done(self, message_id: str) -> None:
        """Let a message be deleted."""
        self._done[message_id] = self._kept.pop(message_id)

    def delete_done(self) -> None:
        """Delete what is done."""
        self._queues.delete(self.url, list(self._done.values()), self._limit)
        self._done.clear()

    def release(self) -> None:
        """Give back the others."""
        self._queues.release(self.url, list(self._kept.values()), self._limit)
