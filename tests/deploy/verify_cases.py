"""For each assumption: what AWS does where it holds, where it doesn't, and where nobody can tell.

What a case leaves out is done by the real function on a Kafka in memory.
"""

from __future__ import annotations

from tests.deploy.verify_stage import CLUSTER, ENDPOINT, FUNCTION_ARN, Stage, answered, failed
from tests.deploy.verify_stubs import (
    COLD,
    UNREACHABLE,
    WARM,
    brokers,
    cluster,
    decided,
    echo_large,
    event_config,
    feature_log,
    in_turn,
    lags,
    log,
    on,
    ping,
    plan,
    serverless,
    streams,
)

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
