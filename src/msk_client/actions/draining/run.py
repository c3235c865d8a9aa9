"""A drain or an export, from what is to be read to what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msk_client.actions.call import Answer
from msk_client.actions.draining.answer import fields
from msk_client.actions.draining.drain import Drain
from msk_client.actions.draining.progress import Progress
from msk_client.errors import DeadlineExceeded, MskClientError

if TYPE_CHECKING:
    from msk_client.actions.call import Call
    from msk_client.actions.consuming.bookmark import Bookmark
    from msk_client.actions.draining.drain import Task
    from msk_client.deadline import Deadline

WRITE_RESERVE_S = 10.0
"""Reading stops this much (or a third of the time) before the deadline: the rest is written."""

COMMIT_RESERVE_S = 2.0
"""Writing stops this much (or an eighth of the time) before the deadline: then it is committed."""


def reading_until(deadline: Deadline) -> Deadline:
    """When reading stops."""
    return deadline.earlier(min(WRITE_RESERVE_S, deadline.left_s / 3))


def writing_until(deadline: Deadline) -> Deadline:
    """When writing stops."""
    return deadline.earlier(min(COMMIT_RESERVE_S, deadline.left_s / 8))


def drain(call: Call, task: Task, bookmark: Bookmark | None) -> Answer:
    """Store the ranges; with a bookmark also move it over what is stored.

    What went wrong is raised when all else is stored and committed.
    """
    topic = task.log.topic
    topic_id = call.kafka.topic_id(topic, call.deadline)
    progress = None if bookmark is None else Progress(bookmark, call.deadline)
    run = Drain(task, topic_id, progress, writing_until(call.deadline))
    run.run()
    keeps = task.letters is not None
    room = call.max_answer_bytes
    told = fields(run.chains, task.ranges, run.skipped, room, keeps_letters=keeps)
    stored = [one for chain in run.chains.values() for one in chain.stored]
    call.counts |= {
        "RecordsConsumed": told["count"] + told["adopted_count"],
        "ObjectsWritten": sum(not one.adopted for one in stored),
        "ObjectsAdopted": sum(one.adopted for one in stored),
        "BytesWritten": told["bytes"],
    }
    if keeps:
        call.counts["RecordsDeadLettered"] = told["dead_letter_count"]
    if run.first_failure is not None:
        raise _with_the_rest(run, run.first_failure, progress)
    if not (told["drained"] or stored or run.moved):
        raise DeadlineExceeded(
            f"The time ran out before an object of topic {topic!r} was stored: give the function a"
            " longer timeout."
        )
    body: dict[str, Any] = {"topic": topic, "destination": task.destination.uri, **told}
    if progress is not None:
        body["committed"] = not progress.moved
        if progress.moved:
            body["bookmark_moved"] = True
    return Answer(body)


def _with_the_rest(
    run: Drain, failure: MskClientError, progress: Progress | None
) -> MskClientError:
    """Say beside a failure what was stored all the same, and where that leaves the next run."""
    stored = {p: chain.position for p, chain in run.chains.items() if chain.stored}
    if not stored:
        return failure
    places = ", ".join(f"{p} up to {position}" for p, position in sorted(stored.items())[:100])
    if progress is not None and progress.stands_at(stored):
        then = "The next run goes on there."
    else:
        then = "The same call again finds it there, and goes on behind."
    return type(failure)(f"{failure} Stored all the same: partition {places}. {then}")
