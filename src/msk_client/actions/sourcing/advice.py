"""What somebody does whose object was sent in part. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from msk_client.errors import ObjectConflict

if TYPE_CHECKING:
    from msk_client.actions.sourcing.request import Resume
    from msk_client.errors import MskClientError


def way_on(problem: MskClientError, position: Resume, *, of_record: bool, is_begun: bool) -> str:
    """Say what works: the same content gives the same error where that isn't `retriable`.

    `of_record`: one record is what failed. `is_begun`: some records before `position` were sent.
    """
    if problem.retriable:
        return f" Go on with {position}."
    if of_record:
        behind = msgspec.structs.replace(position, record=position.record + 1)
        return (
            f' To leave it out, go on with {behind}; "on_failure": "report" leaves out and lists'
            " all such records. To send it, mend the cause and go on with record"
            f" {position.record}{ANEW}."
        )
    if isinstance(problem, ObjectConflict):
        return (
            ' Send the object from its beginning, without "resume"; or, where what comes before'
            f" record {position.record} is the same, give the ETag that it has now."
        )
    return f" Once that is mended, go on with {position}{ANEW}." if is_begun else ""


ANEW = " (and the object's new ETag, where it was written anew)"
