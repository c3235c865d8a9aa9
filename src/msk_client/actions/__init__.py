"""Everything this function can do: the table of actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from msk_client.actions.consume import Consume, consume
from msk_client.actions.create_topic import CreateTopic, create_topic
from msk_client.actions.list_topics import ListTopics, list_topics
from msk_client.actions.ping import Ping, ping
from msk_client.actions.produce import Produce, produce
from msk_client.actions.replay import Replay, replay
from msk_client.actions.request import R
from msk_client.actions.test_filter import FilterTest, test_filter

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.actions.call import Answer, Call


@dataclass(frozen=True)
class Action(Generic[R]):
    """A request type and the function that carries it out."""

    request: type[R]
    run: Callable[[R, Call], Answer]
    destructive: bool = False


ACTIONS: dict[str, Action[Any]] = {
    "consume": Action(Consume, consume),
    "create_topic": Action(CreateTopic, create_topic),
    "list_topics": Action(ListTopics, list_topics),
    "ping": Action(Ping, ping),
    "produce": Action(Produce, produce),
    "replay": Action(Replay, replay),
    "test_filter": Action(FilterTest, test_filter),
}
