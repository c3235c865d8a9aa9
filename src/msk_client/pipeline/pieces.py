"""What a sink is given of each partition, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.deadline import Deadline
    from msk_client.errors import MskClientError
    from msk_client.records import Record


@dataclass(frozen=True)
class Piece:
    """The records of [start, next) of a partition that can be read; others are left out."""

    topic: str
    partition: int
    start: int
    next: int
    records: Sequence[Record]


@dataclass
class Outcome:
    """What became of a piece: its records are stored, but for the refused ones.

    Where it `failed_at` an offset, nothing is promised of that record and those behind it.
    """

    refused: dict[int, MskClientError] = field(default_factory=dict)
    """Offset of a record -> why the sink will never take it."""
    failed_at: int | None = None
    cause: MskClientError | None = None


class Sink(Protocol):
    """Where records go. What is written twice, because a batch came again, does no harm there."""

    counts: dict[str, int]
    """Metrics of its own."""

    def write(
        self, pieces: Sequence[Piece], deadline: Deadline, *, skip_refused: bool
    ) -> list[Outcome]:
        """Store the pieces, and say of each what became of it.

        Without `skip_refused` a piece that has a record which is refused may end before it.
        Raises what concerns the batch as a whole, such as a wrong setting.
        """
        ...
