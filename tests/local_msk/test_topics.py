"""What a topic may be, and what is seen of the requests."""

# ruff: noqa: TID251 - plain clients, as anybody has them

import time

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType

from local.msk import LocalMsk, Request
from tests.local_msk.client import TIMEOUT_S, admin, create_topic, produce

EIGHT_MIB = 8 * 1024 * 1024


def test_a_config_that_serverless_does_not_have_is_refused(msk: LocalMsk) -> None:
    """The refusal names the config and those that may be set."""
    with pytest.raises(KafkaException, match=r"segment\.bytes, only cleanup\.policy") as caught:
        create_topic(msk, topic_config={"segment.bytes": "1048576"})
    assert caught.value.args[0].name() == "POLICY_VIOLATION"


def test_the_cleanup_policy_cannot_be_changed(msk: LocalMsk) -> None:
    """A topic is compacted from its creation or never."""
    topic = create_topic(msk, topic_config={"cleanup.policy": "compact"})
    entry = ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    client = admin(msk)
    (answer,) = client.incremental_alter_configs([resource]).values()
    with pytest.raises(KafkaException, match="only when the topic is created"):
        answer.result(TIMEOUT_S)


def test_eight_mebibytes_go_through(msk: LocalMsk) -> None:
    """A topic whose limit is raised to 8 MiB takes a record nearly that large."""
    topic = create_topic(msk, topic_config={"max.message.bytes": str(EIGHT_MIB)})
    assert produce(msk, topic, b"x" * (EIGHT_MIB - 1000)) == 0


def test_the_requests_of_the_clients_are_seen(msk: LocalMsk) -> None:
    """With a request log the APIs, versions and client ids of the SASL_SSL listener are known."""
    topic = create_topic(msk)
    produce(msk, topic, b"x", more={"client.id": "someone"})
    deadline = time.monotonic() + TIMEOUT_S
    wanted = {"Metadata", "Produce"}
    while not wanted <= (seen := _of(msk.requests(), "someone")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert wanted <= seen


def _of(requests: set[Request], client_id: str) -> set[str]:
    return {r.api for r in requests if r.client_id == client_id and r.version > 0}
