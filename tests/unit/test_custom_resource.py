"""The custom resource: what CloudFormation is answered, and how long is waited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from msk_client import settings
from msk_client.aws import brokers, custom_resource
from msk_client.errors import (
    AuthenticationFailed,
    BrokerUnreachable,
    InvalidRequest,
    InvalidSetting,
    NotAuthorized,
    ThrottledOrBusy,
)
from tests.unit.invoking import Clock, Context
from tests.unit.test_brokers import OFFERED, PRIVATE
from tests.unit.test_cluster_arn import CLUSTER

if TYPE_CHECKING:
    from msk_client.deadline import Deadline

URL = "https://cloudformation.example/answer?X-Amz-Signature=s3cr3t"
COMMON = {"StackId": "arn:stack/x", "RequestId": "r-1", "LogicalResourceId": "Brokers"}


class Stage:
    """MSK's API and CloudFormation, on a clock that is moved by whoever sleeps."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.clock = Clock(patch)
        self.started_s = self.clock.now_s
        self.says: list[dict[str, str] | Exception] = [OFFERED]
        self.asked: list[str] = []
        self.sent: list[tuple[str, dict[str, Any], float]] = []
        patch.setattr(brokers, "ask", self.ask)
        patch.setattr(custom_resource, "_put", self.put)
        settings.settings.cache_clear()

    def ask(self, cluster: Any, _credentials: object, _limit: Deadline) -> dict[str, str]:  # noqa: ANN401 - an ARN
        """Say the next thing, the last one again and again."""
        self.asked.append(cluster.text)
        said = self.says[0] if len(self.says) == 1 else self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    def put(self, url: str, answer: dict[str, Any], deadline: Deadline) -> None:
        """Take CloudFormation's answer, with the time that is left for sending it."""
        self.sent.append((url, answer, deadline.left_s))

    def run(
        self, kind: str = "Create", remaining_ms: int = 60_000, **fields: object
    ) -> dict[str, Any]:
        """Play CloudFormation; answers what it was sent."""
        event = {
            **COMMON,
            "RequestType": kind,
            "ResponseURL": URL,
            "ResourceProperties": {"ServiceToken": "arn:function", "ClusterArn": CLUSTER},
            **fields,
        }
        returned = custom_resource.on_event(event, Context(remaining_ms))
        (url, answer, _), *more = self.sent
        assert [] == more
        assert URL == url
        assert answer == returned
        return answer


@pytest.fixture(name="stage")
def a_stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """MSK's API knows the cluster."""
    return Stage(monkeypatch)


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_the_brokers_are_an_attribute(stage: Stage, kind: str) -> None:
    """A template is told the brokers, and the resource is called by the cluster's ARN."""
    expected = {
        **COMMON,
        "Status": "SUCCESS",
        "PhysicalResourceId": CLUSTER,
        "Data": {"BootstrapBrokers": PRIVATE},
    }
    assert expected == stage.run(kind)


def test_another_connectivity(stage: Stage) -> None:
    """The property `Connectivity` chooses the listener."""
    properties = {"ClusterArn": CLUSTER, "Connectivity": "public"}
    answer = stage.run(ResourceProperties=properties)
    assert OFFERED["BootstrapBrokerStringPublicSaslIam"] == answer["Data"]["BootstrapBrokers"]


def test_another_cluster_is_another_resource(stage: Stage) -> None:
    """An update to another cluster changes the physical id, so that the old one is deleted."""
    old = CLUSTER.replace("orders", "old")
    assert CLUSTER == stage.run("Update", PhysicalResourceId=old)["PhysicalResourceId"]


@pytest.mark.parametrize("properties", [{}, {"ClusterArn": "nonsense"}, None])
def test_deleting_always_succeeds(stage: Stage, properties: object) -> None:
    """There is nothing to delete, so a delete succeeds whatever it says, and asks nobody."""
    stage.says = [AuthenticationFailed("no")]
    answer = stage.run("Delete", PhysicalResourceId="x", ResourceProperties=properties)
    assert ("SUCCESS", "x") == (answer["Status"], answer["PhysicalResourceId"])
    assert [] == stage.asked


# Waiting


@pytest.mark.parametrize(
    "says",
    [
        {},
        {"BootstrapBrokerString": "b-1:9092"},
        ThrottledOrBusy("in CREATING state"),
        BrokerUnreachable("no answer"),
        NotAuthorized("not yet"),
    ],
    ids=lambda says: type(says).__name__ + str(len(str(says))),
)
def test_a_new_cluster_is_waited_for(stage: Stage, says: dict[str, str] | Exception) -> None:
    """What passes by itself is waited for: no brokers yet, a busy API, a role not known yet."""
    stage.says = [says, says, OFFERED]
    assert PRIVATE == stage.run()["Data"]["BootstrapBrokers"]
    assert 3 == len(stage.asked)


@pytest.mark.parametrize("remaining_ms", [900_000, 60_000, 10_000, 3_000])
def test_waiting_ends_in_time(stage: Stage, remaining_ms: int) -> None:
    """A cluster that gets no brokers is a failure, told while there is time to send it."""
    stage.says = [{}]
    answer = stage.run(remaining_ms=remaining_ms)
    assert "FAILED" == answer["Status"]
    assert answer["Reason"].startswith(
        f"InvalidSetting: ClusterArn is {CLUSTER}, a cluster without"
    )
    (_, _, left_s), *_ = stage.sent
    assert left_s >= min(custom_resource.ANSWER_S, remaining_ms / 1000 * 0.25)


def test_a_role_that_stays_refused(stage: Stage) -> None:
    """A refused role is waited for no longer than IAM takes to tell of a change."""
    stage.says = [NotAuthorized("it lacks kafka:GetBootstrapBrokers")]
    assert "GetBootstrapBrokers" in stage.run(remaining_ms=900_000)["Reason"]
    assert custom_resource.NEWS_S >= stage.clock.now_s - stage.started_s


# Failures


@pytest.mark.parametrize(
    "problem",
    [AuthenticationFailed("expired"), InvalidSetting("no such cluster"), ZeroDivisionError("bug")],
    ids=lambda problem: type(problem).__name__,
)
def test_a_failure_is_answered_at_once(stage: Stage, problem: Exception) -> None:
    """What doesn't pass, a bug too, is answered at once with its class and text."""
    stage.says = [problem]
    answer = stage.run()
    assert "FAILED" == answer["Status"]
    assert f"{type(problem).__name__}: {problem}" == answer["Reason"]
    assert CLUSTER == answer["PhysicalResourceId"]
    assert 1 == len(stage.asked)


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({}, "ClusterArn is ''"),
        (None, "ClusterArn is ''"),
        ({"ClusterArn": "orders"}, "ClusterArn is 'orders'"),
        ({"ClusterArn": ["orders"]}, "ClusterArn is "),
        ({"ClusterArn": CLUSTER, "Connectivity": "vpn"}, "Connectivity is 'vpn'"),
    ],
)
def test_bad_properties(stage: Stage, properties: object, named: str) -> None:
    """A property that is missing or wrong is a failure by its name, and nobody is asked."""
    answer = stage.run(ResourceProperties=properties)
    assert "FAILED" == answer["Status"]
    assert named in answer["Reason"]
    assert answer["PhysicalResourceId"]
    assert [] == stage.asked


def test_a_failed_update_keeps_its_resource(stage: Stage) -> None:
    """A failed update leaves the physical id, so that the rollback finds its resource."""
    stage.says = [InvalidSetting("no such cluster")]
    assert "old" == stage.run("Update", PhysicalResourceId="old")["PhysicalResourceId"]


def test_a_bad_setting_is_answered(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment variable that is wrong is a failure as well."""
    monkeypatch.setenv("KAFKA_CONNECT_TIMEOUT_MS", "soon")
    assert "KAFKA_CONNECT_TIMEOUT_MS is 'soon'" in stage.run()["Reason"]


def test_a_long_reason_is_cut(stage: Stage) -> None:
    """A reason leaves room for the rest of the 4 KB that CloudFormation takes."""
    stage.says = [InvalidSetting("é" * 7_000)]
    assert 1_500 >= len(stage.run()["Reason"].encode()) > 1_490


@pytest.mark.parametrize("url", [None, "", "file:///etc/passwd", 7])
def test_another_caller(stage: Stage, url: object) -> None:
    """An event that isn't CloudFormation's is refused: there is nobody to answer."""
    with pytest.raises(InvalidRequest, match="called by CloudFormation"):
        stage.run(ResponseURL=url)


def test_the_log_keeps_the_url_secret(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """The log tells the outcome, but not the URL, whose signature lets anybody answer."""
    stage.says = [ZeroDivisionError()]
    stage.run()
    written = capsys.readouterr().out
    assert "ZeroDivisionError" in written
    assert "s3cr3t" not in written
