"""Every way to use the function's actions, and whether one of them worked."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.deploy.acting import REFUSALS, Event

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SINCE_2020 = {"timestamp": "2020-01-01T00:00:00Z"}
ONE_RECORD = [{"key": "k", "value": "v"}]


@dataclass(frozen=True)
class Names:
    """What the events are about: all of it within the prefixes that the role may use."""

    topic: str
    """There is such a topic, with records."""
    prefix: str
    """Topics that begin so may be made."""
    group: str
    """Groups that begin so may be used."""
    letters: str = ""
    """A topic that holds a dead letter."""

    def new(self) -> str:
        """A topic that isn't there yet."""
        return f"{self.prefix}{uuid.uuid4().hex[:12]}"

    def new_group(self) -> str:
        """A group without bookmarks: one that stands at the end already isn't moved."""
        return f"{self.group}-{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True)
class Deed:
    """One way to use an action."""

    actions: tuple[str, ...]
    """What ALLOWED_ACTIONS must have."""
    needs: frozenset[str]
    """The `kafka-cluster:` actions without which the broker refuses it."""
    event: Callable[[Names], Event]

    def refused(self, call: Callable[[Event], dict[str, Any]], names: Names) -> str:
        """Do it; answer what the refusal says, nothing where it worked."""
        try:
            body = call(self.event(names))
        except REFUSALS as refusal:
            return str(refusal)
        # Kafka refuses to list a topic by leaving it out.
        return str(body["note"]) if body.get("topics") == [] else ""


def _deed(actions: str, needs: str, fields: Callable[[Names], Mapping[str, Any]]) -> Deed:
    first, *more = actions.split()

    def event(names: Names) -> Event:
        return {"action": first, **fields(names)}

    return Deed((first, *more), frozenset(needs.split()), event)


def _consume(needs: str, **fields: object) -> Deed:
    named = {name.rstrip("_"): value for name, value in fields.items()}
    return _deed("consume", needs, lambda n: {"topic": n.topic, **named})


def _with_group(needs: str, **fields: object) -> Deed:
    return _deed("consume", needs, lambda n: {"topic": n.topic, "group": n.new_group(), **fields})


CREATE = "Connect DescribeTopic CreateTopic"
WRITE = "Connect DescribeTopic WriteData WriteDataIdempotently"
READ = "Connect DescribeTopic ReadData"
GROUP = f"{READ} DescribeGroup"

DEEDS = {
    "ping": _deed("ping", "Connect", lambda _: {}),
    "list topics": _deed("list_topics", "Connect DescribeTopic", lambda _: {}),
    "list by pattern": _deed(
        "list_topics", "Connect DescribeTopic", lambda n: {"pattern": f"{n.topic[:-1]}*"}
    ),
    "create": _deed("create_topic", CREATE, lambda n: {"topic": n.new()}),
    "create with config": _deed(
        "create_topic", CREATE, lambda n: {"topic": n.new(), "config": {"retention.ms": 60_000}}
    ),
    "create if not there": _deed(
        "create_topic", CREATE, lambda n: {"topic": n.new(), "if_not_exists": True}
    ),
    "create what is there": _deed(
        "create_topic", CREATE, lambda n: {"topic": n.topic, "if_not_exists": True}
    ),
    "create for trial": _deed(
        "create_topic", CREATE, lambda n: {"topic": n.new(), "validate_only": True}
    ),
    "produce": _deed("produce", WRITE, lambda n: {"topic": n.topic, "records": ONE_RECORD}),
    "produce to a partition": _deed(
        "produce", WRITE, lambda n: {"topic": n.topic, "records": [{"value": "v", "partition": 0}]}
    ),
    "produce to a new topic": _deed(
        "produce create_topic", f"{WRITE} CreateTopic", lambda n: {"topic": n.new()}
    ),
    "test a filter": _deed(
        "test_filter", "", lambda _: {"filter_criteria": {"Filters": []}, "records": ONE_RECORD}
    ),
    "replay a topic": _deed(
        "replay",
        f"{WRITE} ReadData",
        lambda n: {"source": {"topic": n.letters}, "topic": n.topic},
    ),
    "consume": _consume(READ),
    "consume a tail": _consume(READ, from_={"tail": 1}),
    "consume a time": _consume(READ, from_=SINCE_2020, until="-0s"),
    "consume offsets": _consume(READ, from_={"offsets": {"0": 0}}),
    "consume the uncommitted": _consume(READ, isolation="read_uncommitted"),
    "consume what comes": _consume("Connect DescribeTopic", from_="end", wait_ms=1),
    "consume from a bookmark": _with_group(GROUP),
    "consume and commit": _with_group(f"{GROUP} AlterGroup", commit=True),
}
