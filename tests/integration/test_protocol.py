"""Which of Kafka's protocol APIs the function uses: MSK Serverless knows only some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.msk import start_msk
from msk_client.s3.store import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.aws import LocalAws
    from local.msk import LocalMsk
    from tests.integration.conftest import CallFunction

KNOWN_TO_SERVERLESS = {
    "ApiVersions",
    "SaslHandshake",
    "SaslAuthenticate",
    "Produce",
    "Fetch",
    "ListOffsets",
    "Metadata",
    "OffsetCommit",
    "OffsetFetch",
    "FindCoordinator",
    "DescribeGroups",
    "CreateTopics",
    "InitProducerId",
    "OffsetForLeaderEpoch",
}
"""Seen on a real MSK Serverless cluster (tchiotludo/akhq#1113), less those of group members."""

ONLY_WHERE_OFFERED = {"ConsumerGroupDescribe"}
"""librdkafka tries it first where a broker offers it (KIP-848) and falls back to DescribeGroups."""


@pytest.fixture(scope="module", name="watched")
def a_cluster_that_logs_requests(kafka_version: str) -> Iterator[LocalMsk]:
    """A cluster that writes down each request of its clients."""
    with start_msk(request_log=True, kafka_version=kafka_version) as cluster:
        yield cluster


@pytest.mark.protocol
def test_only_apis_that_serverless_knows_are_used(
    watched: LocalMsk, aws: LocalAws, invoke_on: Callable[..., CallFunction]
) -> None:
    """Every action together asks for nothing that MSK Serverless doesn't serve."""
    store.cache_clear()
    call = invoke_on(watched, **aws.environment())
    topic = {"topic": "watched"}
    call({"action": "ping"})
    call({"action": "create_topic", **topic, "num_partitions": 2})
    call({"action": "produce", **topic, "records": [{"value": "a"}, {"value": "b"}]})
    call({"action": "consume", **topic, "from": "-1h", "wait_ms": 10})
    call({"action": "consume", **topic, "from": {"tail": 1}})
    call({"action": "consume", **topic, "group": "bookmark", "commit": True})
    call({"action": "consume", **topic, "group": "lake", "destination": "s3://my-bucket/watched"})
    store.cache_clear()
    call({"action": "list_topics"})
    used = {r.api for r in watched.requests() if r.client_id == "msk-lambda-client"}
    assert {"Produce", "Fetch", "OffsetCommit", "Metadata", "DescribeGroups"} <= used
    assert used - KNOWN_TO_SERVERLESS - ONLY_WHERE_OFFERED == set()
