"""list_topics: the topics that this function may use."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from msk_client.actions.call import Answer
from msk_client.actions.request import Request

if TYPE_CHECKING:
    from msk_client.actions.call import Call
    from msk_client.ports import Topic

NONE_CHOSEN = (
    "None of the {} topics that the cluster shows is listed: they don't match 'pattern', are"
    " internal, or aren't in this function's setting ALLOWED_TOPICS."
)
NONE_VISIBLE = (
    "The cluster shows no topic. Kafka shows only what the role may describe: if there should be"
    " some, allow kafka-cluster:DescribeTopic on them."
)


class ListTopics(Request, frozen=True, kw_only=True):
    """The request."""

    pattern: Annotated[str, Meta(min_length=1, max_length=249)] = "*"
    include_internal: bool = False


def list_topics(request: ListTopics, call: Call) -> Answer:
    """List topics by name."""
    visible = call.kafka.topics(call.deadline)
    chosen = sorted((t for t in visible if _wanted(t, request, call)), key=lambda t: t.name)
    topics = [{"name": t.name, "num_partitions": t.num_partitions} for t in chosen]
    if topics:
        return Answer({"topics": topics})
    note = NONE_CHOSEN.format(len(visible)) if visible else NONE_VISIBLE
    return Answer({"topics": topics, "note": note})


def _wanted(topic: Topic, request: ListTopics, call: Call) -> bool:
    internal = topic.name.startswith("__")
    return (
        fnmatchcase(topic.name, request.pattern)
        and call.allows_topic(topic.name)
        and (request.include_internal or not internal)
    )
