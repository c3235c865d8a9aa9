"""What ALLOWED_ACTIONS and its like allow."""

from __future__ import annotations

import pytest

from msk_client.actions import ACTIONS, Action
from msk_client.actions.call import Answer, Call
from msk_client.actions.ping import Ping
from msk_client.errors import NotAuthorized
from tests.unit.invoking import KeptKafka, body, call_on, invoke

PING = {"action": "ping"}


@pytest.fixture(name="wipe_out")
def destructive_action(monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a destructive action into the table."""

    def wipe_out(_: Ping, __: Call) -> Answer:
        return Answer({"gone": True})

    monkeypatch.setitem(ACTIONS, "wipe_out", Action(Ping, wipe_out, destructive=True))
    return "wipe_out"


# Actions


@pytest.mark.parametrize("listed", ["ping", "p*", "produce, ping", "*", "consume,p?ng"])
def test_a_listed_action_is_allowed(listed: str) -> None:
    """An action that a name or pattern of the list matches is carried out."""
    assert "fake" == body(PING, ALLOWED_ACTIONS=listed)["cluster_id"]


@pytest.mark.parametrize("listed", ["produce", "pin", "*ping?", "PING", ",", "list-topics"])
def test_an_action_that_is_not_listed_is_refused(listed: str) -> None:
    """Any other action is refused by the name of the setting, before anything is asked."""
    kafka = KeptKafka()
    with pytest.raises(NotAuthorized, match=r"ALLOWED_ACTIONS does not allow ping"):
        invoke(PING, kafka, ALLOWED_ACTIONS=listed)
    assert [] == kafka.calls


def test_hyphens_are_allowed_on_both_sides() -> None:
    """An action is the same with `-` and `_`, in the list and in the event."""
    for listed in ("list-topics", "list_topics", "list-*"):
        for action in ("list-topics", "list_topics"):
            assert "topics" in body({"action": action}, ALLOWED_ACTIONS=listed)


@pytest.mark.parametrize("action", ACTIONS)
def test_without_a_list_all_but_destructive_actions_are_allowed(action: str) -> None:
    """Without the setting every action that destroys nothing is allowed."""
    assert call_on(KeptKafka()).allows_action(action) is not ACTIONS[action].destructive


@pytest.mark.parametrize("listed", ["", "*", "wipe*", "ping"])
def test_a_destructive_action_must_be_listed_by_name(wipe_out: str, listed: str) -> None:
    """A destructive action is refused without a list, and by a pattern that happens to match."""
    with pytest.raises(NotAuthorized, match="ALLOWED_ACTIONS does not allow wipe_out"):
        invoke({"action": wipe_out}, ALLOWED_ACTIONS=listed)


@pytest.mark.parametrize("listed", ["wipe_out", "ping,wipe-out"])
def test_a_destructive_action_that_is_listed_is_allowed(wipe_out: str, listed: str) -> None:
    """A destructive action that is listed by its name is carried out."""
    assert body({"action": wipe_out}, ALLOWED_ACTIONS=listed)["gone"]


# Topics and groups


@pytest.mark.parametrize(
    ("listed", "topic", "expected"),
    [
        ("", "anything", True),
        ("orders", "orders", True),
        ("orders", "orders2", False),
        ("a,orders-*", "orders-eu", True),
        ("orders-*", "orders", False),
        ("Orders", "orders", False),
        ("orders.*", "orders-eu", False),
        (",", "orders", False),
    ],
)
def test_topics_by_pattern(listed: str, topic: str, *, expected: bool) -> None:
    """A topic is allowed where a glob of the list matches its whole name; no list allows all."""
    assert expected == call_on(KeptKafka(), ALLOWED_TOPICS=listed).allows_topic(topic)


def test_a_refusal_tells_what_is_allowed() -> None:
    """A refusal tells what the setting lists."""
    with pytest.raises(NotAuthorized, match=r"it lists orders-\*, events"):
        call_on(KeptKafka(), ALLOWED_TOPICS="orders-*,events").allow_topic("other")
    with pytest.raises(NotAuthorized, match=r"it lists nightly"):
        call_on(KeptKafka(), ALLOWED_GROUPS="nightly").allow_group("other")
    with pytest.raises(NotAuthorized, match=r"it lists produce, consume"):
        invoke(PING, ALLOWED_ACTIONS="produce,consume")
    with pytest.raises(NotAuthorized, match=r"it lists none"):
        invoke(PING, ALLOWED_ACTIONS=",")
