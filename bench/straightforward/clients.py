"""Clients of MSK with IAM, as the signer's README makes them."""
# ruff: noqa: TID251 - not part of the function

from __future__ import annotations

import os
from functools import cache
from typing import Any

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from confluent_kafka import Producer


def oauth_cb(_config: str) -> tuple[str, float]:
    """Return a token and its end in seconds."""
    token, expiry_ms = MSKAuthTokenProvider.generate_auth_token(os.environ["AWS_REGION"])
    return token, expiry_ms / 1000


def config(**more: object) -> dict[str, Any]:
    """Return the configuration of a client for MSK with IAM."""
    return {
        "bootstrap.servers": os.environ["KAFKA_ENDPOINT"],
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": oauth_cb,
        "ssl.ca.location": os.environ["KAFKA_CA_FILE"],
        "client.id": "straightforward",
        **more,
    }


@cache
def producer() -> Producer:
    """Return the producer of this environment."""
    return Producer(config())
