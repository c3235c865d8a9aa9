"""The function's own client without TLS and login: kcat has no IAM, so both go without."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msk_client.actions.call import Call
from msk_client.deadline import Deadline
from msk_client.kafka import MskKafka, clients
from msk_client.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.kafka.iam import Token
    from msk_client.settings import Settings


LONG_S = 840.0


def call(servers: str = "") -> Call:
    """Make a call with all the time of a long invocation; `servers` are without TLS and login."""
    own = settings()
    client = kafka(own, servers) if servers else MskKafka(own)
    return Call(lambda _: client, own, Deadline.after(LONG_S), "bench")


def kafka(known: Settings, servers: str) -> MskKafka:
    """Make the function's Kafka on a plaintext listener; the rest of this process has no other."""
    vars(clients)["construct"] = _construct
    return MskKafka(replace(known, kafka_endpoint=servers))


def _construct(
    cls: Callable[[dict[str, object]], object], config: dict[str, object], mint: Callable[[], Token]
) -> object:
    mint()
    login = ("security.protocol", "sasl.mechanisms", "ssl.ca.location")
    return cls({name: value for name, value in config.items() if name not in login})
