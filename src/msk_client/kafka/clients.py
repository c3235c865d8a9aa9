"""librdkafka's clients, made on first use, kept for warm starts, dropped when not to be trusted."""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from msk_client import errors
from msk_client.kafka import failures, properties
from msk_client.kafka.connection import C, Connection
from msk_client.kafka.construct import construct

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.deadline import Deadline
    from msk_client.kafka.iam import Token, TokenSource
    from msk_client.settings import Settings

LIBRARY_LOG = logging.getLogger("msk_client.librdkafka")
FIRST_SLICE_S = 0.1
LAST_SLICE_S = 2.0
JITTER_S = (0.02, 0.15)
NEWS_S = 3.0
"""How long a broker may take to hear of a topic that another one knows already."""

RETRY_S = 0.05
"""How long to wait before a question that may be answered soon is put again."""

FRESH_SHARE = 0.2
"""librdkafka renews a token when 20 % of its life is left; one with less was slept through."""

T = TypeVar("T")


@dataclass(frozen=True)
class Kind(Generic[C]):
    """A kind of client; one of each is kept."""

    name: str
    cls: type[C]
    config: Callable[[Settings], dict[str, object]]


PRODUCER = Kind("producer", Producer, properties.producer)
ADMIN = Kind("admin", AdminClient, properties.common)
COMMITTED_READER = Kind("reader", Consumer, lambda s: properties.consumer(s, read_committed=True))
UNCOMMITTED_READER = Kind(
    "uncommitted reader", Consumer, lambda s: properties.consumer(s, read_committed=False)
)


class Clients:
    """Holds one connection of each kind; times are wall clock, because a freeze may stop others."""

    def __init__(
        self, settings: Settings, tokens: TokenSource, clock: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings
        self.tokens = tokens
        self.clock = clock
        self._kept: dict[str, Connection[Any]] = {}
        self._made: dict[str, float] = {}

    def note_made(self, topic: str) -> None:
        """Remember that a topic was made now, by this function or by somebody else."""
        now = time.monotonic()
        self._made = {name: at for name, at in self._made.items() if now - at < NEWS_S}
        self._made[topic] = now

    def made_just_now(self, topic: str) -> bool:
        """Tell whether some brokers may not have heard of a topic yet."""
        return time.monotonic() - self._made.get(topic, -NEWS_S) < NEWS_S

    def drop_stale(self) -> None:
        """Drop what a thawed environment shouldn't use: idle connections and old tokens."""
        for name in [name for name, kept in self._kept.items() if self._stale(kept)]:
            self._kept.pop(name).discard()

    def drop_all(self) -> None:
        """Drop every client."""
        while self._kept:
            self._kept.popitem()[1].discard()

    def _stale(self, kept: Connection[Any]) -> bool:
        now_s = self.clock()
        life_s = kept.token.expires_at_s - kept.token.made_at_s
        slept_through = now_s > kept.token.expires_at_s - life_s * FRESH_SHARE
        return slept_through or not 0 <= now_s - kept.used_s <= properties.IDLE_LIMIT_S

    def get(self, kind: Kind[C]) -> Connection[C]:
        """Give the kept connection, unless it failed for good, or make one."""
        if kind.name in self._kept and self._kept[kind.name].fatal is not None:
            self.drop(kind)
        kept = self._kept.get(kind.name)
        if kept is None:
            kept = self._kept[kind.name] = self._make(kind)
        kept.used_s = self.clock()
        return cast("Connection[C]", kept)

    def drop(self, kind: Kind[C]) -> None:
        """Forget the client: the next call makes a new one."""
        if kind.name in self._kept:
            self._kept.pop(kind.name).discard()

    def _make(self, kind: Kind[C]) -> Connection[C]:
        """Mint first: what is wrong with the credentials is then said at once and in full."""
        connection: Connection[C] = Connection(
            cast("C", None),
            self.tokens.mint(),
            used_s=self.clock(),
            num_endpoints=self.settings.endpoint.count(",") + 1,
        )
        minted = [connection.token]

        def mint() -> Token:
            if minted:
                return minted.pop()
            try:
                connection.token = self.tokens.mint()
            except errors.MskClientError as problem:
                connection.renewal_failure = problem
                raise
            return connection.token

        hooks = {
            "error_cb": connection.hear,
            "stats_cb": connection.ledger.keep,
            "logger": LIBRARY_LOG,
        }
        try:
            config = kind.config(self.settings) | hooks
            connection.client = construct(kind.cls, config, mint)
        except KafkaException as problem:
            raise errors.InvalidSetting(
                f"librdkafka refused its configuration: {problem.args[0].str()}."
                " Check KAFKA_CLIENT_OPTIONS and KAFKA_CA_FILE."
            ) from problem
        return connection

    def ask(self, kind: Kind[C], question: Callable[[C, float], T], deadline: Deadline) -> T:
        """Put the first question of an operation, which finds out whether the cluster is there.

        `question` gets the client and a timeout in seconds. A transport or login failure is tried
        once more with a new client, after a jitter: a thawed environment's connection may be dead,
        and MSK refuses more than 100 new connections a second.
        """
        started_s = time.monotonic()
        limit = deadline.within(self.settings.connect_timeout_s)
        self.get(kind)  # without credentials there is nothing to try again
        try:
            return self._ask_once(kind, question, limit.within(limit.left_s / 2), started_s)
        except (errors.BrokerUnreachable, errors.AuthenticationFailed):
            self.drop(kind)
            if limit.left_s <= JITTER_S[1]:
                raise
        time.sleep(random.uniform(*JITTER_S))  # noqa: S311 - a jitter is no secret
        try:
            return self._ask_once(kind, question, limit, started_s)
        except (errors.BrokerUnreachable, errors.AuthenticationFailed):
            self.drop(kind)
            raise

    def _ask_once(
        self,
        kind: Kind[C],
        question: Callable[[C, float], T],
        limit: Deadline,
        started_s: float,
    ) -> T:
        """Ask in short slices and look in between at what librdkafka says about its connections."""
        connection = self.get(kind)
        connection.begin()
        slice_s = FIRST_SLICE_S
        while True:
            try:
                return question(connection.client, max(0.01, min(slice_s, limit.left_s)))
            except KafkaException as problem:
                if not _may_pass(problem.args[0]):
                    raise
            connection.listen()
            if connection.gave_up or limit.passed:
                raise self.failure(connection, time.monotonic() - started_s)
            slice_s = min(slice_s * 2, LAST_SLICE_S)

    def failure(self, connection: Connection[Any], waited_s: float) -> errors.MskClientError:
        """Make the exception for a client that reaches no broker, from what it said."""
        if connection.renewal_failure is not None:
            return connection.renewal_failure
        said = connection.said
        refused = [e.str() for e in said if e.code() == KafkaError._AUTHENTICATION]
        if refused:
            return failures.login_refused(
                refused[-1], connection.token, self.tokens.source, self.settings
            )
        telling = (KafkaError._SSL, KafkaError._RESOLVE, KafkaError._TRANSPORT)
        texts = [e.str() for code in telling for e in said if e.code() == code]
        return failures.unreachable(texts, self.settings, waited_s)


def _may_pass(error: KafkaError) -> bool:
    """Whether a question failed only because no broker was connected yet."""
    return error.code() in (
        KafkaError._TRANSPORT,
        KafkaError._TIMED_OUT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._SSL,
        KafkaError._AUTHENTICATION,
    )
