"""For each assumption: what AWS does where it holds, where it doesn't, and where nobody can tell.

What a case leaves out is done by the real function on a Kafka in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.verify.checks.topics import EIGHT_MIB, FIXED
from tests.deploy.verify_stage import (
    CLUSTER,
    ENDPOINT,
    FUNCTION_ARN,
    Stage,
    answered,
    failed,
)

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


RETRIED = '{"message": "failed", "topic": "verify-aws-1-retried", "request_id": "r-1"}'
EMPTY_LOG = log()
REPORT = "REPORT Duration: 5 ms\tMemory Size: 1024 MB\tMax Memory Used: %d MB\tInit Duration: %d ms"

CONFIRMING: dict[str, Stage] = {
    "login": Stage(),
    "public-certificate": Stage(),
    "host-names": Stage(ping()),
    "cluster-identity": Stage(),
    "bootstrap-brokers": Stage(stubs=brokers(BootstrapBrokerStringSaslIam=ENDPOINT)),
    "brokers-looked-up": Stage(
        ping(), variables={"MSK_CLUSTER_ARN": CLUSTER, "KAFKA_ENDPOINT": ""}
    ),
    "arn-form": Stage(stubs=cluster("SERVERLESS")),
    "kafka-version": Stage(
        stubs=cluster(
            "PROVISIONED",
            Provisioned={
                "BrokerNodeGroupInfo": {"ClientSubnets": [], "InstanceType": "kafka.t3.small"},
                "NumberOfBrokerNodes": 3,
                "CurrentBrokerSoftwareInfo": {"KafkaVersion": "3.8.x"},
            },
        )
    ),
    "api-versions": Stage(stubs={"logs": [feature_log()]}),
    "replication-left-out": Stage(),
    "replication-three": Stage(),
    "replication-two": Stage(),
    "validate-only": Stage(),
    "no-auto-creation": Stage(),
    "settable-configs": Stage(),
    "fixed-configs": Stage(plan(serverless)),
    "message-limit": Stage(plan(serverless)),
    "partition-limit": Stage(plan(serverless)),
    "compacted-limit": Stage(plan(serverless)),
    "usable-at-once": Stage(),
    "listed": Stage(),
    "round-trip": Stage(),
    "large-record": Stage(echo_large),
    "bookmark": Stage(),
    "answer-limit": Stage(
        on("consume", {"raw": '{"body":{"stopped":"max_bytes"}}'.ljust(6_291_500)})
    ),
    "unescaped": Stage(),
    "read-without-group": Stage(stubs=decided("implicitDeny")),
    "idempotence-permission": Stage(
        on("produce", failed("NotAuthorized", "for want of kafka-cluster:WriteDataIdempotently")),
        stubs=decided("implicitDeny"),
    ),
    "hidden-topic": Stage(
        on("consume", failed("NotAuthorized", "for want of kafka-cluster:DescribeTopic"))
    ),
    "error-type": Stage(),
    "request-limit": Stage(),
    "asynchronous-limit": Stage(),
    "asynchronous-retries": Stage(stubs={"lambda": [event_config("ResourceNotFoundException")]}),
    "libraries": Stage(),
    "log-line": Stage(ping(WARM)),
    "metrics": Stage(
        stubs={"cloudwatch": [("list_metrics", {"Metrics": [{"MetricName": "Duration"}]})]}
    ),
    "cold-start": Stage(stubs={"logs": [log(REPORT % (90, 800), next_token="n"), EMPTY_LOG]}),
    "memory": Stage(stubs={"logs": [log('{"metrics": {"maxMemoryUsedMB": 90}}')]}),
    "credentials-renewed": Stage(stubs={"logs": [EMPTY_LOG, streams(0.5, 9)]}),
    "idle-connection": Stage(ping(WARM)),
    "long-session": Stage(ping(WARM)),
    "before-the-kill": Stage(on("consume", answered(stopped="end"))),
    "retries-observed": Stage(
        stubs={
            "logs": [log(*[RETRIED] * min(1 + n // 4, 3)) for n in range(15)],
            "lambda": [event_config({"MaximumRetryAttempts": 2})],
        }
    ),
    "other-partitions": Stage(configuration={"FunctionArn": FUNCTION_ARN.replace("aws", "aws-cn")}),
    "offset-lag": Stage(stubs=lags(["FunctionName"], ["EventSourceMappingUUID", "FunctionName"])),
    "unknown-cluster": Stage(stubs={"kafka": [("get_bootstrap_brokers", "NotFoundException")]}),
}

REFUTING: dict[str, Stage] = {
    "login": Stage(on("ping", failed("AuthenticationFailed", "refused the login"))),
    "public-certificate": Stage(
        on("ping", failed("BrokerUnreachable", "not signed by a trusted authority"))
    ),
    "host-names": Stage(ping(brokers=[{"host": "b-1.example", "id": 1, "port": 1}])),
    "cluster-identity": Stage(ping(controller_id=None)),
    "bootstrap-brokers": Stage(stubs=brokers(BootstrapBrokerStringSaslIam="other:9098")),
    "brokers-looked-up": Stage(
        on("ping", failed("BrokerUnreachable")),
        variables={"MSK_CLUSTER_ARN": CLUSTER, "KAFKA_ENDPOINT": ""},
    ),
    "arn-form": Stage(
        stubs=cluster("SERVERLESS"), cluster_arn="arn:aws:kafka:eu-west-1:123456789012:cluster/my"
    ),
    "kafka-version": Stage(
        stubs=cluster(
            "PROVISIONED",
            Provisioned={
                "BrokerNodeGroupInfo": {"ClientSubnets": [], "InstanceType": "kafka.t3.small"},
                "NumberOfBrokerNodes": 3,
                "CurrentBrokerSoftwareInfo": {"KafkaVersion": "5.0"},
            },
        )
    ),
    "api-versions": Stage(stubs={"logs": [feature_log(fetch="12..17")]}),
    "replication-left-out": Stage(on("create_topic", failed("InvalidRequest"))),
    "replication-three": Stage(plan(lambda event: "replication_factor" not in event)),
    "replication-two": Stage(plan(lambda event: event.get("replication_factor") != 2)),
    "validate-only": Stage(
        on("list_topics", answered(topics=[{"name": "verify-aws-1-plan", "num_partitions": 1}]))
    ),
    "no-auto-creation": Stage(
        on("produce", answered(results=[{"offset": 0}]), create_if_missing=False)
    ),
    "settable-configs": Stage(plan(lambda event: not event.get("config"))),
    "fixed-configs": Stage(),
    "message-limit": Stage(),
    "partition-limit": Stage(),
    "compacted-limit": Stage(plan(lambda event: event.get("num_partitions", 1) <= 2400)),
    "usable-at-once": Stage(on("produce", failed("UnknownTopic"))),
    "listed": Stage(on("list_topics", answered(topics=[]))),
    "round-trip": Stage(on("produce", failed("UnexpectedKafkaError"))),
    "large-record": Stage(on("produce", failed("RecordTooLarge"))),
    "bookmark": Stage(on("consume", failed("UnexpectedKafkaError"))),
    "answer-limit": Stage(on("consume", failed("Function.ResponseSizeTooLarge"))),
    "unescaped": Stage(on("consume", {"raw": '{"body": {"value": "\\u00e9"}}'})),
    "read-without-group": Stage(
        on("consume", failed("NotAuthorized", "AlterGroup")), stubs=decided("implicitDeny")
    ),
    "idempotence-permission": Stage(stubs=decided("implicitDeny")),
    "hidden-topic": Stage(on("consume", failed("AuthenticationFailed"))),
    "error-type": Stage(lambda _: answered()),
    "request-limit": Stage(limits={"RequestResponse": 10**8, "Event": 10**8}),
    "asynchronous-limit": Stage(limits={"RequestResponse": 10**8, "Event": 10**8}),
    "libraries": Stage(ping(versions={"confluent_kafka": "2.1"})),
    "log-line": Stage(ping(log='{"message": "something else"}')),
    "cold-start": Stage(stubs={"logs": [log(REPORT % (90, 800), REPORT % (90, 10_500))]}),
    "memory": Stage(stubs={"logs": [log(REPORT % (1024, 800))]}),
    "credentials-renewed": Stage(stubs={"logs": [log("AuthenticationFailed: they ended")]}),
    "idle-connection": Stage(ping(WARM + "\nDisconnected (after 45000ms)")),
    "long-session": Stage(in_turn(ping(WARM), ping(WARM), on("ping", failed("X")))),
    "before-the-kill": Stage(on("consume", failed("Sandbox.Timedout"))),
    "retries-observed": Stage(
        stubs={
            "logs": [log(RETRIED, RETRIED.replace("r-1", "r-2"), RETRIED)] * 15,
            "lambda": [event_config({"MaximumRetryAttempts": 2})],
        }
    ),
    "offset-lag": Stage(stubs=lags(["EventSourceMappingUUID", "FunctionName"])),
    "unknown-cluster": Stage(stubs=brokers(BootstrapBrokerStringSaslIam=ENDPOINT)),
}

UNDECIDED: dict[str, Stage] = {
    "login": Stage(on("ping", UNREACHABLE)),
    "public-certificate": Stage(variables={"KAFKA_CA_FILE": "/opt/ca.pem"}),
    "host-names": Stage(on("ping", UNREACHABLE)),
    "cluster-identity": Stage(on("ping", UNREACHABLE)),
    "bootstrap-brokers": Stage(
        stubs={"kafka": [("get_bootstrap_brokers", "AccessDeniedException")]}
    ),
    "brokers-looked-up": Stage(),
    "arn-form": Stage(cluster_arn=None),
    "kafka-version": Stage(stubs=cluster("SERVERLESS")),
    "api-versions": Stage(stubs={"logs": [EMPTY_LOG]}),
    "replication-left-out": Stage(on("create_topic", failed("NotAuthorized"))),
    "fixed-configs": Stage(plan(lambda _: False)),
    "no-auto-creation": Stage(on("produce", failed("NotAuthorized"))),
    "usable-at-once": Stage(on("produce", failed("ThrottledOrBusy"))),
    "unescaped": Stage(on("consume", failed("UnknownTopic"))),
    "read-without-group": Stage(stubs=decided("allowed")),
    "idempotence-permission": Stage(stubs=decided("allowed")),
    "hidden-topic": Stage(),
    "metrics": Stage(stubs={"cloudwatch": [("list_metrics", {"Metrics": []})]}),
    "cold-start": Stage(stubs={"logs": [EMPTY_LOG]}),
    "memory": Stage(stubs={"logs": [("filter_log_events", "ResourceNotFoundException")]}),
    "credentials-renewed": Stage(stubs={"logs": [EMPTY_LOG, streams()]}),
    "log-line": Stage(ping()),
    "idle-connection": Stage(ping(COLD)),
    "long-session": Stage(ping(COLD)),
    "other-partitions": Stage(),
    "large-record": Stage(on("produce", failed("DeadlineExceeded"))),
    "offset-lag": Stage(stubs=lags()),
    "unknown-cluster": Stage(stubs={"kafka": [("get_bootstrap_brokers", "AccessDeniedException")]}),
}

CANNOT_BE_REFUTED = {"asynchronous-retries", "metrics", "other-partitions"}
"""They tell what is set, or wait for what is still to come."""
