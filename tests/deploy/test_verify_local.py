"""The same checks against the real function in AWS's emulator, on a real Kafka."""

from __future__ import annotations

import base64
import io
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from deploy.verify.run import verdict
from deploy.verify.subject import Options, Subject
from deploy.verify.verdict import Outcome
from local.lambda_runtime import Emulator
from local.lambda_runtime.function import what_is_lacking
from local.msk import CLUSTER_ARN, DEFAULT_ROLE, Role
from tests.deploy.verify_stage import BY_NAME, FUNCTION_ARN, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.msk import LocalMsk

TOO_LARGE = "RequestEntityTooLargeException"
TAIL_BYTES = 4096


@dataclass
class EmulatedLambda:
    """boto3's client of Lambda, with the emulator behind it."""

    emulator: Emulator
    variables: dict[str, str]

    def get_function_configuration(self, **_: str) -> dict[str, Any]:
        """See boto3."""
        environment = {"Variables": self.variables}
        told = {"FunctionArn": FUNCTION_ARN, "Role": LIMITED.arn}
        return {**told, "Environment": environment}

    def invoke(self, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3
        """See boto3; the emulator knows synchronous calls only."""
        assert "InvocationType" not in parameters
        logged = len(self.emulator.log())
        done = self.emulator.invoke(parameters["Payload"])
        if done.error_type == TOO_LARGE:
            raise error("Invoke", TOO_LARGE, 413)
        tail = self.emulator.log()[logged:].encode()[-TAIL_BYTES:]
        failed = {} if done.error_type is None else {"FunctionError": "Unhandled"}
        payload = {"Payload": io.BytesIO(done.raw)}
        return {**failed, **payload, "LogResult": base64.b64encode(tail).decode()}


@dataclass
class EmulatedLogs:
    """boto3's client of CloudWatch Logs, with the emulator's log behind it."""

    emulator: Emulator

    def filter_log_events(self, **_: object) -> dict[str, Any]:
        """See boto3; the pattern is taken for everything."""
        return {"events": [{"message": line} for line in self.emulator.log().splitlines()]}


class DenyingIam:
    """boto3's client of IAM for a role that may not do what is asked."""

    def simulate_principal_policy(self, **_: object) -> dict[str, Any]:
        """See boto3."""
        return {"EvaluationResults": [{"EvalDecision": "implicitDeny"}]}


LIMITED = Role(
    arn="arn:aws:iam::123456789012:role/limited",
    access_key_id="ASIALOCALNOTREAL0002",
    secret_access_key="another-secret-for-local-use-only",
    session_token=None,
    policy={
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "kafka-cluster:Connect", "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": ["kafka-cluster:*Topic", "kafka-cluster:*Data"],
                "Resource": "arn:aws:kafka:*:*:topic/*/*/verify-aws-*",
            },
        ],
    },
)
"""It may read and write topics of its own prefix: not idempotently, and no group."""


@pytest.fixture
def limited(msk: LocalMsk) -> Iterator[Subject]:
    """The function under a role that lacks what an assumption says is, or isn't, needed."""
    if (lacking := what_is_lacking()) is not None:
        pytest.skip(f"no Lambda runtime emulator: {lacking}")
    msk.set_roles(DEFAULT_ROLE, LIMITED)
    variables = msk.environment(LIMITED)
    with Emulator(variables, timeout_s=20) as emulator:
        yield subject_of(emulator, variables)
    msk.set_roles(DEFAULT_ROLE)


@pytest.fixture(scope="module")
def subject(msk: LocalMsk) -> Iterator[Subject]:
    """The function on the session's local MSK, telling the protocol's versions."""
    if (lacking := what_is_lacking()) is not None:
        pytest.skip(f"no Lambda runtime emulator: {lacking}")
    told = {
        "KAFKA_CLIENT_OPTIONS": json.dumps({"debug": "feature"}),
        "POWERTOOLS_LOG_LEVEL": "DEBUG",
    }
    variables = msk.environment() | told
    with Emulator(variables, timeout_s=20) as emulator:
        yield subject_of(emulator, variables)


def subject_of(emulator: Emulator, variables: dict[str, str]) -> Subject:
    """Put the emulator in the place of the deployed function; nothing here has quotas to keep."""
    clients = {
        "lambda": EmulatedLambda(emulator, variables),
        "logs": EmulatedLogs(emulator),
        "iam": DenyingIam(),
    }
    options = Options("local", "verify-aws-1", "verify-aws-1", CLUSTER_ARN)
    return Subject(options, clients, sleep=lambda _: None)


@pytest.mark.parametrize(
    "name",
    [
        "login",
        "cluster-identity",
        "replication-left-out",
        "validate-only",
        "no-auto-creation",
        "settable-configs",
        "fixed-configs",
        "message-limit",
        "partition-limit",
        "compacted-limit",
        "usable-at-once",
        "listed",
        "round-trip",
        "large-record",
        "bookmark",
        "answer-limit",
        "error-type",
        "request-limit",
        "libraries",
        "log-line",
        "api-versions",
    ],
)
def test_the_local_stand_ins_do_what_is_assumed(subject: Subject, name: str) -> None:
    """What can be seen without AWS is confirmed by the same check that will look at AWS."""
    found = verdict(BY_NAME[name], subject)
    assert found.outcome is Outcome.CONFIRMED, found.evidence


@pytest.mark.parametrize("name", ["host-names", "replication-two", "replication-three"])
def test_where_the_stand_in_is_unlike_msk_the_check_sees_it(subject: Subject, name: str) -> None:
    """A cluster on localhost with one node has no region in its names and no second replica."""
    found = verdict(BY_NAME[name], subject)
    assert found.outcome is Outcome.REFUTED, found.evidence


def test_escaping_is_seen(subject: Subject) -> None:
    """Answers are escaped by the runtime of Pythons before 3.12, and the check says which it is."""
    found = verdict(BY_NAME["unescaped"], subject)
    new = sys.version_info >= (3, 12)
    assert found.outcome is (Outcome.CONFIRMED if new else Outcome.REFUTED), found.evidence


def test_a_hidden_topic_needs_a_limited_role(subject: Subject) -> None:
    """The local role may see everything, so nothing is said."""
    assert verdict(BY_NAME["hidden-topic"], subject).outcome is Outcome.NOT_CHECKED


def test_what_a_limited_role_is_told(limited: Subject) -> None:
    """Reading takes no group; writing idempotently, or looking elsewhere, is refused by name."""
    options = Options("local", "verify-aws-limited", "verify-aws-limited", CLUSTER_ARN)
    limited.options = options
    for name in ("read-without-group", "idempotence-permission", "hidden-topic"):
        found = verdict(BY_NAME[name], limited)
        assert found.outcome is Outcome.CONFIRMED, found.evidence
