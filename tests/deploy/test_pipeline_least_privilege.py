"""The role of each job is enough for what it does, and nothing of it is spare.

Its permissions on Kafka go into the local MSK; those on S3 and SQS are held against each call of
the function's own clients. Real function code then does the job. What Lambda itself does as the
role is listed, with AWS's pages as the source.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from local.msk import DEFAULT_ROLE
from local.msk.roles import ACCOUNT, REGION
from msk_client.actions.sourcing import lines
from msk_client.errors import PartialFailure
from msk_client.kafka import window
from tests.deploy.acting import REFUSALS, function_on, poll_as, role_with
from tests.deploy.expand import Stack, expand, listed
from tests.deploy.granted import held_against
from tests.deploy.pipeline_deeds import (
    GROUP,
    INBOX,
    JOBS,
    LAKE,
    TARGET,
    TOPIC,
    Stage,
)
from tests.deploy.pipeline_template import KEY, PATH
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws
    from local.msk import LocalMsk

Statements = list[dict[str, Any]]

OWN = ("kafka-cluster:", "s3:", "sqs:SendMessage", "kms:")
"""What the function's own code uses, in the policies below."""

OWN_POLICIES = {
    "store": {"objects"},
    "give up": {"dead-letters"},
    "copy": {"write-kafka"},
    "drain": {"read-kafka", "objects"},
    "load": {"write-kafka", "objects", "continue"},
    "messages": {"write-kafka"},
}
"""Job -> the policies that its code uses; the others are Lambda's."""

each_job = pytest.mark.parametrize("job", JOBS)


@pytest.fixture(name="queues", scope="module")
def _queues(aws: LocalAws) -> dict[str, str]:
    """The queues that a deployment would make: logical id -> URL."""
    sqs = aws.client("sqs")
    names = ("ContinueQueue", "DeadLetterQueue")
    return {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}


@pytest.fixture(name="buckets", autouse=True, scope="module")
def _buckets(aws: LocalAws) -> None:
    """The buckets; the one that is loaded from has versions."""
    s3 = aws.client("s3")
    for name in (LAKE, INBOX):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=INBOX, VersioningConfiguration={"Status": "Enabled"})


@pytest.fixture(name="eyes", scope="module")
def _eyes(msk: LocalMsk) -> Eyes:
    """The topics; the one that is read has a record that 'raw' has no place for, and two more."""
    eyes = Eyes(msk.plaintext)
    for name in (TOPIC, TARGET):
        eyes.create_topic(name=name)
    eyes.produce(TOPIC, [b"a\nb", b"1", b"2"])
    return eyes


@pytest.fixture(autouse=True)
def _default_role_again(msk: LocalMsk) -> Iterator[None]:
    yield
    msk.set_roles(DEFAULT_ROLE)


@pytest.fixture(autouse=True)
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only a few records be on their way at once, so that an object needs two calls."""
    monkeypatch.setattr(window, "PLACES", 64)
    monkeypatch.setattr(lines, "BATCH", 16)


def deployed(job: str, queues: dict[str, str]) -> Stack:
    """The stack of a job."""
    return expand(PATH, JOBS[job][0], queues)


def own_statements(stack: Stack, job: str) -> Statements:
    """What the function's code may do on Kafka, S3 and SQS."""
    policies = stack.resources["FunctionRole"]["Properties"]["Policies"]
    assert {p["PolicyName"] for p in policies} >= OWN_POLICIES[job]
    found = []
    for policy in policies:
        if policy["PolicyName"] in OWN_POLICIES[job]:
            for statement in listed(policy["PolicyDocument"]["Statement"]):
                actions = [a for a in listed(statement["Action"]) if a.startswith(OWN)]
                found += [{**statement, "Action": actions}] if actions else []
    return found


def parts_of(statements: Statements) -> Iterator[tuple[str, Statements]]:
    """Leave out one action or one resource at a time: what is left out, and what is left."""
    for i, statement in enumerate(statements):
        for key in ("Action", "Resource"):
            for item in listed(statement[key]):
                rest = copy.deepcopy(statements)
                rest[i][key] = [one for one in listed(statement[key]) if one != item]
                yield (
                    f"{item} of {statement['Resource']}",
                    [s for s in rest if s["Action"] and s["Resource"]],
                )


@contextmanager
def stage(
    msk: LocalMsk, aws: LocalAws, eyes: Eyes, stack: Stack, statements: Statements
) -> Iterator[Stage]:
    """The function as it would be deployed, with these permissions, and an empty lake."""
    s3 = aws.client("s3")
    for one in s3.list_objects_v2(Bucket=LAKE).get("Contents", []):
        s3.delete_object(Bucket=LAKE, Key=one["Key"])
    role = role_with([s for s in statements if _on_kafka(s)])
    msk.set_roles(role)
    variables = stack.environment("Function") | aws.environment() | {"AWS_DEFAULT_REGION": REGION}
    with (
        function_on(msk, role, variables) as call,
        held_against([s for s in statements if not _on_kafka(s)], KEY),
    ):
        yield Stage(eyes, aws, call, variables.get("CONTINUE_QUEUE_URL", ""))


def _on_kafka(statement: dict[str, Any]) -> bool:
    return all(action.startswith("kafka-cluster:") for action in listed(statement["Action"]))


@each_job
def test_the_role_is_enough(
    msk: LocalMsk, aws: LocalAws, eyes: Eyes, queues: dict[str, str], job: str
) -> None:
    """As deployed, with its environment and its role, each job does all that it is there for."""
    stack = deployed(job, queues)
    with stage(msk, aws, eyes, stack, own_statements(stack, job)) as here:
        for deed in JOBS[job][1]:
            deed(here)


@each_job
def test_nothing_can_be_left_out(
    msk: LocalMsk, aws: LocalAws, eyes: Eyes, queues: dict[str, str], job: str
) -> None:
    """Without any one action or resource something of the job is refused."""
    stack = deployed(job, queues)
    spare = []
    for item, rest in parts_of(own_statements(stack, job)):
        try:
            with stage(msk, aws, eyes, stack, rest) as here:
                for deed in JOBS[job][1]:
                    deed(here)
        except (*REFUSALS, PartialFailure):
            continue
        spare.append(item)
    assert spare == []


def test_a_mapping_reads_as_its_role(msk: LocalMsk, eyes: Eyes, queues: dict[str, str]) -> None:
    """Joining the group, reading and committing takes all of what the role has for it, no less."""
    given = {**JOBS["store"][0], "GroupId": GROUP}
    statements = expand(PATH, given, queues).statements("FunctionRole", "kafka-cluster:")
    role = role_with(statements)
    msk.set_roles(role)
    eyes.commit(GROUP, TOPIC, {0: 0})
    assert poll_as(msk, role, TOPIC, GROUP) == b"a\nb"
    for item, rest in parts_of(statements):
        role = role_with(rest)
        msk.set_roles(role)
        eyes.commit(GROUP, TOPIC, {0: 0})
        assert poll_as(msk, role, TOPIC, GROUP) is None, item


AWS_SIDE: dict[str, dict[str, set[str]]] = {
    # "Configuring cluster access for MSK": the mapping's own questions, and its interfaces.
    "mapping": {
        "store": {"kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"}
    },
    # "Capturing discarded batches": sqs:SendMessage for a queue.
    "failed-batches": {"store": {"sqs:SendMessage"}},
    # "Using Lambda with Amazon SQS": what a mapping for a queue needs.
    "messages": {"messages": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}},
    "continue": {
        "load": {
            "sqs:SendMessage",
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
        }
    },
    # "Capturing records of Lambda asynchronous invocations".
    "failed-events": {"drain": {"sqs:SendMessage"}, "load": {"sqs:SendMessage"}},
}
"""Policy -> job -> the actions that AWS's guide names for what Lambda does as the role."""


@pytest.mark.parametrize(
    ("policy", "job"), [(policy, job) for policy, jobs in AWS_SIDE.items() for job in jobs]
)
def test_lambda_may_do_what_its_guide_names(policy: str, job: str, queues: dict[str, str]) -> None:
    """What no code of ours does can't be tried here; it is what AWS documents, and no more."""
    role = deployed(job, queues).resources["FunctionRole"]["Properties"]
    (document,) = (p["PolicyDocument"] for p in role["Policies"] if p["PolicyName"] == policy)
    actions = {a for s in document["Statement"] for a in listed(s["Action"])}
    assert actions == AWS_SIDE[policy][job]


@each_job
def test_no_policy_is_there_without_a_use(job: str, queues: dict[str, str]) -> None:
    """Each is the code's own, Lambda's by its guide, or logs and network interfaces."""
    role = deployed(job, queues).resources["FunctionRole"]["Properties"]
    used = OWN_POLICIES[job] | {p for p, jobs in AWS_SIDE.items() if jobs}
    mapped = {"read-kafka"} if job in {"store", "give up", "copy"} else set()
    assert {p["PolicyName"] for p in role["Policies"]} <= used | mapped | {"logs", "network"}


def test_queues_are_the_accounts_own(queues: dict[str, str]) -> None:
    """The ARNs of queues that are made here are of this account and region."""
    for job in JOBS:
        for statement in deployed(job, queues).statements("FunctionRole", "sqs:"):
            for resource in listed(statement["Resource"]):
                assert resource.startswith(f"arn:aws:sqs:{REGION}:{ACCOUNT}:")
