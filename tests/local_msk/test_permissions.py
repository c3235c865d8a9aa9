"""What a role may do, and what is written down about it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from confluent_kafka import KafkaException  # noqa: TID251 - as the plain clients raise it

from local.msk import CLUSTER_ARN, DEFAULT_ROLE, LocalMsk, Role
from tests.local_msk.client import TIMEOUT_S, admin, code, create_topic, produce, with_policy

TOPICS = CLUSTER_ARN.replace(":cluster/", ":topic/")


def test_a_policy_change_holds_for_the_next_request(msk: LocalMsk) -> None:
    """An open connection's next request is judged by the new policy, without a restart."""
    topic = create_topic(msk)
    allowed = with_policy(("Allow", "*", "*"))
    denied = with_policy(("Allow", "*", "*"), ("Deny", "DescribeTopic", f"{TOPICS}/{topic}"))
    msk.set_roles(allowed)
    client = admin(msk, allowed)
    for _ in range(3):
        msk.set_roles(allowed)
        assert client.list_topics(topic, timeout=TIMEOUT_S).topics[topic].error is None
        msk.set_roles(denied)
        error = client.list_topics(topic, timeout=TIMEOUT_S).topics[topic].error
        assert error is not None
        assert error.name() == "TOPIC_AUTHORIZATION_FAILED"


def test_the_log_proves_a_policy_enough_and_nothing_to_spare(msk: LocalMsk) -> None:
    """The decisions of a produce are those of the three actions that AWS names for it."""
    topic = create_topic(msk)
    role = with_policy(
        ("Allow", "Connect", CLUSTER_ARN),
        ("Allow", "DescribeTopic", f"{TOPICS}/{topic}"),
        ("Allow", "WriteData", f"{TOPICS}/{topic}"),
    )
    msk.set_roles(role)
    before = len(msk.decisions())
    produce(msk, topic, b"x", role)
    decisions = msk.decisions()[before:]
    assert all(d.allowed for d in decisions)
    assert {
        ("kafka-cluster:DescribeTopic", "Metadata"),
        ("kafka-cluster:WriteData", "Produce"),
    } == {(d.action, d.api) for d in decisions}
    assert {(role.arn, f"{TOPICS}/{topic}")} == {(d.principal, d.resource) for d in decisions}


def test_a_refusal_is_written_down(msk: LocalMsk) -> None:
    """What was refused stands in the decisions with action, ARN and role."""
    topic = create_topic(msk)
    role = with_policy(("Allow", "Connect", "*"), ("Allow", "DescribeTopic", "*"))
    msk.set_roles(role)
    assert code(lambda: produce(msk, topic, b"x", role)) == "TOPIC_AUTHORIZATION_FAILED"
    (refusal,) = {d for d in msk.decisions() if not d.allowed and d.resource.endswith(topic)}
    assert (refusal.action, refusal.api) == ("kafka-cluster:WriteData", "Produce")


def _writer(*more: tuple[str, str, str], topics: str) -> Role:
    rights = ("Allow", "Connect", "*"), ("Allow", "DescribeTopic", "*")
    return with_policy(*rights, ("Allow", "WriteData", topics), *more)


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (lambda topic: _writer(topics=f"{TOPICS}/{topic}"), False),
        (lambda _: _writer(topics=f"{TOPICS}/t-*"), False),
        (lambda _: _writer(topics=f"{TOPICS}/*"), True),
        (
            lambda topic: _writer(
                ("Allow", "WriteDataIdempotently", CLUSTER_ARN), topics=f"{TOPICS}/{topic}"
            ),
            True,
        ),
    ],
    ids=["one topic", "some topics", "all topics", "the right"],
)
def test_idempotent_writes_need_a_right_of_their_own(
    msk: LocalMsk, role: Callable[[str], Role], *, allowed: bool
) -> None:
    """WriteDataIdempotently on the cluster allows it, or WriteData on all topics, nothing less."""
    topic = create_topic(msk)
    writer = role(topic)
    msk.set_roles(writer)
    before = len(msk.decisions())
    error = code(lambda: produce(msk, topic, b"x", writer, {"enable.idempotence": True}))
    assert allowed == (error is None)
    refused = {(d.action, d.resource) for d in msk.decisions()[before:] if not d.allowed}
    assert refused == (set() if allowed else {("kafka-cluster:WriteDataIdempotently", CLUSTER_ARN)})


def test_topics_that_may_not_be_described_are_not_shown(msk: LocalMsk) -> None:
    """A list of all topics holds the allowed ones only, and no refusal is written down for it."""
    mine, other = create_topic(msk), create_topic(msk)
    role = with_policy(("Allow", "Connect", "*"), ("Allow", "DescribeTopic", f"{TOPICS}/{mine}"))
    msk.set_roles(role)
    before = len(msk.decisions())
    assert mine in admin(msk, role).list_topics(timeout=TIMEOUT_S).topics
    assert other not in admin(msk, role).list_topics(timeout=TIMEOUT_S).topics
    assert all(d.allowed for d in msk.decisions()[before:])


def test_a_create_is_asked_for_the_topic(msk: LocalMsk) -> None:
    """CreateTopic on the topic's ARN is enough; another topic's is not."""
    role = with_policy(("Allow", "Connect", "*"), ("Allow", "CreateTopic", f"{TOPICS}/t-*"))
    msk.set_roles(role)
    create_topic(msk, role)
    narrow = with_policy(("Allow", "Connect", "*"), ("Allow", "CreateTopic", f"{TOPICS}/other"))
    msk.set_roles(narrow)
    assert code(lambda: create_topic(msk, narrow)) == "TOPIC_AUTHORIZATION_FAILED"


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}}, "Condition"),
        ({"Effect": "allow", "Action": "*", "Resource": "*"}, "Effect"),
        ({"Effect": "Allow", "Resource": "*"}, "Action"),
        ({"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}, "NotAction"),
        ("Allow", "object"),
    ],
)
def test_a_policy_that_is_not_understood_is_refused(
    msk: LocalMsk, statement: object, fault: str
) -> None:
    """A policy element that the authorizer would not honour is an error, not a silent no."""
    role = Role("arn", "id", "secret", None, {"Statement": [statement]})
    with pytest.raises(ValueError, match=fault):
        msk.set_roles(DEFAULT_ROLE, role)


def _letting_in(principal: str) -> dict[str, object]:
    return {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": principal},
                "Action": ["kafka-cluster:Connect", "kafka-cluster:DescribeTopic"],
                "Resource": "*",
            }
        ]
    }


def test_a_role_of_another_account_needs_the_clusters_policy_too(msk: LocalMsk) -> None:
    """Login and requests of a foreign role are judged by its own policy and the cluster's."""
    topic = create_topic(msk)
    foreign = replace(with_policy(("Allow", "*", "*")), arn="arn:aws:iam::210987654321:role/other")
    msk.set_roles(foreign)
    with pytest.raises(KafkaException):
        admin(msk, foreign).list_topics(timeout=3)
    msk.set_roles(foreign, cluster_policy=_letting_in("210987654321"))
    assert topic in admin(msk, foreign).list_topics(timeout=TIMEOUT_S).topics
    assert code(lambda: produce(msk, topic, b"x", foreign)) == "TOPIC_AUTHORIZATION_FAILED"


def test_a_cluster_policy_that_is_not_understood_is_refused(msk: LocalMsk) -> None:
    """A resource policy needs principals, and has no elements that the authorizer doesn't know."""
    with pytest.raises(ValueError, match="needs a Principal"):
        msk.set_roles(DEFAULT_ROLE, cluster_policy=dict(DEFAULT_ROLE.policy))
    policy = {"Effect": "Deny", "NotPrincipal": "*", "Action": "*", "Resource": "*"}
    with pytest.raises(ValueError, match="NotPrincipal"):
        msk.set_roles(DEFAULT_ROLE, cluster_policy={"Statement": policy})
