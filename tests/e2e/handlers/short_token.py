"""The function with tokens that live 10 s, so that a test can sleep through one."""

from __future__ import annotations

from functools import cache

from msk_client import handler
from msk_client.kafka import MskKafka
from msk_client.kafka.iam import TokenSource
from msk_client.settings import settings


@cache
def kafka(_brokers: str) -> MskKafka:
    """The cluster with short tokens."""
    return MskKafka(settings(), TokenSource(settings(), life_s=10))


handler.kafka = kafka
lambda_handler = handler.lambda_handler
