"""The function's own client without TLS and login: kcat has no IAM, so both go without."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msk_client.kafka import MskKafka, clients

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.kafka.iam import Token
    from msk_client.settings import Settings


def kafka(settings: Settings, servers: str) -> MskKafka:
    """Make the function's Kafka on a plaintext listener; the rest of this process has no other."""
    vars(clients)["construct"] = _construct
    return MskKafka(replace(settings, kafka_endpoint=servers))


def _construct(
    cls: Callable[[dict[str, object]], object], config: dict[str, object], mint: Callable[[], Token]
) -> object:
    mint()
    login = ("security.protocol", "sasl.mechanisms", "ssl.ca.location")
    return cls({name: value for name, value in config.items() if name not in login})
