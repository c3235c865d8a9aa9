"""Which `kafka-cluster:` actions the function needs to write, and what it says without them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from local.msk import DEFAULT_ROLE
from msk_client.errors import NotAuthorized, UnknownTopic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk, Role
    from tests.integration.conftest import CallFunction

ARN = "arn:aws:kafka:*:*"


def role(**resources: str) -> Role:
    """A role that may do these actions: `role(Connect="cluster/*/*", ...)`."""
    statements = [
        {"Effect": "Allow", "Action": f"kafka-cluster:{action}", "Resource": f"{ARN}:{resource}"}
        for action, resource in resources.items()
    ]
    return replace(
        DEFAULT_ROLE,
        arn="arn:aws:iam::123456789012:role/narrow",
        access_key_id="ASIANARROW0000000000",
        policy={"Version": "2012-10-17", "Statement": statements},
    )


def writer(topic: str, **more: str) -> Role:
    """Exactly what writing to one topic needs."""
    wanted = {
        "Connect": "cluster/*/*",
        "DescribeTopic": f"topic/*/*/{topic}",
        "WriteData": f"topic/*/*/{topic}",
        "WriteDataIdempotently": "cluster/*/*",
    }
    return role(**{name: place for name, place in (wanted | more).items() if place})


@pytest.fixture(name="as_role")
def act_as_a_role(msk: LocalMsk, invoke_on: Callable[..., CallFunction]) -> Callable[[Role], Any]:
    """Call the function with a role that the cluster knows beside the default one."""

    @contextmanager
    def acting(role: Role, **variables: str) -> Iterator[CallFunction]:
        msk.set_roles(DEFAULT_ROLE, role)
        try:
            yield invoke_on(msk, role, **variables)
        finally:
            msk.set_roles(DEFAULT_ROLE)

    return acting


def one_record(topic: str) -> dict[str, Any]:
    """An event that produces one record."""
    return {"action": "produce", "topic": topic, "records": [{"key": "k", "value": "v"}]}


def test_writing_needs_four_actions_and_no_more(
    as_role: Callable[..., Any], topic: Callable[..., str], msk: LocalMsk
) -> None:
    """Connect (asked for at login) and three more actions are enough, and all of them are used."""
    name = topic()
    narrow = writer(name)
    with as_role(narrow) as call:
        assert call(one_record(name))["produced"] == 1
    mine = [d for d in msk.decisions() if d.principal.endswith("role/narrow")]
    used = {d.action.partition(":")[2] or d.action for d in mine if d.allowed}
    assert used == {"DescribeTopic", "WriteData", "WriteDataIdempotently"}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("DescribeTopic", "topic"),
        ("WriteData", "topic"),
        ("WriteDataIdempotently", "cluster"),
    ],
)
def test_each_missing_action_is_named_with_its_resource(
    as_role: Callable[..., Any], topic: Callable[..., str], action: str, resource: str
) -> None:
    """The error names the missing action and the resource in a form that a policy takes."""
    name = topic()
    where = f":{resource}/*/*" + (f"/{name}" if resource == "topic" else " ")
    with as_role(writer(name, **{action: ""})) as call:
        with pytest.raises(NotAuthorized, match=f"kafka-cluster:{action} ") as raised:
            call(one_record(name))
    assert f"arn:aws:kafka:us-east-1:*{where}" in str(raised.value)


def test_a_permission_granted_later_works_in_the_same_environment(
    as_role: Callable[..., Any], topic: Callable[..., str], msk: LocalMsk
) -> None:
    """A producer that failed for good is dropped, so that a grant takes effect at the next call."""
    name = topic()
    with as_role(writer(name, WriteDataIdempotently="")) as call:
        with pytest.raises(NotAuthorized):
            call(one_record(name))
        msk.set_roles(DEFAULT_ROLE, writer(name))
        assert call(one_record(name))["produced"] == 1


def test_a_topic_is_not_made_without_create_topic(
    as_role: Callable[..., Any],
) -> None:
    """Without CreateTopic a missing topic is a missing permission."""
    name = "not-there-yet"
    with as_role(writer(name)) as call:
        with pytest.raises(
            NotAuthorized, match=r"kafka-cluster:CreateTopic .*topic/\*/\*/not-there"
        ):
            call(one_record(name))


def test_an_action_that_is_not_allowed_makes_no_topic(
    as_role: Callable[..., Any],
) -> None:
    """produce makes a missing topic only where ALLOWED_ACTIONS has create_topic."""
    with as_role(DEFAULT_ROLE, ALLOWED_ACTIONS="produce, consume") as call:
        with pytest.raises(UnknownTopic, match="ALLOWED_ACTIONS does not allow create_topic"):
            call(one_record("never-made"))


def test_list_topics_shows_what_the_role_may_describe(
    as_role: Callable[..., Any], topic: Callable[..., str]
) -> None:
    """Topics that the role may not describe are missing, and an empty list says why."""
    mine, _ = topic(), topic()
    with as_role(role(Connect="cluster/*/*", DescribeTopic=f"topic/*/*/{mine}")) as call:
        assert [t["name"] for t in call({"action": "list_topics"})["topics"]] == [mine]
    with as_role(role(Connect="cluster/*/*")) as call:
        answer = call({"action": "list_topics"})
    assert answer["topics"] == []
    assert "kafka-cluster:DescribeTopic" in answer["note"]


def test_ping_needs_connect_only(as_role: Callable[..., Any]) -> None:
    """A warmer's role needs no more than to log in."""
    with as_role(role(Connect="cluster/*/*")) as call:
        assert call({"action": "ping"})["brokers"]
