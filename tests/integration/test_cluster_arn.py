"""A function that knows only the cluster's ARN, on a real Kafka and a loopback MSK API."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from msk_client.errors import (
    AuthenticationFailed,
    BrokerUnreachable,
    InvalidRequest,
    InvalidSetting,
    MskClientError,
    NotAuthorized,
)
from tests.integration.msk_api import CLUSTER, MskApi, msk_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk
    from tests.integration.conftest import CallFunction

PING = {"action": "ping"}
SECONDS = 10
"""More than any of these failures may take."""


@pytest.fixture(name="api")
def an_msk_api(msk: LocalMsk) -> Iterator[MskApi]:
    """MSK's API, as it knows the session's cluster."""
    with msk_api(msk.environment()["KAFKA_ENDPOINT"]) as api:
        yield api


@pytest.fixture(name="call")
def a_function_that_knows_the_arn(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], api: MskApi
) -> CallFunction:
    """The function without KAFKA_ENDPOINT."""
    return invoke_on(msk, **api.environment())


def fails(call: CallFunction, kind: type[MskClientError]) -> str:
    """Answer the text of a failure that came within seconds."""
    started = time.monotonic()
    with pytest.raises(kind) as raised:
        call(PING)
    assert kind is type(raised.value)
    assert time.monotonic() - started < SECONDS
    return str(raised.value)


def test_records_go_there_and_back(call: CallFunction, api: MskApi, msk: LocalMsk) -> None:
    """Every action works on the cluster that the ARN names, and MSK's API is asked once."""
    brokers = msk.environment()["KAFKA_ENDPOINT"]
    assert brokers == call(PING)["endpoint"]
    topic = {"topic": "by-arn"}
    assert 2 == call({"action": "produce", **topic})["produced"]
    assert 2 == call({"action": "consume", **topic})["count"]
    assert "by-arn" in {found["name"] for found in call({"action": "list_topics"})["topics"]}
    assert 1 == len(api.asked)


def test_the_question_is_signed_for_the_arns_region(call: CallFunction, api: MskApi) -> None:
    """The question is signed with the function's credentials, for MSK's API in the ARN's region."""
    call(PING)
    (_, authorization), *_ = api.asked
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=")
    assert "/us-east-1/kafka/aws4_request" in authorization


def test_a_new_environment_asks_again(call: CallFunction, api: MskApi) -> None:
    """The brokers are kept for the life of an environment, and no longer."""
    for fresh in (False, False, True):
        call(PING, fresh=fresh)
    assert 2 == len(api.asked)


def test_a_bad_event_asks_nothing(call: CallFunction, api: MskApi) -> None:
    """An event that is refused is refused before anything is looked up."""
    for event in (
        {"action": "ping", "no_such_field": 1},
        {"action": "consume", "topic": "orders", "from": "committed"},
    ):
        with pytest.raises(InvalidRequest):
            call(event)
    assert [] == api.asked


def test_a_role_without_permission(call: CallFunction, api: MskApi, msk: LocalMsk) -> None:
    """A refused look-up names the permission and the ARN, and isn't kept."""
    answer = api.answer
    api.refuse(403, "AccessDeniedException", "User: x is not authorized to perform: kafka:Get")
    text = fails(call, NotAuthorized)
    assert f"kafka:GetBootstrapBrokers on {CLUSTER}" in text
    api.status, api.answer = 200, answer
    assert msk.environment()["KAFKA_ENDPOINT"] == call(PING)["endpoint"]


def test_an_expired_token(call: CallFunction, api: MskApi) -> None:
    """Credentials that MSK's API refuses are told apart from a missing permission."""
    api.refuse(403, "ExpiredTokenException", "The security token is expired")
    assert "have expired" in fails(call, AuthenticationFailed)


def test_no_such_cluster(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], api: MskApi
) -> None:
    """An ARN that MSK doesn't know is a wrong setting, named with its value."""
    other = CLUSTER.replace("local-msk", "other")
    call = invoke_on(msk, **api.environment() | {"MSK_CLUSTER_ARN": other})
    assert f"MSK_CLUSTER_ARN is {other}" in fails(call, InvalidSetting)


def test_no_listener(msk: LocalMsk, invoke_on: Callable[..., CallFunction], api: MskApi) -> None:
    """A cluster that isn't reached by a VPC connection is told with the way that there is."""
    call = invoke_on(msk, **api.environment(), MSK_CONNECTIVITY="vpc_connection")
    assert "it has one for private" in fails(call, InvalidSetting)


@pytest.fixture(name="silent", params=["refuses", "is silent"])
def an_address_without_an_api(request: pytest.FixtureRequest) -> Iterator[str]:
    """A port that is bound and refuses, or takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "is silent":
            listener.listen(64)
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_an_api_out_of_reach(
    msk: LocalMsk, invoke_on: Callable[..., CallFunction], api: MskApi, silent: str
) -> None:
    """An API that can't be reached is given up in time, with its host, and what the VPC needs."""
    away = {"AWS_ENDPOINT_URL_KAFKA": f"http://{silent}", "KAFKA_CONNECT_TIMEOUT_MS": "1000"}
    text = fails(invoke_on(msk, **api.environment() | away), BrokerUnreachable)
    for part in (f"MSK's API at {silent}", "aws.api.us-east-1.kafka-api", "NAT gateway"):
        assert part in text


def test_no_credentials(msk: LocalMsk, invoke_on: Callable[..., CallFunction], api: MskApi) -> None:
    """Without credentials the look-up fails as the login would."""
    nothing: dict[str, Any] = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "")
    places = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    environ = {**api.environment(), **nothing, **places, "AWS_EC2_METADATA_DISABLED": "true"}
    assert "credentials" in fails(invoke_on(msk, **environ), AuthenticationFailed)
    assert [] == api.asked
