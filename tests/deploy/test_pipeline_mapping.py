"""Job mapping: what Lambda is told, and what the function is told with it."""

from __future__ import annotations

from typing import Any

import pytest

from local.msk.roles import ACCOUNT, CLUSTER_ARN, REGION
from msk_client.actions.filtering.criteria import compile_criteria
from tests.deploy.pipeline_template import (
    CONNECTION,
    GROUP,
    KEY,
    MAPPING,
    QUEUE,
    SECRET,
    TOPIC,
    deployed,
    mapping,
    told,
)
from tests.deploy.pipeline_values import FILTER, GOOD

MADE_QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:FailedBatches"
SNS = "arn:aws:sns:us-east-1:123456789012:failed"


def test_the_least_mapping() -> None:
    """It reads the topic from its beginning, in the group, by IAM; a queue hears of failures."""
    assert mapping() == {
        "FunctionName": "Function",
        "EventSourceArn": CLUSTER_ARN,
        "Enabled": "true",
        "Topics": [TOPIC],
        "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": GROUP},
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": "100",
        "DestinationConfig": {"OnFailure": {"Destination": MADE_QUEUE}},
    }


OPTIONS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({"MappingEnabled": "false"}, {"Enabled": "false"}),
    ({"StartingPosition": "LATEST"}, {"StartingPosition": "LATEST"}),
    (
        {"StartingPosition": "AT_TIMESTAMP", "StartingTimestamp": "1767225600"},
        {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": "1767225600"},
    ),
    ({"BatchSize": "10000"}, {"BatchSize": "10000"}),
    ({"BatchingWindow": "0"}, {"MaximumBatchingWindowInSeconds": "0"}),
    ({"FilterPattern1": FILTER}, {"FilterCriteria": {"Filters": [{"Pattern": FILTER}]}}),
    (
        {f"FilterPattern{i}": FILTER for i in range(1, 6)},
        {"FilterCriteria": {"Filters": [{"Pattern": FILTER}] * 5}},
    ),
    (
        {"FilterPattern2": FILTER, "FilterKeyArn": KEY},
        {"FilterCriteria": {"Filters": [{"Pattern": FILTER}]}, "KmsKeyArn": KEY},
    ),
    (
        {"Authentication": "scram", "SecretArn": SECRET},
        {"SourceAccessConfigurations": [{"Type": "SASL_SCRAM_512_AUTH", "URI": SECRET}]},
    ),
    (
        {"Authentication": "mtls", "SecretArn": SECRET},
        {"SourceAccessConfigurations": [{"Type": "CLIENT_CERTIFICATE_TLS_AUTH", "URI": SECRET}]},
    ),
    ({"VpcConnectionArn": CONNECTION}, {"EventSourceArn": CONNECTION}),
    (
        {"MappingMetrics": "EventCount,KafkaMetrics"},
        {"MetricsConfig": {"Metrics": ["EventCount", "KafkaMetrics"]}},
    ),
]
PROVISIONED: list[tuple[dict[str, str], dict[str, Any]]] = [
    (
        {"MinimumPollers": "2", "MaximumPollers": "20", "PollerGroup": "lake"},
        {
            "ProvisionedPollerConfig": {
                "MinimumPollers": "2",
                "MaximumPollers": "20",
                "PollerGroupName": "lake",
            }
        },
    ),
    ({"MaximumRetries": "3"}, {"MaximumRetryAttempts": "3"}),
    ({"MaximumRecordAge": "3600"}, {"MaximumRecordAgeInSeconds": "3600"}),
    ({"BisectOnError": "on"}, {"BisectBatchOnFunctionError": True}),
    ({"ReportBatchItemFailures": "on"}, {"FunctionResponseTypes": ["ReportBatchItemFailures"]}),
    ({"MappingLogLevel": "WARN"}, {"LoggingConfig": {"SystemLogLevel": "WARN"}}),
]
DESTINATIONS = [
    ({"OnFailureQueueArn": QUEUE}, QUEUE),
    ({"OnFailureTopicArn": SNS}, SNS),
    ({"OnFailureBucket": "failed-batches"}, "arn:aws:s3:::failed-batches"),
    ({"OnFailureKafkaTopic": "failed", "ProvisionedMode": "on"}, "kafka://failed"),
]


@pytest.mark.parametrize(("given", "expected"), OPTIONS)
def test_an_option_arrives(given: dict[str, str], expected: dict[str, Any]) -> None:
    """Each parameter becomes its property, and changes nothing else."""
    assert mapping() | expected == mapping(**given)


@pytest.mark.parametrize(("given", "expected"), PROVISIONED)
def test_an_option_of_provisioned_mode_arrives(
    given: dict[str, str], expected: dict[str, Any]
) -> None:
    """Provisioned mode has pollers, retries and age, and takes the options that need it."""
    provisioned = mapping(ProvisionedMode="on")
    added = {name: provisioned[name] for name in provisioned.keys() - mapping().keys()}
    assert added == {
        "ProvisionedPollerConfig": {"MinimumPollers": "1", "MaximumPollers": "10"},
        "MaximumRetryAttempts": "-1",
        "MaximumRecordAgeInSeconds": "-1",
    }
    assert provisioned | expected == mapping(ProvisionedMode="on", **given)


@pytest.mark.parametrize(("given", "where"), DESTINATIONS)
def test_failed_batches_go_where_it_says(given: dict[str, str], where: str) -> None:
    """Then no queue is made for them, and no alarm on one."""
    assert mapping(**given)["DestinationConfig"]["OnFailure"]["Destination"] == where
    stack = deployed(MAPPING, **given)
    assert not stack.of_type("AWS::SQS::Queue")
    assert "FailedBatchesAlarm" not in stack.resources


def test_a_partial_response_is_agreed_on_by_both() -> None:
    """Lambda and the function are told together: either alone would lose records."""
    for given, expected in (("on", True), ("off", False)):
        parameters = {"ProvisionedMode": "on", "ReportBatchItemFailures": given}
        assert told(MAPPING, **parameters).mapping.partial_response is expected
        assert ("FunctionResponseTypes" in mapping(**parameters)) is expected


def test_filters_of_the_example_are_ones_that_can_be_tried() -> None:
    """What the template takes as a pattern, test_filter takes."""
    patterns = [value for value in GOOD["FilterPattern1"] if value]
    assert compile_criteria(patterns, "FilterCriteria").warnings == []
