"""A frozen environment that thaws after its token, its session and its connections have ended."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.lambda_runtime import SRC, Emulator
from local.msk import start_msk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk

HANDLERS = Path(__file__).parent / "handlers"
FREEZE_S = 13
"""Longer than a token of 10 s and a session of 10 s."""


@pytest.fixture(name="strict")
def a_cluster_with_short_sessions(kafka_version: str) -> Iterator[LocalMsk]:
    """A cluster that ends sessions after 10 s."""
    with start_msk(session_ms=10_000, kafka_version=kafka_version) as cluster:
        yield cluster


def works(function: Emulator) -> None:
    """Each client of the environment answers."""
    for event in (
        {"action": "produce", "topic": "thaw", "records": [{"value": "x"}]},
        {"action": "consume", "topic": "thaw"},
        {"action": "list_topics"},
    ):
        answer = function.invoke(event)
        assert answer.error_type is None, answer.error_message


def freeze(function: Emulator, meanwhile: Callable[[], Any]) -> None:
    """Stop the process as Lambda does between invocations, for longer than its token lives."""
    frozen_at = time.monotonic()
    os.kill(function.pid(), signal.SIGSTOP)
    try:
        meanwhile()
        time.sleep(max(0.0, FREEZE_S - (time.monotonic() - frozen_at)))
    finally:
        os.kill(function.pid(), signal.SIGCONT)


def test_calls_work_after_a_freeze(strict: LocalMsk) -> None:
    """After a thaw no call meets an expired token, session or dead connection."""
    with Emulator(
        strict.environment(), handler="short_token.lambda_handler", path=(SRC, HANDLERS)
    ) as function:
        works(function)
        freeze(function, lambda: None)
        works(function)


def test_calls_work_after_a_freeze_with_the_broker_replaced(strict: LocalMsk) -> None:
    """After a thaw connections that a restarted broker has forgotten do no harm."""

    def restart() -> None:
        strict.nodes[0].kill()
        strict.nodes[0].start()

    with Emulator(
        strict.environment(), handler="short_token.lambda_handler", path=(SRC, HANDLERS)
    ) as function:
        works(function)
        freeze(function, restart)
        works(function)
