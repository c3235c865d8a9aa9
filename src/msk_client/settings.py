"""The function's settings: the only reader of the environment.

Every setting is documented in docs/operations.md. An empty variable counts as an absent one:
`sam local` sets `AWS_SESSION_TOKEN` to the empty string.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msk_client import settings_input, settings_mapping, settings_output
from msk_client.arn import CLUSTER, ClusterArn, Connectivity, cluster_arn, connectivity
from msk_client.client_options import ClientOptions, client_options
from msk_client.errors import InvalidSetting
from msk_client.settings_output import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = (
    "KAFKA_ENDPOINT",
    "MSK_CLUSTER_ARN",
    "MSK_CONNECTIVITY",
    "KAFKA_CONNECT_TIMEOUT_MS",
    "KAFKA_CA_FILE",
    "KAFKA_CLIENT_OPTIONS",
    "KAFKA_REGION",
    "ALLOWED_ACTIONS",
    "ALLOWED_TOPICS",
    "ALLOWED_GROUPS",
)

DEFAULT_CONNECT_TIMEOUT_MS = 8_000
MAX_CONNECT_TIMEOUT_MS = 900_000
BROKER = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")
MSK_HOST = re.compile(r"\.(?:kafka|kafka-serverless)\.([a-z0-9-]+)\.amazonaws\.com", re.IGNORECASE)
"""`boot-x.c2.kafka-serverless.REGION.amazonaws.com`, `b-1.x.c3.kafka.REGION.amazonaws.com`."""


@dataclass(frozen=True)
class Credentials:
    """AWS credentials as they stand in the environment; `repr` shows the key id only."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(repr=False)
    expires_at_s: float | None


@dataclass(frozen=True)
class Settings:
    """What the environment asks for; read once per execution environment."""

    kafka_endpoint: str | None
    cluster_arn: ClusterArn | None
    connectivity: Connectivity
    connect_timeout_ms: int
    ca_file: str | None
    client_options: ClientOptions = field(repr=False)  # a password may be among them
    kafka_region: str | None
    allowed_actions: tuple[str, ...] | None
    allowed_topics: tuple[str, ...] | None
    allowed_groups: tuple[str, ...] | None
    credentials: Credentials | None
    output: settings_output.Output = field(default_factory=settings_output.Output)
    mapping: settings_mapping.Mapping = field(default_factory=settings_mapping.Mapping)
    input: settings_input.Input = field(default_factory=settings_input.Input)

    @property
    def connect_timeout_s(self) -> float:
        """How long reaching a broker may take, in seconds."""
        return self.connect_timeout_ms / 1000

    @property
    def endpoint(self) -> str:
        """The bootstrap servers; raises `InvalidSetting` where there are none."""
        if self.kafka_endpoint is None:
            raise InvalidSetting(
                "KAFKA_ENDPOINT is not set, nor is MSK_CLUSTER_ARN: give the cluster's bootstrap"
                " servers as host:port, e.g."
                " boot-abc.c2.kafka-serverless.eu-west-1.amazonaws.com:9098, or the cluster's ARN,"
                " by which they are looked up."
            )
        return self.kafka_endpoint

    @property
    def region(self) -> str:
        """The region that tokens are signed for; raises `InvalidSetting` where it is unknown."""
        if self.kafka_region is None:
            raise InvalidSetting(
                "KAFKA_REGION is not set and the region can't be told from KAFKA_ENDPOINT,"
                " MSK_CLUSTER_ARN or AWS_REGION: set it to the region of the cluster, e.g."
                " eu-west-1."
            )
        return self.kafka_region


@cache
def settings() -> Settings:
    """Read the environment, once; raises `InvalidSetting` naming the variable."""
    return read({name: value for name, value in os.environ.items() if value.strip()})


def read(environ: Mapping[str, str]) -> Settings:
    """Make the settings from `environ`; raises `InvalidSetting` naming the variable."""
    cluster = environ.get("MSK_CLUSTER_ARN")
    return Settings(
        kafka_endpoint=_endpoint(environ),
        cluster_arn=None if cluster is None else cluster_arn(cluster, "MSK_CLUSTER_ARN"),
        connectivity=connectivity(environ.get("MSK_CONNECTIVITY", "private"), "MSK_CONNECTIVITY"),
        connect_timeout_ms=_connect_timeout_ms(environ),
        ca_file=_ca_file(environ),
        client_options=client_options(environ.get("KAFKA_CLIENT_OPTIONS", "{}")),
        kafka_region=_region(environ),
        allowed_actions=_actions(environ),
        allowed_topics=listed(environ, "ALLOWED_TOPICS"),
        allowed_groups=listed(environ, "ALLOWED_GROUPS"),
        credentials=_credentials(environ),
        output=settings_output.read(environ),
        mapping=settings_mapping.read(environ),
        input=settings_input.read(environ),
    )


def _endpoint(environ: Mapping[str, str]) -> str | None:
    """Refuse bootstrap servers that aren't host:port before anything waits for them."""
    if "KAFKA_ENDPOINT" not in environ:
        return None
    brokers = [broker.strip() for broker in environ["KAFKA_ENDPOINT"].split(",")]
    for broker in brokers:
        match = BROKER.fullmatch(broker)
        if match is None or not 0 < int(match[1]) <= 0xFFFF:  # noqa: PLR2004 - the last port
            raise InvalidSetting(
                f"KAFKA_ENDPOINT holds {broker!r}, which is not host:port: give the bootstrap"
                " servers without a scheme and with their port (9098 for IAM), separated by commas."
            )
    return ",".join(brokers)


def _connect_timeout_ms(environ: Mapping[str, str]) -> int:
    text = environ.get("KAFKA_CONNECT_TIMEOUT_MS", str(DEFAULT_CONNECT_TIMEOUT_MS)).strip()
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 0 < int(text) <= MAX_CONNECT_TIMEOUT_MS:
        raise InvalidSetting(
            f"KAFKA_CONNECT_TIMEOUT_MS is {text!r}: give milliseconds from 1 to"
            f" {MAX_CONNECT_TIMEOUT_MS}, e.g. {DEFAULT_CONNECT_TIMEOUT_MS}."
        )
    return int(text)


def _ca_file(environ: Mapping[str, str]) -> str | None:
    path = environ.get("KAFKA_CA_FILE")
    if path is not None and not Path(path).is_file():
        raise InvalidSetting(
            f"KAFKA_CA_FILE is {path!r}, where there is no file: give a PEM file with the"
            " certificates to trust, or leave it out to trust the system's."
        )
    return path


def _region(environ: Mapping[str, str]) -> str | None:
    """Tokens are signed for the cluster's region, which its host name or its ARN tells."""
    in_arn = CLUSTER.fullmatch(environ.get("MSK_CLUSTER_ARN", "").strip())
    named = MSK_HOST.search(environ.get("KAFKA_ENDPOINT", ""))
    sources = {
        "KAFKA_REGION": environ.get("KAFKA_REGION"),
        "KAFKA_ENDPOINT": named and named[1].lower(),
        "MSK_CLUSTER_ARN": in_arn and in_arn["region"],
        "AWS_REGION": environ.get("AWS_REGION"),
    }
    name, region = next(((name, text.strip()) for name, text in sources.items() if text), ("", ""))
    if region and not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-[0-9]+", region):
        raise InvalidSetting(f"{name} gives the region {region!r}: it isn't one such as eu-west-1.")
    return region or None


def _actions(environ: Mapping[str, str]) -> tuple[str, ...] | None:
    actions = listed(environ, "ALLOWED_ACTIONS")
    return None if actions is None else tuple(action.replace("-", "_") for action in actions)


def _credentials(environ: Mapping[str, str]) -> Credentials | None:
    """Take what Lambda puts into the environment; other sources are left to botocore."""
    if "AWS_ACCESS_KEY_ID" not in environ or "AWS_SECRET_ACCESS_KEY" not in environ:
        return None
    return Credentials(
        access_key_id=environ["AWS_ACCESS_KEY_ID"],
        secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        session_token=environ.get("AWS_SESSION_TOKEN"),
        expires_at_s=_expiry_s(environ),
    )


def _expiry_s(environ: Mapping[str, str]) -> float | None:
    """`AWS_CREDENTIAL_EXPIRATION` is what `aws configure export-credentials` writes."""
    text = environ.get("AWS_CREDENTIAL_EXPIRATION")
    if text is None:
        return None
    try:
        expiry = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidSetting(
            f"AWS_CREDENTIAL_EXPIRATION is {text!r}, which is not a time such as"
            " 2030-01-01T00:00:00+00:00."
        ) from None
    if expiry.tzinfo is None:
        raise InvalidSetting(f"AWS_CREDENTIAL_EXPIRATION is {text!r}: add its time zone, e.g. Z.")
    return expiry.timestamp()


def telemetry_names() -> tuple[str, str]:
    """Powertools' service and metrics namespace, with this function's names as defaults."""
    return (
        os.environ.get("POWERTOOLS_SERVICE_NAME") or "msk-lambda-client",
        os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "MskLambdaClient",
    )
