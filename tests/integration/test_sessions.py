"""Sessions and tokens that end while the function is at work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from local.msk import start_msk
from msk_client.deadline import Deadline
from msk_client.kafka import MskKafka
from msk_client.kafka.iam import TokenSource
from msk_client.records import Outgoing
from msk_client.settings import read
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk

SESSION_MS = 10_000
PRODUCING_S = 24
LONG_S = 300


@pytest.fixture(scope="module", name="strict")
def a_cluster_with_short_sessions(kafka_version: str) -> Iterator[LocalMsk]:
    """A cluster that wants to see a new token every 10 s."""
    with start_msk(session_ms=SESSION_MS, kafka_version=kafka_version) as cluster:
        yield cluster


@pytest.mark.soak
def test_re_authentication_goes_unnoticed(
    strict: LocalMsk, rounds: Callable[[int, int], int]
) -> None:
    """A client that produces across two ends of its session loses and repeats nothing."""
    sight = Eyes(strict.plaintext)
    name = sight.create_topic()
    kafka = MskKafka(read(strict.environment()))
    sent = 0
    until = time.monotonic() + rounds(PRODUCING_S, LONG_S)
    while time.monotonic() < until:
        records = [Outgoing(None, f"{sent + i}".encode(), []) for i in range(20)]
        produced = kafka.produce(name, records, Deadline.after(20))
        assert {"delivered"} == {outcome.status for outcome in produced.outcomes}
        sent += len(records)
    assert [f"{i}".encode() for i in range(sent)] == [m.value() for m in sight.records(name)]


def test_a_short_token_is_renewed_before_it_ends(strict: LocalMsk) -> None:
    """With tokens of 10 s a client that works on and on never meets an expired one."""
    settings = read(strict.environment())
    kafka = MskKafka(settings, TokenSource(settings, life_s=10))
    name = Eyes(strict.plaintext).create_topic()
    until = time.monotonic() + PRODUCING_S
    while time.monotonic() < until:
        kafka.begin_invocation()
        produced = kafka.produce(name, [Outgoing(None, b"x", [])], Deadline.after(20))
        assert produced.outcomes[0].status == "delivered"
