"""Which `kafka-cluster:` actions the function needs to read, and what it says without them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from local.msk import DEFAULT_ROLE
from msk_client import handler
from msk_client.deadline import Deadline
from msk_client.errors import AuthenticationFailed, NotAuthorized
from msk_client.settings import settings
from tests.integration.answers import consume, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import Decision, LocalMsk, Role
    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

pytestmark = pytest.mark.protocol

SECONDS = 10
"""More than a refusal may take."""


def reader(topic: str, **more: str) -> Role:
    """A role that may read a topic; more actions with their resources, or fewer by ''."""
    wanted = {
        "Connect": "cluster/*/*",
        "DescribeTopic": f"topic/*/*/{topic}",
        "ReadData": f"topic/*/*/{topic}",
    }
    statements = [
        {
            "Effect": "Allow",
            "Action": f"kafka-cluster:{action}",
            "Resource": f"arn:aws:kafka:*:*:{resource}",
        }
        for action, resource in (wanted | more).items()
        if resource
    ]
    return replace(
        DEFAULT_ROLE,
        arn="arn:aws:iam::123456789012:role/reader",
        access_key_id="ASIAREADER0000000000",
        policy={"Version": "2012-10-17", "Statement": statements},
    )


def with_group(topic: str, **more: str) -> Role:
    """A role that may read a topic with a bookmark."""
    groups = {"DescribeGroup": f"group/*/*/g-{topic}", "AlterGroup": f"group/*/*/g-{topic}"}
    return reader(topic, **(groups | more))


@pytest.fixture(name="as_role")
def act_as_a_role(msk: LocalMsk, invoke_on: Callable[..., CallFunction]) -> Callable[[Role], Any]:
    """Call the function with a role that the cluster knows beside the default one."""

    @contextmanager
    def acting(role: Role) -> Iterator[CallFunction]:
        msk.set_roles(DEFAULT_ROLE, role)
        try:
            yield invoke_on(msk, role)
        finally:
            msk.set_roles(DEFAULT_ROLE)

    return acting


@pytest.fixture(name="written")
def a_topic_with_a_record(topic: Callable[..., str], eyes: Eyes) -> str:
    """A topic with one record."""
    name = topic()
    eyes.produce(name, [b"a"])
    return name


def decisions_about(msk: LocalMsk, name: str) -> list[Decision]:
    """What the reader asked for, as far as it is about this topic or a group."""
    mine = (d for d in msk.decisions() if d.principal.endswith("role/reader"))
    return [d for d in mine if d.resource.endswith(f"/{name}") or ":group/" in d.resource]


def short(decision: Decision) -> str:
    """The action's bare name."""
    return decision.action.removeprefix("kafka-cluster:")


def test_reading_needs_three_actions_and_no_more(
    as_role: Callable[..., Any], written: str, msk: LocalMsk
) -> None:
    """Connect (asked for at login), DescribeTopic and ReadData are enough; all of them are used."""
    with as_role(reader(written)) as call:
        assert values_of(call(consume(written))) == ["a"]
        assert values_of(call(consume(written, from_={"tail": 1}))) == ["a"]
        assert call(consume(written, from_="end", wait_ms=1))["count"] == 0
    asked = decisions_about(msk, written)
    assert {short(d) for d in asked if d.allowed} == {"DescribeTopic", "ReadData"}
    # librdkafka wants to know where its group's coordinator is, and goes on without.
    refused = {(short(d), d.resource.rpartition("/")[2]) for d in asked if not d.allowed}
    assert refused <= {("DescribeGroup", "msk-lambda-client")}


def test_a_bookmark_needs_two_more(
    as_role: Callable[..., Any], written: str, msk: LocalMsk
) -> None:
    """With a bookmark DescribeGroup and AlterGroup on the group are needed as well, and enough."""
    event = consume(written, group=f"g-{written}", commit=True)
    with as_role(with_group(written)) as call:
        assert call(event)["committed"]
    used = {short(d) for d in decisions_about(msk, written) if d.allowed}
    group = {short(d) for d in decisions_about(msk, f"g-{written}") if d.allowed}
    assert {"DescribeTopic", "ReadData"} <= used
    assert {"DescribeGroup", "AlterGroup"} <= group
    assert used | group == {"DescribeTopic", "ReadData", "DescribeGroup", "AlterGroup"}


def test_looking_a_bookmark_up_needs_no_alter_group(
    as_role: Callable[..., Any], written: str
) -> None:
    """Reading from a bookmark without moving it needs DescribeGroup only."""
    with as_role(with_group(written, AlterGroup="")) as call:
        assert values_of(call(consume(written, group=f"g-{written}"))) == ["a"]


@pytest.mark.parametrize("missing", ["DescribeTopic", "ReadData"])
def test_a_missing_action_on_the_topic_is_named(
    as_role: Callable[..., Any], written: str, missing: str
) -> None:
    """The error names the missing action and the topic in a form that a policy takes."""
    with as_role(reader(written, **{missing: ""})) as call:
        text = refusal(call, consume(written))
    assert f"kafka-cluster:{missing} on arn:aws:kafka:us-east-1:*:topic/*/*/{written} " in text


@pytest.mark.parametrize("missing", ["DescribeGroup", "AlterGroup"])
def test_a_missing_action_on_the_group_is_named(
    as_role: Callable[..., Any], written: str, missing: str
) -> None:
    """The error names the missing action and the group, also where only the commit needs it."""
    with as_role(with_group(written, **{missing: ""})) as call:
        text = refusal(call, consume(written, group=f"g-{written}", commit=True))
    assert f"kafka-cluster:{missing} on arn:aws:kafka:us-east-1:*:group/*/*/g-{written} " in text


def refusal(call: CallFunction, event: dict[str, Any]) -> str:
    """The text of `NotAuthorized`, which comes in a cold and in a warm environment, in time."""
    started = time.monotonic()
    texts = set()
    for _ in range(2):
        with pytest.raises(NotAuthorized) as raised:
            call(event)
        texts.add(str(raised.value))
    assert time.monotonic() - started < SECONDS
    (text,) = texts
    return text


def test_a_missing_connect_is_a_refused_login(as_role: Callable[..., Any], written: str) -> None:
    """Without Connect the login is refused, and the error names Connect first."""
    with as_role(reader(written, Connect="")) as call:
        with pytest.raises(AuthenticationFailed, match=r"1\. the role lacks kafka-cluster:Connect"):
            call(consume(written))


def test_a_grant_takes_effect_in_the_same_environment(
    as_role: Callable[..., Any], written: str, msk: LocalMsk
) -> None:
    """What was granted after a refusal works at the next call."""
    event = consume(written, group=f"g-{written}", commit=True)
    with as_role(with_group(written, ReadData="", DescribeGroup="", AlterGroup="")) as call:
        for granted in ({"ReadData": "", "AlterGroup": ""}, {"AlterGroup": ""}, {}):
            with pytest.raises(NotAuthorized):
                call(event)
            msk.set_roles(DEFAULT_ROLE, with_group(written, **granted))
        assert values_of(call(event)) == ["a"]


def test_a_permission_withdrawn_during_the_read(
    as_role: Callable[..., Any], topic: Callable[..., str], eyes: Eyes, msk: LocalMsk
) -> None:
    """A role that loses ReadData in the middle of a read is told so."""
    name = topic()
    eyes.produce(name, [b"x" * 1_000_000] * 60)
    with as_role(reader(name)) as call:
        call(consume(name, max_records=1))
        read = handler.kafka(settings().endpoint).read(
            name, {0: (0, 60)}, Deadline.after(60), read_committed=True
        )
        next(read)
        msk.set_roles(DEFAULT_ROLE, reader(name, ReadData=""))
        with pytest.raises(NotAuthorized, match="kafka-cluster:ReadData"):
            list(read)
