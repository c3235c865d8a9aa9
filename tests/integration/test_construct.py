"""What the fast construction of a client relies on in the installed confluent-kafka."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from msk_client.kafka import properties
from msk_client.kafka.construct import construct
from msk_client.kafka.iam import TokenSource
from msk_client.settings import read

if TYPE_CHECKING:
    from local.msk import LocalMsk

KINDS: list[tuple[type[Any], Any]] = [
    (Producer, properties.producer),
    (AdminClient, properties.common),
    (Consumer, lambda settings: properties.consumer(settings, read_committed=True)),
]
each_kind = pytest.mark.parametrize(("cls", "config"), KINDS, ids=["producer", "admin", "consumer"])


@each_kind
def test_a_client_works_while_its_constructor_still_sleeps(
    msk: LocalMsk,
    cls: type[Any],
    config: Any,  # noqa: ANN401 - one function of several
) -> None:
    """The client answers a question before its `__init__` has returned."""
    settings = read(msk.environment())
    others = set(threading.enumerate())
    client = construct(cls, config(settings), TokenSource(settings).mint)
    sleeping = {t.name for t in threading.enumerate() if t not in others}
    assert client.list_topics(timeout=20).brokers
    assert f"construct-{cls.__name__}" in sleeping


@each_kind
def test_the_plain_constructor_is_the_way_back(
    msk: LocalMsk,
    cls: type[Any],
    config: Any,  # noqa: ANN401 - one function of several
) -> None:
    """`cls(config)` with the same token makes a client that works as well."""
    settings = read(msk.environment())
    token = TokenSource(settings).mint()

    def oauth_cb(_: str) -> tuple[str, float]:
        return token.text, token.expires_at_s

    client = cls({**config(settings), "oauth_cb": oauth_cb})
    assert client.list_topics(timeout=20).brokers


def test_a_refused_configuration_is_raised_to_the_caller(msk: LocalMsk) -> None:
    """What the constructor raises in its thread is raised where the client was asked for."""
    settings = read(msk.environment())
    config = {**properties.common(settings), "no.such.property": "x"}
    with pytest.raises(KafkaException, match=r"no\.such\.property"):
        construct(Producer, config, TokenSource(settings).mint)


def test_the_expiry_of_a_token_is_given_in_seconds(msk: LocalMsk) -> None:
    """librdkafka asks for the next token at 80 % of a life that it takes to be in seconds."""
    settings = read(msk.environment())
    minted: list[float] = []
    source = TokenSource(settings, life_s=5)
    mint = source.mint

    def count() -> Any:  # noqa: ANN401 - a token
        minted.append(time.monotonic())
        return mint()

    client = construct(Producer, properties.producer(settings), count)
    until = time.monotonic() + 20
    while len(minted) < 2 and time.monotonic() < until:
        client.poll(0.05)
    assert 3 < minted[1] - minted[0] < 8
