"""Two accounts, one cluster: what the policies of deploy/cross-account allow together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.msk import DEFAULT_ROLE
from local.msk.roles import ACCOUNT
from msk_client.errors import AuthenticationFailed, NotAuthorized
from tests.deploy.acting import REFUSALS, function_on, poll_as, role_with
from tests.deploy.cross_account import (
    CONSUMERS_ACCOUNT,
    PROVISIONED_ARN,
    cluster_stack,
    pipeline_stack,
)
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from local.msk import LocalMsk, Role

TOPIC, GROUP = "customer", "msk-lambda-iam"

Statements = list[dict[str, Any]]
Event = dict[str, Any]

WRITE: Event = {"action": "produce", "topic": TOPIC, "records": [{"value": "v"}]}


def cluster_policy() -> dict[str, Any]:
    """The policy that the cluster gets."""
    policy: dict[str, Any] = cluster_stack().of_type("AWS::MSK::ClusterPolicy")["ClusterPolicy"]
    assert policy["ClusterArn"] == PROVISIONED_ARN
    document: dict[str, Any] = policy["Policy"]
    return document


def consumers_role(statements: Sequence[Mapping[str, Any]] | None = None) -> Role:
    """The consumer's role, in its own account."""
    stack = pipeline_stack()
    own = stack.statements("FunctionRole", "kafka-cluster:") if statements is None else statements
    return role_with(own, f"arn:aws:iam::{CONSUMERS_ACCOUNT}:role/consumer")


def producers_role() -> Role:
    """The producer's role, in the cluster's account."""
    statements = cluster_stack().statements("ProducerRole", "kafka-cluster:")
    return role_with(statements, f"arn:aws:iam::{ACCOUNT}:role/producer")


@pytest.fixture(name="eyes", scope="module")
def _eyes(msk: LocalMsk) -> Eyes:
    """A cluster with the topic and another one, a record in each."""
    eyes = Eyes(msk.plaintext)
    for name in (TOPIC, "suppliers"):
        if not eyes.partitions(name):
            eyes.create_topic(name=name)
        eyes.produce(name, [b"v"])
    return eyes


@pytest.fixture(autouse=True)
def _default_role_again(msk: LocalMsk) -> Iterator[None]:
    yield
    msk.set_roles(DEFAULT_ROLE)


@pytest.fixture(name="let")
def _let(msk: LocalMsk) -> Callable[..., None]:
    """Let the cluster know a role and its own policy; by default the template's."""

    def let(role: Role, policy: Mapping[str, Any] | None = None, *, bare: bool = False) -> None:
        own = None if bare else (cluster_policy() if policy is None else policy)
        msk.set_roles(role, cluster_policy=own, cluster_arn=PROVISIONED_ARN)

    return let


def consume(topic: str = TOPIC, group: str = GROUP) -> Event:
    """Read with a bookmark and move it, which takes the same permissions as the mapping's work."""
    return {"action": "consume", "topic": topic, "group": group, "commit": True}


def forget_bookmark(eyes: Eyes) -> None:
    """Start the group anew."""
    eyes.commit(GROUP, TOPIC, {0: 0})


def test_both_policies_together_let_the_mapping_consume(
    msk: LocalMsk, eyes: Eyes, let: Callable[..., None]
) -> None:
    """The consumer's role joins the group, reads the topic and commits."""
    forget_bookmark(eyes)
    role = consumers_role()
    let(role)
    assert poll_as(msk, role, TOPIC, GROUP) == b"v"
    assert eyes.committed(GROUP, TOPIC) == {0: 1}
    forget_bookmark(eyes)
    with function_on(msk, role, {}) as call:
        assert call(consume())["committed"]


FORBIDDEN = {
    "another topic": consume("suppliers"),
    "another group": consume(group="another"),
    "produce": WRITE,
    "create": {"action": "create_topic", "topic": "customer2"},
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_consumer_may_nothing_else(
    msk: LocalMsk, eyes: Eyes, let: Callable[..., None], what: str
) -> None:
    """Another topic or group is refused, and so is writing; by the role's policy and cluster's."""
    forget_bookmark(eyes)
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    open_policy = {
        "Statement": [{**everything[0], "Principal": {"AWS": CONSUMERS_ACCOUNT}}],
    }
    for role, policy in (
        (consumers_role(), None),
        (consumers_role(everything), None),
        (consumers_role(), open_policy),
    ):
        let(role, policy)
        with function_on(msk, role, {}) as call, pytest.raises(NotAuthorized):
            call(FORBIDDEN[what])


def test_without_the_clusters_policy_the_consumer_is_not_let_in(
    msk: LocalMsk, eyes: Eyes, let: Callable[..., None]
) -> None:
    """A foreign role's own policy alone is worth nothing, however wide."""
    forget_bookmark(eyes)
    for statements in (None, [{"Effect": "Allow", "Action": "*", "Resource": "*"}]):
        role = consumers_role(statements)
        let(role, bare=True)
        with function_on(msk, role, {}) as call, pytest.raises(AuthenticationFailed):
            call(consume())


def test_without_its_own_policy_the_consumer_is_not_let_in(
    msk: LocalMsk, eyes: Eyes, let: Callable[..., None]
) -> None:
    """The cluster's policy speaks for the account, and leaves the rest to the account's roles."""
    forget_bookmark(eyes)
    role = consumers_role([])
    let(role)
    with function_on(msk, role, {}) as call, pytest.raises(AuthenticationFailed):
        call(consume())


def test_a_third_account_is_not_let_in(msk: LocalMsk, let: Callable[..., None]) -> None:
    """The same role in an account that the cluster's policy doesn't name is refused."""
    own = consumers_role()
    role = role_with(own.policy["Statement"], "arn:aws:iam::333333333333:role/consumer")  # type: ignore[arg-type] # a list of statements
    let(role)
    with function_on(msk, role, {}) as call, pytest.raises(AuthenticationFailed):
        call(consume())


def less(statements: Statements) -> Iterator[tuple[str, Statements]]:
    """Leave out one `kafka-cluster:` action at a time."""
    for i, statement in enumerate(statements):
        actions = statement["Action"]
        listed = [actions] if isinstance(actions, str) else actions
        for action in (a for a in listed if a.startswith("kafka-cluster:")):
            rest = [a for a in listed if a != action]
            kept = [{**statement, "Action": rest}] if rest else []
            yield action, [*statements[:i], *kept, *statements[i + 1 :]]


def test_nothing_can_be_left_out_of_either_policy(
    msk: LocalMsk, eyes: Eyes, let: Callable[..., None]
) -> None:
    """Without any one Kafka permission, in the role's policy or the cluster's, nothing is read."""
    own = pipeline_stack().statements("FunctionRole", "kafka-cluster:")
    clusters = cluster_policy()["Statement"]
    tried: list[tuple[str, Role, dict[str, Any] | None]] = [
        *((action, consumers_role(rest), None) for action, rest in less(own)),
        *((action, consumers_role(), {"Statement": rest}) for action, rest in less(clusters)),
    ]
    assert len(tried) == 2 * 5
    for action, role, policy in tried:
        forget_bookmark(eyes)
        let(role, policy)
        with function_on(msk, role, {}) as call, pytest.raises(REFUSALS):
            pytest.fail(f"worked without {action}: {call(consume())}")


def test_the_producer_makes_and_writes_its_topic_only(
    msk: LocalMsk, eyes: Eyes, let: Callable[..., None]
) -> None:
    """In the cluster's account the role's own policy is enough, and it is for one topic."""
    eyes.delete_topic(TOPIC)
    role = producers_role()
    let(role)
    variables = cluster_stack().environment("Producer")
    with function_on(msk, role, variables) as call:
        assert call(WRITE)["topic_created"]
        assert call({"action": "ping"})["brokers"]
        with pytest.raises(NotAuthorized, match="ALLOWED_TOPICS"):
            call({**WRITE, "topic": "suppliers"})
        with pytest.raises(NotAuthorized, match="ALLOWED_ACTIONS"):
            call(consume())
    with function_on(msk, role, {}) as call:
        for event in ({**WRITE, "topic": "suppliers"}, {**WRITE, "topic": "customer2"}, consume()):
            with pytest.raises(NotAuthorized, match="kafka-cluster:"):
                call(event)


def test_nothing_can_be_left_out_of_the_producers_policy(
    msk: LocalMsk, eyes: Eyes, let: Callable[..., None]
) -> None:
    """Without any one permission the topic isn't made or not written."""
    tried = list(less(cluster_stack().statements("ProducerRole", "kafka-cluster:")))
    assert len(tried) == 5
    for action, rest in tried:
        eyes.delete_topic(TOPIC)
        role = role_with(rest, producers_role().arn)
        let(role)
        with function_on(msk, role, {}) as call, pytest.raises(REFUSALS):
            pytest.fail(f"worked without {action}: {call(WRITE)}")
        if not eyes.partitions(TOPIC):
            eyes.create_topic(name=TOPIC)
