"""Topics and the cluster, as the function makes and sees them on a real Kafka."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from local.msk import DEFAULT_ROLE, start_msk
from msk_client import handler
from msk_client.errors import (
    InvalidRequest,
    NotAuthorized,
    ThrottledOrBusy,
    TopicExists,
    UnknownTopic,
)
from msk_client.ports import Mark
from msk_client.settings import settings
from tests.integration.answers import consume, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.msk import LocalMsk
    from msk_client.deadline import Deadline
    from msk_client.kafka import MskKafka
    from tests.integration.conftest import CallFunction
    from tests.integration.eyes import Eyes

pytestmark = pytest.mark.protocol


def create(**fields: object) -> dict[str, Any]:
    """An event that creates a topic of a random name."""
    return {"action": "create_topic", "topic": f"t-{uuid.uuid4().hex[:12]}", **fields}


def configs_of(eyes: Eyes, topic: str) -> dict[str, str]:
    """A topic's configs as the cluster has them."""
    asked = ConfigResource(ResourceType.TOPIC, topic)
    (future,) = eyes.admin.describe_configs([asked]).values()
    return {name: str(entry.value) for name, entry in future.result(30).items()}


# Creating


def test_a_topic_is_made_as_asked_for(call: CallFunction, eyes: Eyes) -> None:
    """Partitions and configs are the request's, whatever JSON type a config has."""
    config = {"retention.ms": 3_600_000, "max.message.bytes": "2000000"}
    event = create(num_partitions=3, config=config)
    body = call(event)
    name = event["topic"]
    assert body == {
        "topic": name,
        "num_partitions": 3,
        "replication_factor": 1,
        "created": True,
    }
    assert len(eyes.partitions(name)) == 3
    found = configs_of(eyes, name)
    assert (found["retention.ms"], found["max.message.bytes"]) == ("3600000", "2000000")


def test_a_topic_that_was_made_can_be_used_at_once(call: CallFunction) -> None:
    """Writing to and reading from each partition of a topic just made meets no missing leader."""
    for _ in range(5):
        event = create(num_partitions=4)
        call(event)
        records = [{"value": str(p), "partition": p} for p in range(4)]
        call({"action": "produce", "topic": event["topic"], "records": records})
        assert sorted(values_of(call(consume(event["topic"])))) == ["0", "1", "2", "3"]


def test_a_topic_that_exists(call: CallFunction) -> None:
    """A topic that exists is an error, or with `if_not_exists` is described as it is."""
    event = create(num_partitions=2)
    call(event)
    with pytest.raises(TopicExists, match=event["topic"]):
        call(event)
    body = call(event | {"if_not_exists": True, "num_partitions": 5})
    assert (body["created"], body["num_partitions"]) == (False, 2)


def test_validating_makes_no_topic(call: CallFunction) -> None:
    """`validate_only` has the cluster judge the request, and makes nothing."""
    event = create(validate_only=True)
    assert call(event)["created"] is False
    with pytest.raises(UnknownTopic):
        call(consume(event["topic"]))
    with pytest.raises(InvalidRequest):
        call(create(validate_only=True, config={"segment.bytes": 14}))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"config": {"segment.bytes": 1_048_576}}, "segment.bytes"),
        ({"config": {"max.message.bytes": 9_000_000}}, "max.message.bytes"),
        ({"config": {"retention.ms": "soon"}}, "retention.ms"),
        ({"config": {"no.such.config": 1}}, "no.such.config"),
        ({"replication_factor": 7}, "replication factor"),
        ({"num_partitions": 2401}, "2400"),
        ({"num_partitions": 121, "config": {"cleanup.policy": "compact"}}, "120"),
    ],
)
def test_what_the_cluster_refuses_is_named(
    call: CallFunction, fields: dict[str, Any], named: str
) -> None:
    """What the cluster refuses is the request's error, and names what is wrong."""
    with pytest.raises(InvalidRequest) as raised:
        call(create(**fields))
    assert named in str(raised.value)


def test_a_name_that_clashes_is_refused(call: CallFunction) -> None:
    """Kafka takes no two names that differ only in `.` and `_`."""
    name = f"a.b_{uuid.uuid4().hex[:8]}"
    call(create(topic=name))
    with pytest.raises(InvalidRequest, match="collide"):
        call(create(topic=name.replace(".", "_")))


def test_replicas_are_the_broker_s_unless_asked_for(
    invoke_on: Callable[..., CallFunction], kafka_version: str
) -> None:
    """Without `replication_factor` a topic has the cluster's default, with it what is asked for."""
    with start_msk(nodes=3, kafka_version=kafka_version) as msk:
        call = invoke_on(msk)
        assert call(create())["replication_factor"] == 3
        assert call(create(replication_factor=2))["replication_factor"] == 2
        with pytest.raises(InvalidRequest, match="replication factor"):
            call(create(replication_factor=4))
        event = create(num_partitions=6)
        call(event)
        records = [{"value": str(p), "partition": p} for p in range(6)]
        call({"action": "produce", "topic": event["topic"], "records": records})
        assert len(values_of(call(consume(event["topic"])))) == 6


# Permissions


@pytest.fixture(name="narrow")
def a_narrow_role(msk: LocalMsk, invoke_on: Callable[..., CallFunction]) -> Callable[..., Any]:
    """Call the function as a role that may do these actions with these resources only."""

    @contextmanager
    def acting(**resources: str) -> Iterator[CallFunction]:
        statements = [
            {
                "Effect": "Allow",
                "Action": f"kafka-cluster:{action}",
                "Resource": f"arn:aws:kafka:*:*:{resource}",
            }
            for action, resource in ({"Connect": "cluster/*"} | resources).items()
        ]
        role = replace(
            DEFAULT_ROLE,
            arn="arn:aws:iam::123456789012:role/maker",
            access_key_id="ASIAMAKER00000000000",
            policy={"Version": "2012-10-17", "Statement": statements},
        )
        msk.set_roles(DEFAULT_ROLE, role)
        try:
            yield invoke_on(msk, role)
        finally:
            msk.set_roles(DEFAULT_ROLE)

    return acting


def test_creating_needs_two_actions(narrow: Callable[..., Any]) -> None:
    """CreateTopic makes a topic and DescribeTopic describes it; no action on the cluster."""
    event = create()
    where = f"topic/*/*/{event['topic']}"
    with narrow(CreateTopic=where, DescribeTopic=where) as call:
        assert call(event)["created"]


@pytest.mark.parametrize("missing", ["CreateTopic", "DescribeTopic"])
def test_a_missing_action_is_named_and_nothing_is_made(
    narrow: Callable[..., Any], eyes: Eyes, missing: str
) -> None:
    """The error names the missing action and the topic, and comes before anything is made."""
    event = create()
    where = f"topic/*/*/{event['topic']}"
    given = {"CreateTopic": where, "DescribeTopic": where}
    del given[missing]
    text = f"kafka-cluster:{missing} on arn:aws:kafka:us-east-1:\\*:topic/\\*/\\*/{event['topic']} "
    with narrow(**given) as call:
        with pytest.raises(NotAuthorized, match=text):
            call(event)
    assert event["topic"] not in eyes.admin.list_topics(timeout=30).topics


# Listing


def test_internal_topics_are_listed_on_demand(
    call: CallFunction, topic: Callable[..., str], eyes: Eyes
) -> None:
    """Names that begin with two underscores are shown with `include_internal` only."""
    name = topic(2)
    eyes.commit(f"g-{name}", name, {0: 0})  # makes __consumer_offsets
    shown = call({"action": "list_topics"})["topics"]
    assert {"name": name, "num_partitions": 2} in shown
    assert not any(each["name"].startswith("__") for each in shown)
    everything = call({"action": "list_topics", "include_internal": True})["topics"]
    assert "__consumer_offsets" in {each["name"] for each in everything}


def test_topics_are_chosen_by_a_pattern(call: CallFunction, topic: Callable[..., str]) -> None:
    """A glob chooses among the names, which come sorted."""
    names = sorted(topic() for _ in range(3))
    shown = call({"action": "list_topics", "pattern": f"{names[0][:-1]}?"})["topics"]
    assert [each["name"] for each in shown] == names[:1]
    listed = [each["name"] for each in call({"action": "list_topics"})["topics"]]
    assert listed == sorted(listed)


# The cluster


def test_the_cluster_is_described(call: CallFunction, msk: LocalMsk) -> None:
    """ping answers the cluster's brokers as clients are told to reach them, versions and times."""
    body = call({"action": "ping"})
    assert [f"{broker['host']}:{broker['port']}" for broker in body["brokers"]] == [msk.bootstrap]
    assert body["controller_id"] == body["brokers"][0]["id"]
    assert {"python", "confluent_kafka", "librdkafka"} == set(body["versions"])
    assert body["times_ms"]["connect"] > 0


# Offsets


def test_offsets_of_many_partitions(
    kafka: MskKafka, topic: Callable[..., str], eyes: Eyes, deadline: Deadline
) -> None:
    """Several places are looked up in many partitions at once, each for itself."""
    name = topic(60)
    for partition in range(0, 60, 7):
        eyes.produce(name, [b"x"] * (partition + 1), partition)
    low, high = kafka.offsets(name, range(60), (Mark.BEGINNING, Mark.END), deadline)
    assert low == dict.fromkeys(range(60), 0)
    assert high == {p: p + 1 if p % 7 == 0 else 0 for p in range(60)}


def test_offsets_of_a_partition_that_is_not_there(
    kafka: MskKafka, topic: Callable[..., str], deadline: Deadline
) -> None:
    """A partition that doesn't exist is an error within seconds, not an offset."""
    with pytest.raises((UnknownTopic, ThrottledOrBusy, InvalidRequest)):
        kafka.offsets(topic(), [0, 5], (Mark.END,), deadline)


def test_offsets_need_describe_topic(
    narrow: Callable[..., Any], topic: Callable[..., str], deadline: Deadline
) -> None:
    """Looking offsets up without DescribeTopic names it."""
    name = topic()
    with narrow(ReadData=f"topic/*/*/{name}") as call:
        with pytest.raises(NotAuthorized):
            call(consume(name))
        with pytest.raises(NotAuthorized, match=f"kafka-cluster:DescribeTopic on .*/{name} "):
            handler.kafka(settings().endpoint).offsets(name, [0], (Mark.END,), deadline)
