"""One librdkafka client and what it has told about itself."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from msk_client.kafka.outcomes import Ledger

if TYPE_CHECKING:
    from msk_client.errors import MskClientError
    from msk_client.kafka.iam import Token

C = TypeVar("C", Producer, Consumer, AdminClient)

LOST = frozenset({KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN})
FAILED = frozenset({KafkaError._TRANSPORT, KafkaError._RESOLVE, KafkaError._SSL})
TRIES = 3
"""Failed connections to each bootstrap server after which a client has no hope of its own."""

NO_WAY_IN = frozenset({KafkaError._ALL_BROKERS_DOWN, KafkaError._AUTHENTICATION})


@dataclass(frozen=True)
class KnownPartitions:
    """How many partitions a topic had when it was last looked up, in wall clock seconds."""

    count: int
    asked_at_s: float


@dataclass
class Connection(Generic[C]):
    """A client, the token it logged in with, and its errors since the operation began."""

    client: C
    token: Token
    used_s: float
    """Wall clock seconds of the last use."""

    num_endpoints: int = 1

    settled: bool = False
    """Whether the connection to a broker learned from the bootstrap servers is up."""

    partitions: dict[str, KnownPartitions] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    said: list[KafkaError] = field(default_factory=list)
    fatal: KafkaError | None = None
    renewal_failure: MskClientError | None = None
    _no_way_in_since: float | None = None

    def hear(self, error: KafkaError) -> None:
        """Take an error of librdkafka (its `error_cb`, called from `poll` and `flush`)."""
        self.said.append(error)
        if error.fatal() or error.code() == KafkaError._FATAL:
            self.fatal = self.fatal or error
        if error.code() in NO_WAY_IN and self._no_way_in_since is None:
            self._no_way_in_since = time.monotonic()

    def listen(self, timeout_s: float = 0) -> None:
        """Serve the callbacks, so that librdkafka's errors are heard; a fatal one is raised."""
        try:
            self.client.poll(timeout_s)
        except KafkaException as problem:
            self.hear(problem.args[0])

    def begin(self) -> None:
        """Start an operation: what was said before, while idle, doesn't count."""
        self.listen()
        self.said.clear()
        self.progress()

    def progress(self) -> None:
        """A broker answered: earlier troubles are over."""
        self._no_way_in_since = None

    @property
    def gave_up(self) -> bool:
        """Whether this client found no way in, as far as it has tried.

        librdkafka mostly says that all brokers are down, but not always.
        """
        failures = sum(error.code() in FAILED for error in self.said)
        return (
            self.renewal_failure is not None
            or self._no_way_in_since is not None
            or failures >= TRIES * self.num_endpoints
        )

    @property
    def lost_a_connection(self) -> bool:
        """Whether an answer may have been lost since the operation began."""
        return any(error.code() in LOST for error in self.said)

    def down_for_s(self) -> float:
        """Seconds without a way in, 0 while there is one."""
        since = self._no_way_in_since
        return 0.0 if since is None else time.monotonic() - since

    def discard(self) -> None:
        """Let go of the client in a thread of its own: closing it can take seconds.

        The client holds this object by its callbacks, so without this it would be closed whenever
        Python's cycle collector comes by, in the middle of some later call.
        """
        last_reference = [self.client]
        del self.client
        Thread(target=last_reference.clear, name="discard", daemon=True).start()
