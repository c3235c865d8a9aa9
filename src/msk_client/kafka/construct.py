"""Makes a librdkafka client without the second that its Python constructor sleeps.

Since confluent-kafka 2.13 a constructor given `oauth_cb` sleeps in steps of 1 s until the token is
there; the callback needs the interpreter lock, which the constructor holds until its first sleep,
so the first second is always lost (confluent-kafka-python#2164). The client itself is complete
before that sleep. So `__init__` runs in a thread of its own, and the caller goes on as soon as the
callback has fired. The plain `cls(config)` does the same, slower: it is the way back should a
later version break this. tests/integration/test_construct.py pins what is relied on.
"""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.kafka.iam import Token

C = TypeVar("C")
LONGEST_WAIT_S = 5.0
"""A client without its token so long is used all the same, and says itself what is wrong."""


def construct(cls: type[C], config: dict[str, object], mint: Callable[[], Token]) -> C:
    """Make `cls(config)` with tokens from `mint`; raises what the constructor raises."""
    client = cls.__new__(cls)
    ready = Event()
    problems: list[BaseException] = []

    def oauth_cb(_config: str) -> tuple[str, float, str, dict[str, str]]:
        try:
            token = mint()
            return token.text, token.expires_at_s, token.principal, {}
        finally:
            ready.set()

    def initialise() -> None:
        try:
            cls.__init__(client, {**config, "oauth_cb": oauth_cb})  # type: ignore[call-arg] # of any client
        except BaseException as problem:  # noqa: BLE001 - raised again in the caller's thread
            problems.append(problem)
        finally:
            ready.set()

    Thread(target=initialise, name=f"construct-{cls.__name__}", daemon=True).start()
    ready.wait(LONGEST_WAIT_S)
    if problems:
        raise problems[0]
    return client
