"""Job mapping of a Kafka of one's own, and schema registries: what Lambda is told and may do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.expand import listed
from tests.deploy.pipeline_template import (
    CA_SECRET,
    GLUE,
    GROUP,
    KEY,
    MAPPING,
    OWN,
    OWN_NETWORK,
    REGISTRY_CA_SECRET,
    REGISTRY_SECRET,
    SECRET,
    deployed,
    mapping,
)

SCHEMA_URL = {"ProvisionedMode": "on", "SchemaRegistryUrl": "https://registry.example.com:8081"}
SCHEMA_ARN = {"ProvisionedMode": "on", "SchemaRegistryArn": GLUE}
LOGIN = {"Type": "BASIC_AUTH", "URI": SECRET}
SUBNETS = [f"subnet-0000000{i}" for i in range(1, 5)]
GROUPS = ["sg-00000001", "sg-00000002"]
MSK_CONFIG = "AmazonManagedKafkaEventSourceConfig"
OWN_CONFIG = "SelfManagedKafkaEventSourceConfig"
INTERFACES = {
    *("ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
    *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"),
    *("ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"),
}
"""What Lambda's guides of MSK and of self-managed Kafka name for a mapping in a VPC."""

each_kafka = pytest.mark.parametrize(
    ("job", "config"), [(MAPPING, MSK_CONFIG), (OWN, OWN_CONFIG)], ids=["MSK", "own"]
)


def allowed(job: dict[str, str], *services: str, **parameters: str) -> dict[str, list[str]]:
    """What the role is allowed of these services: action -> resources."""
    return {
        action: listed(statement["Resource"])
        for service in services
        for statement in deployed(job, **parameters).statements("FunctionRole", f"{service}:")
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }


def access(**parameters: str) -> list[dict[str, str]]:
    """How the mapping of a Kafka of one's own comes in."""
    found: list[dict[str, str]] = mapping(OWN, **parameters)["SourceAccessConfigurations"]
    return found


def schemas(job: dict[str, str], config: str, **parameters: str) -> dict[str, Any]:
    """What the mapping is told of its registry."""
    found: dict[str, Any] = mapping(job, **parameters)[config]["SchemaRegistryConfig"]
    return found


# A Kafka of one's own


def test_a_kafka_of_ones_own_is_read_by_its_brokers() -> None:
    """They take the place of the cluster's ARN; group and login have theirs; all else is alike."""
    brokers = OWN["SourceBrokers"].split(",")
    alike = mapping()
    for name in ("EventSourceArn", MSK_CONFIG):
        del alike[name]
    assert mapping(OWN) == alike | {
        "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": brokers}},
        OWN_CONFIG: {"ConsumerGroupId": GROUP},
        "SourceAccessConfigurations": [LOGIN],
    }


@pytest.mark.parametrize(
    ("authentication", "kind"),
    [
        ("plain", "BASIC_AUTH"),
        ("scram", "SASL_SCRAM_512_AUTH"),
        ("scram256", "SASL_SCRAM_256_AUTH"),
        ("mtls", "CLIENT_CERTIFICATE_TLS_AUTH"),
    ],
)
def test_each_login_has_its_type(authentication: str, kind: str) -> None:
    """As Lambda calls it."""
    assert access(Authentication=authentication) == [{"Type": kind, "URI": SECRET}]


def test_a_private_authority_is_named() -> None:
    """Its certificate is a secret of its own, beside the login."""
    root = {"Type": "SERVER_ROOT_CA_CERTIFICATE", "URI": CA_SECRET}
    assert access(RootCaSecretArn=CA_SECRET) == [LOGIN, root]


@pytest.mark.parametrize("subnets", range(1, 5))
@pytest.mark.parametrize("groups", range(1, 3))
def test_subnets_and_groups_are_named_one_by_one(subnets: int, groups: int) -> None:
    """Each that is given, in the form of AWS's examples, and none that isn't."""
    given = {
        "SourceSubnetIds": ",".join(SUBNETS[:subnets]),
        "SourceSecurityGroupIds": ",".join(GROUPS[:groups]),
    }
    assert access(**given) == [
        LOGIN,
        *({"Type": "VPC_SUBNET", "URI": f"subnet:{one}"} for one in SUBNETS[:subnets]),
        *({"Type": "VPC_SECURITY_GROUP", "URI": f"security_group:{g}"} for g in GROUPS[:groups]),
    ]


def test_without_a_login_there_is_only_the_network() -> None:
    """A Kafka in a VPC may ask for none."""
    given = {**OWN_NETWORK, "Authentication": "none", "SecretArn": ""}
    assert {one["Type"] for one in access(**given)} == {"VPC_SUBNET", "VPC_SECURITY_GROUP"}


def test_its_role_reads_secrets_and_nothing_of_msk() -> None:
    """Those that are given, with their key; no action of MSK or its clusters."""
    services = ("kafka", "kafka-cluster", "secretsmanager", "kms")
    assert allowed(OWN, *services) == {"secretsmanager:GetSecretValue": [SECRET]}
    more = {"RootCaSecretArn": CA_SECRET, "SecretKeyArn": KEY}
    assert allowed(OWN, *services, **more) == {
        "secretsmanager:GetSecretValue": [SECRET, CA_SECRET],
        "kms:Decrypt": [KEY],
    }
    none = {**OWN_NETWORK, "Authentication": "none", "SecretArn": ""}
    assert not allowed(OWN, *services, **none)


def test_its_role_makes_interfaces_only_in_a_vpc() -> None:
    """Over the internet it needs none; MSK's mapping always does."""
    assert not deployed(OWN).statements("FunctionRole", "ec2:")
    assert set(allowed(OWN, "ec2", **OWN_NETWORK)) == INTERFACES
    assert set(allowed(MAPPING, "ec2")) == INTERFACES


# Schema registries


@each_kafka
def test_a_registry_of_glue_takes_the_role(job: dict[str, str], config: str) -> None:
    """It is named by its ARN and has no login; the role may read it, and the versions in it."""
    assert schemas(job, config, **SCHEMA_ARN) == {
        "SchemaRegistryURI": GLUE,
        "EventRecordFormat": "JSON",
        "SchemaValidationConfigs": [{"Attribute": "VALUE"}],
    }
    given = allowed(job, "glue", **SCHEMA_ARN)
    assert given == {"glue:GetRegistry": [GLUE], "glue:GetSchemaVersion": ["*"]}
    assert not allowed(job, "glue", **SCHEMA_URL)


@each_kafka
def test_a_registry_by_url_has_its_login(job: dict[str, str], config: str) -> None:
    """None, or one by a secret, and a private authority; the role may read these."""
    assert schemas(job, config, **SCHEMA_URL) == {
        "SchemaRegistryURI": "https://registry.example.com:8081",
        "EventRecordFormat": "JSON",
        "SchemaValidationConfigs": [{"Attribute": "VALUE"}],
    }
    more = {
        **SCHEMA_URL,
        "SchemaAuthentication": "mtls",
        "SchemaSecretArn": REGISTRY_SECRET,
        "SchemaRootCaSecretArn": REGISTRY_CA_SECRET,
        "SecretKeyArn": KEY,
    }
    assert schemas(job, config, **more)["AccessConfigs"] == [
        {"Type": "CLIENT_CERTIFICATE_TLS_AUTH", "URI": REGISTRY_SECRET},
        {"Type": "SERVER_ROOT_CA_CERTIFICATE", "URI": REGISTRY_CA_SECRET},
    ]
    secrets = ([SECRET] if job is OWN else []) + [REGISTRY_SECRET, REGISTRY_CA_SECRET]
    assert allowed(job, "secretsmanager", "kms", **more) == {
        "secretsmanager:GetSecretValue": secrets,
        "kms:Decrypt": [KEY],
    }
    basic = more | {"SchemaAuthentication": "basic", "SchemaRootCaSecretArn": ""}
    assert schemas(job, config, **basic)["AccessConfigs"] == [
        {"Type": "BASIC_AUTH", "URI": REGISTRY_SECRET}
    ]


@each_kafka
@pytest.mark.parametrize("attributes", ["key", "value", "key,value"])
def test_what_is_validated_and_how_it_comes(
    job: dict[str, str], config: str, attributes: str
) -> None:
    """Keys, values or both; as JSON or as they are."""
    given = {**SCHEMA_ARN, "SchemaFormat": "SOURCE", "SchemaAttributes": attributes}
    told = schemas(job, config, **given)
    assert told["EventRecordFormat"] == "SOURCE"
    named = [one["Attribute"] for one in told["SchemaValidationConfigs"]]
    assert named == attributes.upper().split(",")


# Filters


def test_the_key_of_filters_is_lambdas_business() -> None:
    """Lambda decrypts them as its own service, by the key's policy; the role needs nothing."""
    given = {"FilterPattern1": '{"value": ["a"]}', "FilterKeyArn": KEY}
    assert not allowed(MAPPING, "kms", **given)
