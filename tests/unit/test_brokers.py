"""Brokers looked up by the cluster's ARN: what MSK's API answers, and what becomes of it."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore import exceptions
from botocore.session import Session, get_session
from botocore.stub import Stubber

from msk_client.aws import brokers
from msk_client.deadline import Deadline
from msk_client.errors import (
    AuthenticationFailed,
    BrokerUnreachable,
    InvalidSetting,
    MskClientError,
    NotAuthorized,
    ThrottledOrBusy,
)
from msk_client.settings import Credentials, Settings, read
from tests.unit.invoking import ENVIRON
from tests.unit.test_cluster_arn import CLUSTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSPreparedRequest

    from msk_client.arn import Connectivity

HOST = "kafka.eu-west-1.amazonaws.com"
PRIVATE = "boot-x.c2.kafka-serverless.eu-west-1.amazonaws.com:9098"
OFFERED = {
    "BootstrapBrokerString": "b-1:9092",
    "BootstrapBrokerStringSaslScram": "b-1:9096",
    "BootstrapBrokerStringSaslIam": PRIVATE,
    "BootstrapBrokerStringVpcConnectivitySaslIam": "b-1.scram.x:14001,b-2.scram.x:14002",
    "BootstrapBrokerStringPublicSaslIam": "b-1-public:9198",
}


@pytest.fixture(autouse=True)
def new_environment() -> Iterator[None]:
    """Let each test begin in an execution environment of its own."""
    brokers.forget()
    yield
    brokers.forget()


@cache
def session() -> Session:
    """A session, which reads botocore's models once."""
    return get_session()


def settings_of(**environ: str) -> Settings:
    """Make settings that know only the cluster's ARN."""
    rest = {name: text for name, text in ENVIRON.items() if name != "KAFKA_ENDPOINT"}
    return read({**rest, "MSK_CLUSTER_ARN": CLUSTER, **environ})


def endpoint(seconds: float = 30, **environ: str) -> str:
    """Look the brokers up."""
    return brokers.endpoint(settings_of(**environ), Deadline.after(seconds))


@contextmanager
def msk_api(patch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Answer for MSK's API, and check each request against botocore's model of it."""
    client = session().create_client(
        "kafka", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    patch.setattr(brokers, "_client", lambda *_: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answers(stubber: Stubber, answer: dict[str, str]) -> None:
    """Answer the next question."""
    stubber.add_response("get_bootstrap_brokers", answer, {"ClusterArn": CLUSTER})


def refuses(stubber: Stubber, code: str, status: int, text: str = "no") -> None:
    """Refuse the next question."""
    stubber.add_client_error("get_bootstrap_brokers", code, text, status)


def failure(patch: pytest.MonkeyPatch, code: str, status: int, text: str = "no") -> MskClientError:
    """Answer what a refusal becomes."""
    with msk_api(patch) as api:
        refuses(api, code, status, text)
        with pytest.raises(MskClientError) as caught:
            endpoint()
    return caught.value


# Found


@pytest.mark.parametrize("connectivity", brokers.FIELDS)
def test_the_listener_for_iam(connectivity: Connectivity, monkeypatch: pytest.MonkeyPatch) -> None:
    """MSK_CONNECTIVITY chooses among the cluster's listeners for IAM, and no other is taken."""
    with msk_api(monkeypatch) as api:
        answers(api, OFFERED)
        expected = OFFERED[brokers.FIELDS[connectivity]]
        assert expected == endpoint(MSK_CONNECTIVITY=connectivity)


def test_the_brokers_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment asks once."""
    with msk_api(monkeypatch) as api:
        answers(api, OFFERED)
        assert [PRIVATE] * 3 == [endpoint() for _ in range(3)]


def test_a_failed_look_up_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failure the next invocation asks again."""
    with msk_api(monkeypatch) as api:
        refuses(api, "InternalServerErrorException", 500)
        answers(api, {"BootstrapBrokerString": "b-1:9092"})
        answers(api, OFFERED)
        for expected in (ThrottledOrBusy, InvalidSetting):
            with pytest.raises(expected):
                endpoint()
        assert PRIVATE == endpoint()


def test_an_endpoint_makes_it_needless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where KAFKA_ENDPOINT is set too, it is taken, and nobody is asked."""
    with msk_api(monkeypatch):
        assert "b-9:9098" == endpoint(KAFKA_ENDPOINT="b-9:9098")


def test_neither_is_set() -> None:
    """Without both the error names both settings."""
    with pytest.raises(InvalidSetting, match=r"^KAFKA_ENDPOINT is not set, nor is MSK_CLUSTER_ARN"):
        brokers.endpoint(read({}), Deadline.after(1))


# Not found


@pytest.mark.parametrize(
    ("code", "status", "text", "expected", "told"),
    [
        ("AccessDeniedException", 403, "no", NotAuthorized, f"GetBootstrapBrokers on {CLUSTER}"),
        ("ForbiddenException", 403, "no", NotAuthorized, "set KAFKA_ENDPOINT"),
        ("UnauthorizedException", 401, "no", AuthenticationFailed, "have expired"),
        ("UnrecognizedClientException", 403, "no", AuthenticationFailed, "credentials"),
        ("ExpiredTokenException", 403, "no", AuthenticationFailed, "have expired"),
        ("InvalidSignatureException", 403, "no", AuthenticationFailed, "clock"),
        ("TooManyRequestsException", 429, "no", ThrottledOrBusy, "try again"),
        ("InternalServerErrorException", 500, "no", ThrottledOrBusy, "try again"),
        ("ConflictException", 409, "no", ThrottledOrBusy, "try again"),
        ("BadRequestException", 400, "cluster in CREATING state.", ThrottledOrBusy, "is active"),
        ("BadRequestException", 400, "a cluster in FAILED state.", InvalidSetting, "FAILED"),
        ("BadRequestException", 400, "a cluster in DELETING state.", InvalidSetting, "DELETING"),
        ("BadRequestException", 400, "no such cluster", InvalidSetting, "list-clusters-v2"),
        ("NotFoundException", 404, "no such cluster", InvalidSetting, "no such cluster"),
    ],
)  # fmt: skip
def test_a_refusal(  # noqa: PLR0913, PLR0917 - what a refusal is made of
    code: str,
    status: int,
    text: str,
    expected: type[MskClientError],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each refusal becomes the class that tells what to do, with the ARN and MSK's own words."""
    problem = failure(monkeypatch, code, status, text)
    assert expected is type(problem)
    for part in (CLUSTER, told, f"[{code}, HTTP {status}: {text}]"):
        assert part in str(problem)


def test_no_listener_for_iam(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster without IAM authentication is an error that says how to turn it on."""
    with msk_api(monkeypatch) as api:
        answers(api, {"BootstrapBrokerString": "b-1:9092"})
        with pytest.raises(InvalidSetting, match="turn on IAM role-based authentication"):
            endpoint()


def test_a_listener_of_another_connectivity(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that is reached in another way is an error that names the way."""
    with msk_api(monkeypatch) as api:
        answers(api, {"BootstrapBrokerStringSaslIam": PRIVATE})
        with pytest.raises(InvalidSetting) as caught:
            endpoint(MSK_CONNECTIVITY="public")
    assert "by the connectivity public: it has one for private" in str(caught.value)


def raising(patch: pytest.MonkeyPatch, problem: Exception) -> None:
    """Let the question fail on its way."""

    def fail(**_: str) -> None:
        raise problem

    meta = SimpleNamespace(endpoint_url=f"https://{HOST}")
    client = SimpleNamespace(get_bootstrap_brokers=fail, meta=meta, close=lambda: None)
    patch.setattr(brokers, "_client", lambda *_: client)


@pytest.mark.parametrize(
    "problem",
    [
        exceptions.EndpointConnectionError(endpoint_url=HOST, error="refused"),
        exceptions.ConnectTimeoutError(endpoint_url=HOST),
        exceptions.ReadTimeoutError(endpoint_url=HOST),
        exceptions.ConnectionClosedError(endpoint_url=HOST),
        exceptions.SSLError(endpoint_url=HOST, error="certificate"),
        exceptions.ProxyConnectionError(proxy_url="http://proxy"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_an_api_out_of_reach(problem: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where MSK's API can't be reached the error names its host, the VPC endpoint and the NAT."""
    raising(monkeypatch, problem)
    with pytest.raises(BrokerUnreachable) as caught:
        endpoint()
    for part in (HOST, CLUSTER, str(problem), "aws.api.eu-west-1.kafka-api", "NAT gateway"):
        assert part in str(caught.value)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials there is nothing to ask with."""
    raising(monkeypatch, exceptions.NoCredentialsError())
    with pytest.raises(
        AuthenticationFailed, match=r"Unable to locate credentials\. Check the function's role"
    ):
        endpoint()


def test_a_bug_stays_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is none of botocore's errors is raised as it is."""
    raising(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        endpoint()


@pytest.mark.parametrize(("seconds", "timeout_ms"), [(0.05, "8000"), (30, "50")])
def test_silence_ends_in_time(
    seconds: float, timeout_ms: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An API that never answers is given up at the deadline, or after the connect timeout."""
    never = Event()

    def wait(*_: object) -> None:
        never.wait(60)

    monkeypatch.setattr(brokers, "_client", wait)
    monkeypatch.setattr(brokers, "GRACE_S", 0.0)
    with pytest.raises(BrokerUnreachable) as caught:
        endpoint(seconds, KAFKA_CONNECT_TIMEOUT_MS=timeout_ms)
    never.set()
    assert f"{HOST} could not be asked" in str(caught.value)
    assert "no answer within 0.0 s" in str(caught.value) or "0.1 s" in str(caught.value)


# The client


class _SentError(Exception):
    """Instead of sending."""


@pytest.mark.parametrize(("wish", "host"), [("", HOST), ("true", "kafka-api.eu-west-1.api.aws")])
def test_the_name_that_new_vpc_endpoints_answer_for(
    wish: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_USE_DUALSTACK_ENDPOINT has the API asked by the name of an endpoint for kafka-api."""
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", wish)
    client: Any = brokers._client("eu-west-1", Credentials("AKIDEXAMPLE", "secret", None, None), 1)
    asked: list[str] = []

    def note(request: AWSPreparedRequest, **_: object) -> None:
        asked.append(urlsplit(request.url).netloc)
        raise _SentError

    client.meta.events.register("before-send", note)
    with pytest.raises(_SentError):
        client.get_bootstrap_brokers(ClusterArn=CLUSTER)
    assert [host] == asked


def test_the_client_asks_the_clusters_region() -> None:
    """The client has the ARN's region, the environment's credentials and the time that is left."""
    keys = Credentials("AKIDEXAMPLE", "secret", "token", None)
    client: Any = brokers._client("ap-southeast-2", keys, 1.5)
    assert "https://kafka.ap-southeast-2.amazonaws.com" == client.meta.endpoint_url
    config = client.meta.config
    assert (1.5, 1.5) == (config.connect_timeout, config.read_timeout)
    frozen = client._request_signer._credentials.get_frozen_credentials()
    assert ("AKIDEXAMPLE", "secret", "token") == tuple(frozen)[:3]


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_KAFKA", "AWS_ENDPOINT_URL"])
def test_an_endpoint_that_is_no_url(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What botocore can't take for a URL is a wrong setting, told with both names and its value."""
    monkeypatch.setenv(name, "no url")
    with pytest.raises(InvalidSetting, match=r"no url.*AWS_ENDPOINT_URL_KAFKA") as caught:
        endpoint()
    assert "AWS_ENDPOINT_URL)" in str(caught.value)
