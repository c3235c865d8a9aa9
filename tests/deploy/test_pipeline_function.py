"""Job mapping: what the function is told, which the code itself reads, and what is made with it."""

from __future__ import annotations

import pytest

from local.msk.roles import CLUSTER_ARN
from msk_client.s3.destinations import destination
from tests.deploy.pipeline_template import (
    COPY,
    DRAIN,
    JOBS,
    KEY,
    LEARNT,
    MAPPING,
    OTHER_CLUSTER,
    OWN,
    deployed,
    told,
)

ENVIRONMENT_LIMIT_BYTES = 4096


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


def test_a_copy_of_another_kafka_goes_to_its_target() -> None:
    """The function knows the MSK cluster that it writes to, and nothing of the one that is read."""
    given = OWN | {name: COPY[name] for name in COPY.keys() - MAPPING.keys()}
    read = told(given, TargetClusterArn=OTHER_CLUSTER)
    assert read.cluster_arn is not None
    assert (read.cluster_arn.text, read.endpoint) == (OTHER_CLUSTER, COPY["BootstrapBrokers"])


def test_dead_letters_go_where_it_says() -> None:
    """Off, into the bucket below their own prefix, or into a queue that is made for them."""
    assert told(MAPPING).mapping.dead_letter is None
    in_bucket = told(MAPPING, DeadLetters="s3", Bucket="my-bucket").mapping
    assert in_bucket.dead_letter == "s3://my-bucket/dead-letters/"
    assert told(MAPPING, DeadLetters="queue").mapping.dead_letter == LEARNT["DeadLetterQueue"]
    assert told(MAPPING, Sink="log", DeadLetters="s3").mapping.dead_letter is not None
    assert "DeadLetterQueue" not in deployed(MAPPING, DeadLetters="s3").resources
    assert told(MAPPING, DeadLetters="s3").output.dead_letter is None


def test_a_drains_dead_letters_go_into_the_bucket() -> None:
    """Its own, or the one that is given, below their own prefix."""
    assert told(DRAIN).output.dead_letter is None
    assert told(DRAIN, DeadLetters="s3").output.dead_letter == (
        f"s3://{LEARNT['Objects']}/dead-letters/"
    )
    given = told(DRAIN, DeadLetters="s3", Bucket="my-bucket", DeadLetterPrefix="dead/")
    assert given.output.dead_letter == "s3://my-bucket/dead/"
    assert given.mapping.dead_letter is None


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
    if job not in {"mapping", "own"}:
        longest["BootstrapBrokers"] = ",".join(["b" * 44 + ":9098"] * 20)
    if job in {"mapping", "own", "copy", "drain"}:
        longest |= {"GroupId": "g" * 200, "OutputFormat": "csv", "OutputColumns": "c" * 500}
    if job in {"load", "queued"}:
        longest |= {"S3EventTopics": '{"' + "a" * 990 + '": 1}', "TopicPrefix": "t" * 249}
    if job == "copy":
        longest |= {"TargetTopic": "u" * 249}
    variables = deployed(JOBS[job], **longest).environment("Function")
    size = sum(len(name) + len(value) for name, value in variables.items())
    assert size < ENVIRONMENT_LIMIT_BYTES
