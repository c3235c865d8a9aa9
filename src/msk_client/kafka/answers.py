"""Waits for what librdkafka's AdminClient answers."""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, TypeVar

from msk_client import errors

if TYPE_CHECKING:
    from concurrent.futures import Future

    from msk_client.deadline import Deadline
    from msk_client.kafka.failures import Operation
    from msk_client.settings import Settings

T = TypeVar("T")
GRACE_S = 0.2
"""librdkafka ends a request at its timeout, and says so a little later."""


def timeout_s(deadline: Deadline) -> float:
    """How long a request may take; librdkafka takes no time for none."""
    return max(0.1, deadline.left_s)


def wait_for(future: Future[T], operation: Operation, settings: Settings, deadline: Deadline) -> T:
    """Take an answer; raises its `KafkaException`, or `DeadlineExceeded` where none comes."""
    try:
        return future.result(timeout_s(deadline) + GRACE_S)
    except FutureTimeout:
        raise errors.DeadlineExceeded(
            f"The time ran out while {operation.doing} on {settings.endpoint}: no answer."
            " Give the function a longer timeout."
        ) from None
