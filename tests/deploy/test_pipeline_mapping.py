"""Job mapping: what Lambda is told, and what the function is told with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.msk.roles import ACCOUNT, CLUSTER_ARN, REGION
from msk_client import settings, settings_input, settings_mapping, settings_output
from msk_client.actions.filtering.criteria import compile_criteria
from msk_client.s3.destinations import destination
from tests.deploy.pipeline_template import (
    CONNECTION,
    COPY,
    GROUP,
    JOBS,
    KEY,
    LEARNT,
    MAPPING,
    OTHER_CLUSTER,
    QUEUE,
    SECRET,
    TOPIC,
    deployed,
    mapping,
)
from tests.deploy.pipeline_values import FILTER, GOOD

if TYPE_CHECKING:
    from msk_client.settings import Settings

KNOWN = {
    *settings.NAMES,
    *settings_output.NAMES,
    *settings_mapping.NAMES,
    *settings_input.NAMES,
}
MADE_QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:FailedBatches"
ENVIRONMENT_LIMIT_BYTES = 4096
SNS = "arn:aws:sns:us-east-1:123456789012:failed"


def told(job: dict[str, str], **parameters: str) -> Settings:
    """What the function makes of its deployed environment; raises for what it doesn't take."""
    variables = deployed(job, **parameters).environment("Function")
    ours = {name for name in variables if not name.startswith("POWERTOOLS_")}
    assert ours <= KNOWN
    return settings.read({n: value for n, value in variables.items() if value})


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


def test_the_function_stores_in_the_bucket() -> None:
    """Bucket, prefix, format, columns, pattern, key and size are what the function takes."""
    chosen = {
        "Bucket": "my-bucket",
        "BucketPrefix": "lake/",
        "BucketKeyArn": KEY,
        "OutputFormat": "csv.gz",
        "OutputColumns": "offset,value.id",
        "OutputPattern": "{prefix}{topic}/{partition}/{start:020}.csv.gz",
        "OutputObjectBytes": "1000000",
    }
    read = told(MAPPING, **chosen)
    assert read.mapping.sink == "s3"
    made = destination(read.output)
    assert (made.bucket, made.prefix, made.kms_key_id) == ("my-bucket", "lake/", KEY)
    assert (made.form.name, made.object_bytes) == ("csv.gz", 1_000_000)
    assert read.output.allowed_buckets == ("my-bucket",)


def test_a_bucket_is_made_where_none_is_given() -> None:
    """It is private, versioned, encrypted by the key that is given, and outlives the stack."""
    stack = deployed(MAPPING, BucketKeyArn=KEY)
    (bucket,) = stack.of_type("AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == KEY
    assert stack.resources["Objects"]["DeletionPolicy"] == "Retain"
    assert told(MAPPING).output.bucket == LEARNT["Objects"]
    assert not deployed(MAPPING, Bucket="my-bucket").of_type("AWS::S3::Bucket")
    assert not deployed(MAPPING, Sink="log").of_type("AWS::S3::Bucket")


def test_what_only_stores_is_not_in_the_vpc() -> None:
    """It is Lambda that reads from Kafka; S3 and SQS are reached without an endpoint."""
    for sink in ("s3", "log"):
        stack = deployed(MAPPING, Sink=sink)
        assert "VpcConfig" not in stack.of_type("AWS::Lambda::Function")["Function"]
        assert not stack.of_type("AWS::EC2::SecurityGroup")
        assert "KAFKA_ENDPOINT" not in stack.environment("Function")
        assert told(MAPPING, Sink=sink).mapping.sink == sink


def test_a_copy_goes_to_its_target_only() -> None:
    """The function knows the topic, the cluster and its ARN, by which a loop is told."""
    read = told(COPY)
    assert (read.mapping.sink, read.mapping.target_topic) == ("produce", "copies")
    assert read.allowed_topics == ("copies",)
    assert (read.endpoint, read.cluster_arn and read.cluster_arn.text) == (
        "b-1.example.com:9098",
        CLUSTER_ARN,
    )
    other = told(COPY, TargetClusterArn=OTHER_CLUSTER)
    assert other.cluster_arn is not None
    assert other.cluster_arn.text == OTHER_CLUSTER


def test_dead_letters_go_where_it_says() -> None:
    """Off, into the bucket below their own prefix, or into a queue that is made for them."""
    assert told(MAPPING).mapping.dead_letter is None
    in_bucket = told(MAPPING, DeadLetters="s3", Bucket="my-bucket").mapping
    assert in_bucket.dead_letter == "s3://my-bucket/dead-letters/"
    assert told(MAPPING, DeadLetters="queue").mapping.dead_letter == LEARNT["DeadLetterQueue"]
    assert told(MAPPING, Sink="log", DeadLetters="s3").mapping.dead_letter is not None
    assert "DeadLetterQueue" not in deployed(MAPPING, DeadLetters="s3").resources


def test_values_are_decoded_on_request() -> None:
    """Off is no decoding."""
    assert told(MAPPING).mapping.decode is None
    assert told(MAPPING, DecodeValues="json").mapping.decode == "json"


def test_nobody_may_call_an_action() -> None:
    """A function for batches refuses every action."""
    assert told(MAPPING).allowed_actions == ("none",)


@pytest.mark.parametrize("job", JOBS)
def test_no_call_takes_longer_than_a_mapping_allows(job: str) -> None:
    """Lambda refuses a mapping for Kafka whose function has more than 14 minutes."""
    function = deployed(JOBS[job]).of_type("AWS::Lambda::Function")["Function"]
    assert int(function["Timeout"]) <= 840


@pytest.mark.parametrize("job", JOBS)
def test_the_environment_fits(job: str) -> None:
    """With the longest values that the parameters take it stays below Lambda's limit."""
    longest = {
        "Topic": "t" * 249,
        "ClientOptions": '{"' + "a" * 592 + '": 1}',
        "BucketPrefix": "p" * 199 + "/",
        "OutputPattern": "{prefix}{topic}{p}{start}".ljust(300, "x"),
        "BucketKeyArn": KEY,
    }
    if job != "mapping":
        longest["BootstrapBrokers"] = ",".join(["b" * 44 + ":9098"] * 20)
    if job in {"mapping", "copy", "drain"}:
        longest |= {"GroupId": "g" * 200, "OutputFormat": "csv", "OutputColumns": "c" * 500}
    if job in {"load", "queued"}:
        longest |= {"S3EventTopics": '{"' + "a" * 990 + '": 1}', "TopicPrefix": "t" * 249}
    if job == "copy":
        longest |= {"TargetTopic": "u" * 249}
    variables = deployed(JOBS[job], **longest).environment("Function")
    size = sum(len(name) + len(value) for name, value in variables.items())
    assert size < ENVIRONMENT_LIMIT_BYTES
