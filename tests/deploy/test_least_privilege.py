"""The role's policies as they would be deployed are enough for what is allowed, and no more.

The policies come out of the template and go into the local MSK as the role's. Real function code
then does on a real Kafka whatever the function can do.
"""

from __future__ import annotations

import copy
import json
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.msk import CLUSTER_ARN, DEFAULT_ROLE
from msk_client.actions import ACTIONS
from msk_client.errors import NotAuthorized, UnknownTopic
from tests.deploy.acting import REFUSALS, function_on, role_with
from tests.deploy.deeds import DEEDS, Deed, Names
from tests.deploy.expand import Refused, Stack, expand, listed
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.msk import LocalMsk

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
TOPIC_PREFIX, GROUP_PREFIX = "team-a.", "team-a-"

LETTERS = f"{TOPIC_PREFIX}given-up"
LETTER = json.dumps(
    {"dead_letter": 1, "record": {"topic": "t", "partition": 0, "offset": 0, "value": "v"}}
).encode()

Statements = list[dict[str, Any]]


def deployed(*actions: str, **parameters: str) -> Stack:
    """The template's stack for an existing cluster and these allowed actions."""
    existing = {
        "ClusterArn": CLUSTER_ARN,
        "BootstrapBrokers": "b-1.example.com:9098",
        "VpcId": "vpc-01234567",
        "SubnetIds": "subnet-01234567,subnet-89abcdef",
        "SecurityGroupIds": "sg-01234567",
        "TopicPrefix": TOPIC_PREFIX,
        "GroupPrefix": GROUP_PREFIX,
    }
    return expand(TEMPLATE, existing | {"AllowedActions": ",".join(actions)} | parameters)


def policy(stack: Stack) -> Statements:
    """What the function's role may do on Kafka."""
    return stack.statements("FunctionRole", "kafka-cluster:")


def granted(statements: Statements) -> set[str]:
    """The bare names of the actions in a policy."""
    return {a.removeprefix("kafka-cluster:") for s in statements for a in listed(s["Action"])}


COMBINATIONS = [
    c for missing in (len(ACTIONS) - 1, 1, 0) for c in combinations(ACTIONS, len(ACTIONS) - missing)
]
"""Each action alone, all but one, all."""
each_combination = pytest.mark.parametrize("allowed", COMBINATIONS, ids="+".join)


@pytest.fixture(name="names", scope="module")
def _names(msk: LocalMsk) -> Names:
    """A topic with a record, within the prefixes."""
    eyes = Eyes(msk.plaintext)
    names = Names(f"{TOPIC_PREFIX}there", f"{TOPIC_PREFIX}new-", f"{GROUP_PREFIX}reports", LETTERS)
    for topic, value in ((names.topic, b"v"), (names.letters, LETTER)):
        eyes.create_topic(name=topic)
        eyes.produce(topic, [value])
    return names


@pytest.fixture(autouse=True)
def _default_role_again(msk: LocalMsk) -> Iterator[None]:
    yield
    msk.set_roles(DEFAULT_ROLE)


def test_the_combinations_cover_every_pair() -> None:
    """Any two actions are seen both allowed, one without the other, and both not allowed."""
    seen = {
        (pair, tuple(action in c for action in pair))
        for c in COMBINATIONS
        for pair in combinations(ACTIONS, 2)
    }
    pairs = len(list(combinations(ACTIONS, 2)))
    assert len(seen) == pairs * 4


def refusals(
    msk: LocalMsk, names: Names, statements: Statements, deeds: dict[str, Deed]
) -> Iterator[tuple[str, str]]:
    """Do deeds as a role with this policy, without any allowlist: name -> refusal, or ""."""
    role = role_with(statements)
    msk.set_roles(role)
    with function_on(msk, role, {}) as call:
        for name, deed in deeds.items():
            yield name, deed.refused(call, names)


def possible(allowed: tuple[str, ...]) -> dict[str, Deed]:
    """What can be done with these actions allowed."""
    return {name: deed for name, deed in DEEDS.items() if set(deed.actions) <= set(allowed)}


@each_combination
def test_what_is_allowed_works(msk: LocalMsk, names: Names, allowed: tuple[str, ...]) -> None:
    """With the deployed policy and environment each allowed action works in all its ways."""
    stack = deployed(*allowed)
    role = role_with(policy(stack))
    msk.set_roles(role)
    with function_on(msk, role, stack.environment("Function")) as call:
        told = {name: deed.refused(call, names) for name, deed in possible(allowed).items()}
    assert dict.fromkeys(told, "") == told


@each_combination
def test_the_broker_refuses_the_rest(msk: LocalMsk, names: Names, allowed: tuple[str, ...]) -> None:
    """Without an allowlist the broker refuses whatever needs a permission that wasn't granted."""
    statements = policy(deployed(*allowed))
    rest = {name: deed for name, deed in DEEDS.items() if name not in possible(allowed)}
    let = {name for name, told in refusals(msk, names, statements, rest) if not told}
    assert {name for name, deed in rest.items() if deed.needs <= granted(statements)} == let


@each_combination
def test_every_action_that_is_not_allowed_is_beyond_the_role(allowed: tuple[str, ...]) -> None:
    """No action works by permissions of others, but for those that need nothing else.

    test_filter asks no cluster, ping only connects, list_topics only describes. A replay does what
    produce and consume do together, and produce no more than that.
    """
    rights = granted(policy(deployed(*allowed)))
    within = {
        action
        for action in ACTIONS.keys() - set(allowed)
        if all(d.needs <= rights for d in DEEDS.values() if d.actions == (action,))
    }
    here = set(allowed)
    free = {"test_filter"}
    free |= {"ping"} if here - free else set()
    free |= {"list_topics"} if here - free else set()
    free |= {"replay"} if here >= {"produce", "consume"} else set()
    free |= {"produce"} if "replay" in here else set()
    assert free - here == within


@each_combination
def test_the_allowlist_refuses_the_rest(
    msk: LocalMsk, names: Names, allowed: tuple[str, ...]
) -> None:
    """The deployed environment refuses what isn't allowed, to a role that may do everything."""
    msk.set_roles(DEFAULT_ROLE)
    variables = deployed(*allowed).environment("Function")
    with function_on(msk, DEFAULT_ROLE, variables) as call:
        for name, deed in DEEDS.items():
            if name not in possible(allowed):
                # A produce that may not make its topic finds none.
                kind = UnknownTopic if deed.actions[0] in allowed else NotAuthorized
                with pytest.raises(kind, match="ALLOWED_ACTIONS does not allow"):
                    call(deed.event(names))


def test_a_function_that_may_do_nothing_is_not_deployed() -> None:
    """An empty list of actions would mean every action to the function: the template refuses."""
    with pytest.raises(Refused, match="AllowedActions"):
        deployed()


def parts_of(statements: Statements) -> Iterator[tuple[str, Statements]]:
    """Leave out one action or one resource at a time: what is left out, and what is left."""
    for i, statement in enumerate(statements):
        for key in ("Action", "Resource"):
            for item in listed(statement[key]):
                rest = copy.deepcopy(statements)
                rest[i][key] = [one for one in listed(statement[key]) if one != item]
                yield item, [s for s in rest if s["Action"] and s["Resource"]]


@pytest.mark.parametrize("allowed", [*((name,) for name in ACTIONS), tuple(ACTIONS)], ids="+".join)
def test_nothing_can_be_left_out(msk: LocalMsk, names: Names, allowed: tuple[str, ...]) -> None:
    """Without any one action or resource of the policy something that is allowed is refused.

    No permission is there only because AWS's documents demand it. They say that ReadData requires
    AlterGroup and DescribeGroup ("Semantics of IAM authorization policy actions and resources"),
    and consume cannot keep a bookmark without either.
    """
    spare = {
        item
        for item, rest in parts_of(policy(deployed(*allowed)))
        if not any(told for _, told in refusals(msk, names, rest, possible(allowed)))
    }
    assert spare == set()


OUTSIDE = {
    "topic": Names("team-b.there", "team-b.new-", f"{GROUP_PREFIX}reports", LETTERS),
    "group": Names(f"{TOPIC_PREFIX}there", f"{TOPIC_PREFIX}new-", "team-b-reports", LETTERS),
}
"""Names of which one is outside of its prefix."""


@pytest.mark.parametrize("what", OUTSIDE)
@pytest.mark.parametrize("allowlist", [True, False], ids=["allowlist", "broker"])
def test_what_lies_outside_the_prefixes_is_refused(
    msk: LocalMsk, names: Names, what: str, *, allowlist: bool
) -> None:
    """Other topics and groups are refused by the broker, and by the allowlist to any role."""
    eyes = Eyes(msk.plaintext)
    foreign = OUTSIDE[what]
    if not eyes.partitions(foreign.topic):
        eyes.create_topic(name=foreign.topic)
    assert names.topic == OUTSIDE["group"].topic
    stack = deployed(*ACTIONS)
    role = DEFAULT_ROLE if allowlist else role_with(policy(stack))
    msk.set_roles(role)
    with function_on(msk, role, stack.environment("Function") if allowlist else {}) as call:
        for name, deed in DEEDS.items():
            event = deed.event(foreign)
            if what not in event:
                continue
            text = f"ALLOWED_{what.upper()}S" if allowlist else f":{what}/"
            with pytest.raises(REFUSALS, match=text):
                pytest.fail(f"{name} worked: {call(event)}")


def test_without_prefixes_every_topic_and_group_is_meant(msk: LocalMsk, names: Names) -> None:
    """Blank prefixes leave the whole cluster to the allowed actions."""
    stack = deployed(*ACTIONS, TopicPrefix="", GroupPrefix="")
    role = role_with(policy(stack))
    msk.set_roles(role)
    anywhere = Names(names.topic, "any-", "any-reports", names.letters)
    with function_on(msk, role, stack.environment("Function")) as call:
        told = {name: deed.refused(call, anywhere) for name, deed in DEEDS.items()}
    assert dict.fromkeys(told, "") == told
