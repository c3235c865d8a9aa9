"""What AWS and the function are made to say, for one look at one assumption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.verify.checks.topics import EIGHT_MIB, FIXED
from tests.deploy.verify_stage import ENDPOINT, answered, failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.deploy.verify_stage import Script, Stubs

MSK_HOST = ENDPOINT.partition(":")[0]
PONG = {
    "endpoint": ENDPOINT,
    "cluster_id": "c",
    "controller_id": 1,
    "brokers": [{"id": 1, "host": MSK_HOST, "port": 9098}],
    "versions": {"python": "3.13.5", "confluent_kafka": "2.16.1", "librdkafka": "2.16.0"},
    "times_ms": {"connect": 100.0, "round_trip": 1.0},
}
UNREACHABLE = failed("BrokerUnreachable", "no answer")
WARM = '{"message": "done", "action": "ping", "cold_start": false}'
COLD = WARM.replace("false", "true")


def on(action: str, outcome: dict[str, Any], **fields: object) -> Script:
    """Script one action, where the event has these fields."""

    def script(event: dict[str, Any]) -> dict[str, Any] | None:
        asked = event.get("action") == action and fields.items() <= event.items()
        return outcome if asked else None

    return script


def ping(log: str = "", **changes: object) -> Script:
    """Script a ping's answer."""
    return on("ping", answered(**PONG | changes) | {"log": log})


def in_turn(*scripts: Script) -> Script:
    """Script one event after the other."""
    left = iter(scripts)

    def script(event: dict[str, Any]) -> dict[str, Any] | None:
        return next(left)(event)

    return script


def plan(allowed: Callable[[dict[str, Any]], bool]) -> Script:
    """Script what the cluster says to a topic that is only planned."""

    def script(event: dict[str, Any]) -> dict[str, Any] | None:
        if not event.get("validate_only") or allowed(event):
            return None
        return failed("InvalidRequest", "the cluster refuses it")

    return script


def serverless(event: dict[str, Any]) -> bool:
    """What MSK Serverless takes."""
    config = event.get("config", {})
    most = 120 if config.get("cleanup.policy") == "compact" else 2400
    return (
        not config.keys() & FIXED.keys()
        and config.get("max.message.bytes", 0) <= EIGHT_MIB
        and event.get("num_partitions", 1) <= most
    )


def echo_large(event: dict[str, Any]) -> dict[str, Any] | None:
    """Take a record of any size and give it back."""
    if event["action"] == "produce":
        echo_large.value = event["records"][0]["value_base64"]  # type: ignore[attr-defined]
        return answered(results=[{"offset": 0}])
    value = getattr(echo_large, "value", None)
    return answered(records=[{"value_base64": value}]) if event["action"] == "consume" else None


def cluster(kind: str, **more: object) -> Stubs:
    """Stub DescribeClusterV2."""
    return {"kafka": [("describe_cluster_v2", {"ClusterInfo": {"ClusterType": kind, **more}})]}


def brokers(**told: str) -> Stubs:
    """Stub GetBootstrapBrokers."""
    return {"kafka": [("get_bootstrap_brokers", told)]}


def lags(*series: list[str]) -> Stubs:
    """Stub ListMetrics with series of these dimensions."""
    metrics = [{"Dimensions": [{"Name": n, "Value": "v"} for n in names]} for names in series]
    return {"cloudwatch": [("list_metrics", {"Metrics": metrics})]}


def log(*messages: str, next_token: str | None = None) -> tuple[str, dict[str, Any]]:
    """Stub a page of FilterLogEvents."""
    page: dict[str, Any] = {"events": [{"message": message} for message in messages]}
    return "filter_log_events", page | ({"nextToken": next_token} if next_token else {})


def streams(*hours: float) -> tuple[str, dict[str, Any]]:
    """Stub DescribeLogStreams with environments that lived so long."""
    lives = [
        {"firstEventTimestamp": 0, "lastEventTimestamp": int(each * 3_600_000)} for each in hours
    ]
    return "describe_log_streams", {"logStreams": lives}


def decided(decision: str) -> Stubs:
    """Stub IAM's simulation."""
    result = {"EvalActionName": "kafka-cluster:ReadData", "EvalDecision": decision}
    return {"iam": [("simulate_principal_policy", {"EvaluationResults": [result]})]}


def event_config(answer: dict[str, Any] | str) -> tuple[str, dict[str, Any] | str]:
    """Stub GetFunctionEventInvokeConfig."""
    return "get_function_event_invoke_config", answer


def feature_log(fetch: str = "0..12") -> tuple[str, dict[str, Any]]:
    """Stub what librdkafka logs of the protocol."""
    names = (
        "Produce ListOffsets Metadata OffsetCommit OffsetFetch FindCoordinator DescribeGroups"
        " CreateTopics InitProducerId"
    )
    lines = [f"ApiKey {name} (1) Versions 0..9" for name in names.split()]
    return log(*lines, f"ApiKey Fetch (1) Versions {fetch}")
