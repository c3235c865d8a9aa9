"""ping: reaches the cluster, for warmers, alarms and a first look."""

from __future__ import annotations

import platform
import time
from typing import TYPE_CHECKING

import msgspec

from msk_client.actions.call import Answer
from msk_client.actions.request import Request
from msk_client.kafka import VERSIONS

if TYPE_CHECKING:
    from msk_client.actions.call import Call


class Ping(Request, frozen=True, kw_only=True):
    """The request."""


def ping(_: Ping, call: Call) -> Answer:
    """Describe the cluster, and say how long reaching it took (ms): first call, then warm call."""
    started = time.perf_counter()
    cluster = call.kafka.cluster(call.deadline)
    connected = time.perf_counter()
    call.kafka.cluster(call.deadline)
    answered = time.perf_counter()
    return Answer(
        {
            "endpoint": call.kafka.endpoint,
            **msgspec.to_builtins(cluster),
            "versions": {"python": platform.python_version(), **VERSIONS},
            "times_ms": {
                "connect": round((connected - started) * 1000, 1),
                "round_trip": round((answered - connected) * 1000, 1),
            },
        }
    )
