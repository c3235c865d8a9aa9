"""How much of an answer is still free, counted exactly but seldom one record at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msk_client.answer import SEPARATOR_BYTES, size_bytes

if TYPE_CHECKING:
    from msk_client.records import Record

MOST_OF_A_BYTE = 6
"""What a byte of a record becomes at most: a control character `\\u0001`, an `é` half of that."""

MOST_OF_A_RECORD = 700
"""The names of a record's fields, its numbers, its topic."""

MOST_OF_A_HEADER = 40


class Room:
    """Takes records into a number of bytes.

    Encoding many records at once costs a third of encoding each. So records for which there is
    room at the worst are only noted, and encoded together when there might be none.
    """

    def __init__(self, room_bytes: int) -> None:
        self._left = room_bytes
        self._noted: list[dict[str, Any]] = []
        self._noted_most = 0

    def take(self, answer: dict[str, Any], record: Record) -> bool:
        """Take `answer`, the JSON form of `record`; False where there is no room for it."""
        most = most_bytes(record)
        if self._noted_most + most <= self._left:
            self._noted.append(answer)
            self._noted_most += most
            return True
        needed = size_bytes(answer) + SEPARATOR_BYTES
        if needed > self.left:
            return False
        self._left -= needed
        return True

    @property
    def left(self) -> int:
        """The bytes that are free."""
        if self._noted:
            self._left -= size_bytes(self._noted)  # the brackets are as long as a separator
            self._noted.clear()
            self._noted_most = 0
        return self._left


def most_bytes(record: Record) -> int:
    """What a record's JSON form takes at most, whatever its format."""
    contents = len(record.key or b"") + len(record.value or b"")
    if record.headers:
        contents += sum(2 * len(name) + len(value or b"") for name, value in record.headers)
    return MOST_OF_A_RECORD + MOST_OF_A_HEADER * len(record.headers) + MOST_OF_A_BYTE * contents
