"""The function in Lambda's runtime emulator, against a real Kafka."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.lambda_runtime import Emulator
from local.msk import start_msk
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.aws import LocalAws
    from local.lambda_runtime import Invocation
    from local.msk import LocalMsk

EVENTS = Path(__file__).parents[2] / "events"
ORDER = ["ping", "create_topic", "produce", "consume", "list_topics", "produce_records"]
"""Events that others build on come first."""

MAX_ANSWER_BYTES = 6_291_556


def names() -> list[str]:
    """Every event file, those that others build on first."""
    found = sorted(path.stem for path in EVENTS.glob("*.json"))
    return [*ORDER, *(name for name in found if name not in ORDER)]


@pytest.fixture(scope="module", name="cluster")
def a_fresh_cluster(kafka_version: str) -> Iterator[LocalMsk]:
    """A cluster without topics, as a newcomer has."""
    with start_msk(kafka_version=kafka_version) as cluster:
        yield cluster


@pytest.fixture(scope="module", name="function")
def the_function(cluster: LocalMsk, aws: LocalAws) -> Iterator[Emulator]:
    """One execution environment, kept warm."""
    with Emulator(cluster.environment() | aws.environment()) as function:
        yield function


def body(invocation: Invocation) -> dict[str, Any]:
    """The answer's body; fails with the function's own words."""
    assert invocation.error_type is None, f"{invocation.error_type}: {invocation.error_message}"
    assert isinstance(invocation.payload, dict)
    answer: dict[str, Any] = invocation.payload["body"]
    return answer


@pytest.mark.parametrize("name", names())
def test_each_event_file_works(function: Emulator, name: str) -> None:
    """Every event in events/ is carried out on a cluster that was empty before the first."""
    answer = function.invoke(json.loads((EVENTS / f"{name}.json").read_text()))
    assert body(answer)


def test_the_sample_is_read_back(function: Emulator) -> None:
    """The newcomer's two events make a topic, send Alice and Bob, and read them back."""
    topic = {"topic": "newcomer"}
    sent = body(function.invoke({"action": "produce", **topic}))
    read = body(function.invoke({"action": "consume", **topic}))
    assert (sent["topic_created"], sent["sample"], sent["produced"]) == (True, True, 2)
    users = [json.loads(record["value"])["user"] for record in read["records"]]
    assert users == ["Alice", "Bob"]


def test_an_event_of_eventbridge_is_carried_out(function: Emulator) -> None:
    """What an application puts on a bus is a record in the topic, readable as such."""
    event = json.loads((EVENTS / "eventbridge_produce.json").read_text())
    detail = event["detail"] | {"topic": "from-a-bus"}
    assert body(function.invoke(event | {"detail": detail}))["produced"] == 1
    read = body(function.invoke({"action": "consume", "topic": "from-a-bus", "format": "json"}))
    assert [record["value"] for record in read["records"]] == [{"id": 17, "item": "tea"}]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"key1": "value1", "key2": "value2", "key3": "value3"}, "InvalidRequest"),
        (
            {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}},
            "InvalidRequest",
        ),
        ({"action": "consume", "topic": "no-such-topic"}, "UnknownTopic"),
        ({"action": "create_topic", "topic": "orders"}, "TopicExists"),
        (
            {"action": "consume", "topic": "orders", "from": {"offsets": {"0": 999}}},
            "OffsetOutOfRange",
        ),
        ([], "InvalidRequest"),
        (None, "InvalidRequest"),
    ],
)
def test_failures_are_lambda_errors_with_our_class_names(
    function: Emulator, event: object, error: str
) -> None:
    """A failure is what Lambda calls a function error, and `errorType` can be caught by name."""
    function.invoke({"action": "create_topic", "topic": "orders", "if_not_exists": True})
    failed = function.invoke(event)
    assert failed.error_type == error
    assert failed.error_message
    assert len(failed.error_message.encode()) <= 8192


def test_a_large_answer_is_cut_to_what_lambda_lets_through(
    function: Emulator, cluster: LocalMsk
) -> None:
    """Pages of values that grow when escaped stay below the limit, and hold every record once."""
    eyes = Eyes(cluster.plaintext)
    name = eyes.create_topic()
    values = [f"{i}:" + "é\n" * random.randint(20_000, 120_000) for i in range(60)]
    eyes.produce(name, [value.encode() for value in values])
    read: list[str] = []
    event: dict[str, Any] = {"action": "consume", "topic": name}
    while True:
        answer = function.invoke(event)
        page = body(answer)
        assert len(answer.raw) <= MAX_ANSWER_BYTES
        read += [record["value"] for record in page["records"]]
        if page["stopped"] == "end":
            break
        assert page["stopped"] == "max_bytes"
        assert len(answer.raw) > MAX_ANSWER_BYTES / 2
        event["from"] = {"offsets": page["next"]}
    assert read == values


def test_a_record_that_fits_no_answer_comes_without_value(
    function: Emulator, cluster: LocalMsk
) -> None:
    """An 8 MiB record is named with its size, and the read goes on behind it."""
    eyes = Eyes(cluster.plaintext)
    name = eyes.create_topic(config={"max.message.bytes": "8388608"})
    large = random.randbytes(8 * 1024 * 1024 - 1000)
    eyes.produce(name, [large, b"small"])
    records = body(function.invoke({"action": "consume", "topic": name}))["records"]
    assert (records[0]["value_omitted"], records[0]["value_size_bytes"]) == (True, len(large))
    assert records[1]["value"] == "small"


def test_too_many_results_are_summed_up(function: Emulator, cluster: LocalMsk) -> None:
    """Where a result for each record wouldn't fit, each partition's offsets are told instead."""
    name = Eyes(cluster.plaintext).create_topic(2)
    count = 70_000
    records = [{"value": "x", "partition": i % 2} for i in range(count)]
    answer = function.invoke({"action": "produce", "topic": name, "records": records})
    told = body(answer)
    assert (told["produced"], told["results"], told["results_omitted"]) == (count, [], count)
    last = count // 2 - 1
    assert told["partitions"]["1"] == {"first_offset": 0, "last_offset": last}
    assert len(answer.raw) <= MAX_ANSWER_BYTES


def test_the_deadline_comes_before_lambdas_kill(cluster: LocalMsk) -> None:
    """A wait longer than the function's timeout ends with an answer, not with a kill."""
    name = Eyes(cluster.plaintext).create_topic()
    with Emulator(cluster.environment(), timeout_s=3) as function:
        answer = function.invoke({"action": "consume", "topic": name, "wait_ms": 60_000})
    assert body(answer)["count"] == 0


def test_logs_hold_no_secret_and_no_content(cluster: LocalMsk) -> None:
    """Neither credentials nor tokens nor records appear in what the function prints."""
    environment = cluster.environment()
    content = "record-content-that-nobody-may-log"
    with Emulator(environment) as function:
        for value in (content, {"deep": content}):
            event = {
                "action": "produce",
                "topic": "quiet",
                "records": [{"key": content, "value": value}],
            }
            assert body(function.invoke(event))["produced"] == 1
        function.invoke({"action": "produce", "topic": "quiet", "records": content})
        function.invoke(
            {"action": "produce", "topic": "quiet", "records": [{"value": content, "partition": 7}]}
        )
        body(function.invoke({"action": "consume", "topic": "quiet"}))
        log = function.log()
    assert '"action":"produce"' in log
    assert content not in log
    assert environment["AWS_SECRET_ACCESS_KEY"] not in log
    assert environment["AWS_SESSION_TOKEN"] not in log
    assert "X-Amz-Signature" not in log
