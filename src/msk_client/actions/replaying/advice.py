"""What somebody does whose replay ended with a failure. No I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msk_client.errors import DeadlineExceeded, StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msk_client.errors import MskClientError

LATE = (DeadlineExceeded, StorageUnavailable)
"""What reading ends with where its time does."""


def way_on(
    problem: MskClientError, next_: Mapping[str, object], *, is_begun: bool, of_record: bool
) -> str:
    """Say what works: the same place gives the same error where that isn't `retriable`.

    `next_`: what `resume` takes, if anything. `is_begun`: it isn't where this call began.
    `of_record`: a record or what holds it is what failed.
    """
    on = f'go on with "resume": {json.dumps(next_)}.'
    if problem.retriable:
        return f" G{on[1:]}" if next_ else ""
    passing = ' "on_failure": "report" passes over what can\'t be sent, and lists it.'
    mended = f" Once that is mended, {on}" if is_begun else ""
    return (passing if of_record else "") + mended


def out_of_time(waited_for: MskClientError | None, num_replayed: int) -> MskClientError:
    """Make the failure of a call that read nothing whole; what it waited for may never answer."""
    text = "The time ran out before one object, message or record was read to its end"
    if num_replayed:
        text += f" ({num_replayed} records of it were replayed, and will be once more)"
    if waited_for is not None:
        return type(waited_for)(f"{text}: {waited_for}")
    return DeadlineExceeded(f"{text}: give the function a longer timeout.")
