"""A cluster's bootstrap servers, looked up by its ARN with MSK's own API."""

from __future__ import annotations

from contextlib import closing
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msk_client import errors
from msk_client.aws import failures

if TYPE_CHECKING:
    from msk_client.arn import ClusterArn, Connectivity
    from msk_client.deadline import Deadline
    from msk_client.settings import Credentials, Settings

FIELDS: dict[Connectivity, str] = {
    "private": "BootstrapBrokerStringSaslIam",
    "vpc_connection": "BootstrapBrokerStringVpcConnectivitySaslIam",
    "public": "BootstrapBrokerStringPublicSaslIam",
}
"""How the cluster is reached -> the field of MSK's answer that has its listener for IAM."""

GRACE_S = 0.2
"""botocore ends an attempt at its timeout, and says more about it than silence does."""

_found: dict[tuple[str, str], str] = {}


def endpoint(settings: Settings, deadline: Deadline) -> str:
    """Answer KAFKA_ENDPOINT, else what MSK says of MSK_CLUSTER_ARN, asked once per environment."""
    if settings.kafka_endpoint is not None or settings.cluster_arn is None:
        return settings.endpoint
    key = settings.cluster_arn.text, settings.connectivity
    if key not in _found:
        limit = deadline.within(settings.connect_timeout_s)
        answer = ask(settings.cluster_arn, settings.credentials, limit)
        brokers = listener(answer, settings.connectivity)
        if brokers is None:
            raise failures.no_listener(settings.cluster_arn, settings.connectivity, offered(answer))
        _found[key] = brokers
    return _found[key]


def forget() -> None:
    """Forget what was looked up, as a new environment has."""
    _found.clear()


def listener(answer: dict[str, str], connectivity: Connectivity) -> str | None:
    """Take the listener for IAM out of MSK's answer; None where there is none (yet)."""
    return answer.get(FIELDS[connectivity]) or None


def offered(answer: dict[str, str]) -> list[Connectivity]:
    """Tell by which ways the cluster can be reached with IAM."""
    return [name for name in FIELDS if listener(answer, name) is not None]


def ask(cluster: ClusterArn, credentials: Credentials | None, limit: Deadline) -> dict[str, str]:
    """Call GetBootstrapBrokers; raises one of our errors, by `limit` at the latest.

    In a thread, because a host name can have many addresses, and each is tried for as long as a
    connection may take.
    """
    found: list[dict[str, str] | Exception] = []
    asked: list[str] = []

    def call() -> None:
        try:
            found.append(_call(cluster, credentials, max(0.1, limit.left_s), asked))
        except Exception as problem:  # noqa: BLE001 - raised again in the caller's thread
            found.append(problem)

    calling = Thread(target=call, name="brokers", daemon=True)
    waiting_s = limit.left_s
    calling.start()
    calling.join(waiting_s + GRACE_S)
    if not found:
        why = f"no answer within {waiting_s:.1f} s"
        raise failures.unreachable(cluster, next(iter(asked), ""), why)
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def _call(
    cluster: ClusterArn, credentials: Credentials | None, timeout_s: float, asked: list[str]
) -> dict[str, str]:
    from botocore import exceptions  # noqa: PLC0415 - dear at cold start, and only needed here

    try:
        with closing(_client(cluster.region, credentials, timeout_s)) as client:
            asked.append(urlsplit(client.meta.endpoint_url).netloc)
            answer: dict[str, str] = client.get_bootstrap_brokers(ClusterArn=cluster.text)
    except exceptions.ClientError as problem:
        raise failures.refused(cluster, problem.response) from problem
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as problem:
        raise failures.unreachable(cluster, next(iter(asked), ""), str(problem)) from problem
    except exceptions.BotoCoreError as problem:
        raise errors.AuthenticationFailed(
            f"MSK could not be asked for the brokers of {cluster.text}:"
            f" {str(problem).rstrip('.')}. Check the function's role, or the source of AWS"
            " credentials that is configured."
        ) from problem
    except ValueError as problem:  # what botocore says of an endpoint that is no URL
        raise errors.InvalidSetting(
            f"MSK's API can't be asked for the brokers of {cluster.text}: {problem}. Give"
            " AWS_ENDPOINT_URL_KAFKA (or AWS_ENDPOINT_URL) as https://host, or remove it."
        ) from problem
    return answer


def _client(region: str, credentials: Credentials | None, timeout_s: float) -> Any:  # noqa: ANN401 - untyped there
    from botocore.config import Config  # noqa: PLC0415 - same
    from botocore.session import get_session  # noqa: PLC0415 - same

    keys: dict[str, str | None] = {}
    if credentials is not None:  # else botocore looks for some itself
        keys = {
            "aws_access_key_id": credentials.access_key_id,
            "aws_secret_access_key": credentials.secret_access_key,
            "aws_session_token": credentials.session_token,
        }
    config = Config(
        connect_timeout=timeout_s,
        read_timeout=timeout_s,
        retries={"mode": "standard", "total_max_attempts": 2},
    )
    return get_session().create_client("kafka", region_name=region, config=config, **keys)
