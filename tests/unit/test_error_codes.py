"""Every error code of librdkafka becomes one class of ours, with a text that helps."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from confluent_kafka import KafkaError  # noqa: TID251 - its codes are what is tested

from msk_client import errors
from msk_client.kafka import codes, failures
from tests.unit.invoking import SETTINGS

CODES = {name: code for name, code in vars(KafkaError).items() if isinstance(code, int)}
OPERATIONS = [
    failures.describe_topic("orders"),
    failures.write_topic("orders"),
    failures.read_topic("orders"),
    failures.create_topic("orders"),
    failures.describe_group("nightly"),
    failures.commit_group("nightly"),
    failures.DESCRIBE_CLUSTER,
]


def test_the_library_knows_codes() -> None:
    """The list of codes that the following tests walk isn't empty by mistake."""
    assert 150 < len(CODES)


@pytest.mark.parametrize("name", CODES)
def test_every_code_stands_in_the_table(name: str) -> None:
    """Each code that the installed library knows is in the table explicitly."""
    assert CODES[name] in codes.CLASSES


def test_no_code_stands_twice() -> None:
    """No code is given to two classes, of which one would be forgotten."""
    names = Counter(name for listed in codes._BY_CLASS.values() for name in listed.split())
    assert [] == [name for name, count in names.items() if count > 1]


def test_every_class_is_a_leaf_of_the_tree() -> None:
    """The table's classes are ours, and none is the tree's root."""
    leaves = set(errors.MskClientError.__subclasses__())
    assert leaves >= set(codes.CLASSES.values())


def test_an_unknown_code_is_unexpected() -> None:
    """A code of a later library is an error of ours all the same."""
    assert errors.UnexpectedKafkaError is codes.class_of(31_999)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.action)
def test_every_code_has_a_useful_text(operation: failures.Operation) -> None:
    """Whatever fails, the text tells what was being done and where, and ends as a sentence."""
    for code, leaf in codes.CLASSES.items():
        problem = failures.translate(KafkaError(code, "said the broker"), operation, SETTINGS)
        assert leaf is type(problem)
        text = str(problem)
        assert operation.doing in text
        assert SETTINGS.endpoint in text
        assert text.endswith(".")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("UNKNOWN_TOPIC_OR_PART", errors.UnknownTopic),
        ("TOPIC_ALREADY_EXISTS", errors.TopicExists),
        ("POLICY_VIOLATION", errors.InvalidRequest),
        ("SASL_AUTHENTICATION_FAILED", errors.AuthenticationFailed),
        ("TOPIC_AUTHORIZATION_FAILED", errors.NotAuthorized),
        ("UNKNOWN_MEMBER_ID", errors.GroupInUse),
        ("MSG_SIZE_TOO_LARGE", errors.RecordTooLarge),
        ("OFFSET_OUT_OF_RANGE", errors.OffsetOutOfRange),
        ("_TRANSPORT", errors.BrokerUnreachable),
        ("THROTTLING_QUOTA_EXCEEDED", errors.ThrottledOrBusy),
        ("NOT_ENOUGH_REPLICAS", errors.ThrottledOrBusy),
        ("COORDINATOR_LOAD_IN_PROGRESS", errors.ThrottledOrBusy),
        ("_TIMED_OUT", errors.DeadlineExceeded),
    ],
)
def test_the_codes_that_callers_meet(name: str, expected: type[errors.MskClientError]) -> None:
    """The codes of the contract's table have the classes that the contract gives them."""
    assert expected is codes.class_of(CODES[name])


# What the role lacks


@pytest.mark.parametrize(
    ("operation", "code", "action", "resource"),
    [
        (OPERATIONS[0], "TOPIC_AUTHORIZATION_FAILED", "DescribeTopic", "topic/*/*/orders"),
        (OPERATIONS[1], "TOPIC_AUTHORIZATION_FAILED", "WriteData", "topic/*/*/orders"),
        (OPERATIONS[1], "CLUSTER_AUTHORIZATION_FAILED", "WriteDataIdempotently", "cluster/*/*"),
        (OPERATIONS[2], "TOPIC_AUTHORIZATION_FAILED", "ReadData", "topic/*/*/orders"),
        (OPERATIONS[3], "CLUSTER_AUTHORIZATION_FAILED", "CreateTopic", "topic/*/*/orders"),
        (OPERATIONS[4], "GROUP_AUTHORIZATION_FAILED", "DescribeGroup", "group/*/*/nightly"),
        (OPERATIONS[5], "GROUP_AUTHORIZATION_FAILED", "AlterGroup", "group/*/*/nightly"),
        (OPERATIONS[6], "CLUSTER_AUTHORIZATION_FAILED", "DescribeCluster", "cluster/*/*"),
    ],
)
def test_a_missing_permission_is_named(
    operation: failures.Operation, code: str, action: str, resource: str
) -> None:
    """NotAuthorized names the action and the resource as a policy would have them."""
    problem = failures.translate(KafkaError(CODES[code]), operation, SETTINGS)
    assert errors.NotAuthorized is type(problem)
    assert f"kafka-cluster:{action} on arn:aws:kafka:eu-west-1:*:{resource} (" in str(problem)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("cn-north-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov"), ("us-east-1", "aws")],
)
def test_an_arn_is_of_the_regions_partition(region: str, partition: str) -> None:
    """ARNs in China and in the US government's regions begin as they do there."""
    settings = replace(SETTINGS, kafka_region=region)
    error = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)
    text = str(failures.translate(error, OPERATIONS[0], settings))
    assert f" on arn:{partition}:kafka:{region}:*:topic/*/*/orders (" in text
