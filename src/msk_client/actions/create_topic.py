"""create_topic: makes a topic and answers it as the cluster describes it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import msgspec
from msgspec import Meta

from msk_client.actions.call import Answer
from msk_client.actions.request import NumPartitions, Request, TopicName
from msk_client.errors import InvalidRequest, TopicExists, UnknownTopic
from msk_client.ports import NewTopic

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.actions.call import Call
    from msk_client.ports import Topic

T = TypeVar("T")


class CreateTopic(Request, frozen=True, kw_only=True):
    """The request."""

    topic: TopicName
    num_partitions: NumPartitions = 1
    replication_factor: Annotated[int, Meta(ge=1, le=32_767)] | None = None
    config: dict[str, str | int | float | bool] = msgspec.field(default_factory=dict)
    if_not_exists: bool = False
    validate_only: bool = False


def create_topic(request: CreateTopic, call: Call) -> Answer:
    """Create the topic; raises `TopicExists` unless `if_not_exists`."""
    call.allow_topic(request.topic)
    refuse_dots(request.topic)
    created = _create(request, call)
    if request.validate_only:
        return Answer({**_asked_for(request), "created": False, "validate_only": True})
    topic = call.kafka.topic(request.topic, call.deadline)
    described = _asked_for(request) if topic is None else _described(topic)
    return Answer({**described, "created": created})


class MayMake(Protocol):
    """A request that may make its topic."""

    @property
    def topic(self) -> str:
        """Its name."""
        ...

    @property
    def create_if_missing(self) -> bool:
        """Whether it may be made."""
        ...

    @property
    def num_partitions(self) -> int:
        """How many it is made with."""
        ...


def made_if_missing(request: MayMake, call: Call, send: Callable[[], T]) -> tuple[bool, T]:
    """Send, and make the topic first where it is missing and may be made; answers whether."""
    try:
        return False, send()
    except UnknownTopic as missing:
        if not request.create_if_missing:
            raise
        if not call.allows_action("create_topic"):
            raise UnknownTopic(
                f"{missing} It is not created, because ALLOWED_ACTIONS does not allow create_topic."
            ) from missing
    topic = NewTopic(request.topic, request.num_partitions, None, {})
    try:
        call.kafka.create_topic(topic, call.deadline, validate_only=False)
    except TopicExists:  # made by someone else meanwhile
        return False, send()
    return True, send()


def refuse_dots(topic: str) -> None:
    """`.` and `..` are the two names that match the pattern and that Kafka refuses."""
    if topic in {".", ".."}:
        raise InvalidRequest(f"Field 'topic' is wrong: Kafka refuses the name {topic!r}.")


def _create(request: CreateTopic, call: Call) -> bool:
    topic = NewTopic(
        name=request.topic,
        num_partitions=request.num_partitions,
        replication_factor=request.replication_factor,
        config={name: as_text(value) for name, value in request.config.items()},
    )
    try:
        call.kafka.create_topic(topic, call.deadline, validate_only=request.validate_only)
    except TopicExists:
        if not request.if_not_exists:
            raise
        return False
    return True


def as_text(value: str | float | bool) -> str:  # noqa: FBT001 - a value, not a flag
    """Kafka's configs are texts, with `true` and `false` as JSON writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _described(topic: Topic) -> dict[str, Any]:
    return {
        "topic": topic.name,
        "num_partitions": topic.num_partitions,
        "replication_factor": topic.replication_factor,
    }


def _asked_for(request: CreateTopic) -> dict[str, Any]:
    """What is known of a topic that isn't there: not made, or deleted by someone else since."""
    return {"topic": request.topic, "num_partitions": request.num_partitions}
