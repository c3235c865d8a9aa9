"""MSK_CLUSTER_ARN and MSK_CONNECTIVITY: what they may hold, and the region that an ARN tells."""

from __future__ import annotations

import pytest

from msk_client.errors import InvalidSetting
from msk_client.settings import read

CLUSTER = "arn:aws:kafka:eu-west-1:123456789012:cluster/orders/5c6f2a1e-7d3b-4e0a-9b52-0d1f-s1"


def refusal(**environ: str) -> str:
    """Answer why the settings are refused."""
    with pytest.raises(InvalidSetting) as caught:
        read(environ)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        (CLUSTER, "eu-west-1"),
        (f" {CLUSTER}\n", "eu-west-1"),
        (CLUSTER.replace("-s1", "-4"), "eu-west-1"),
        (CLUSTER.replace(":aws:", ":aws-cn:").replace("eu-west-1", "cn-north-1"), "cn-north-1"),
        (CLUSTER.replace(":aws:", ":aws-us-gov:").replace("eu-", "us-gov-"), "us-gov-west-1"),
    ],
)
def test_a_clusters_arn(text: str, region: str) -> None:
    """An ARN of a cluster, Serverless or Provisioned, in any partition, tells its region."""
    settings = read({"MSK_CLUSTER_ARN": text, "AWS_REGION": "sa-east-1"})
    assert settings.cluster_arn is not None
    assert (text.strip(), region) == (settings.cluster_arn.text, settings.cluster_arn.region)
    assert region == settings.region


def test_the_region_that_is_signed_for() -> None:
    """KAFKA_REGION comes before the ARN's region, and so does that of an MSK host name."""
    arn = {"MSK_CLUSTER_ARN": CLUSTER}
    assert "us-east-2" == read(arn | {"KAFKA_REGION": "us-east-2"}).region
    host = "boot-x.c2.kafka-serverless.us-west-2.amazonaws.com:9098"
    assert "us-west-2" == read(arn | {"KAFKA_ENDPOINT": host}).region
    assert "eu-west-1" == read(arn | {"KAFKA_ENDPOINT": "localhost:9098"}).region


@pytest.mark.parametrize(
    "text",
    [
        *(
            "orders",
            "arn:aws:kafka",
            "arn:aws:s3:::orders",
            "arn:aws:kafka:eu-west-1:1:cluster/a/b",
        ),
        *(CLUSTER.replace("kafka", "kafkaconnect"), CLUSTER.replace("eu-west-1", "Ireland")),
        *(CLUSTER.replace("eu-west-1", ""), CLUSTER + "/orders", CLUSTER.rpartition("/")[0]),
        *(CLUSTER.replace("cluster/", "cluster/é"), f"{CLUSTER},{CLUSTER}", "x" * 100_000),
    ],
    ids=lambda text: text[:150],
)
def test_what_is_no_clusters_arn(text: str) -> None:
    """Anything else is refused by the variable's name, shortened, with an example."""
    message = refusal(MSK_CLUSTER_ARN=text)
    assert message.startswith("MSK_CLUSTER_ARN is ")
    assert "such as arn:aws:kafka:eu-west-1:123456789012:cluster/my-cluster/" in message
    assert 1_000 > len(message)


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("vpc-connection", "set MSK_CONNECTIVITY to vpc_connection"),
        ("topic", "it is that of a topic; give the cluster's"),
        ("group", "it is that of a group; give the cluster's"),
    ],
)
def test_an_arn_of_another_kind(kind: str, remedy: str) -> None:
    """For an ARN of MSK that isn't a cluster's, the refusal says what to give instead."""
    assert remedy in refusal(MSK_CLUSTER_ARN=CLUSTER.replace(":cluster/", f":{kind}/"))


def test_a_bad_arn_is_refused_beside_an_endpoint() -> None:
    """An ARN that isn't one is refused also where KAFKA_ENDPOINT makes it needless."""
    message = refusal(KAFKA_ENDPOINT="localhost:9098", MSK_CLUSTER_ARN="orders")
    assert message.startswith("MSK_CLUSTER_ARN is 'orders'")


@pytest.mark.parametrize("text", ["private", "vpc_connection", "public", " public "])
def test_connectivity(text: str) -> None:
    """A cluster is reached in its VPC, by a managed VPC connection, or by the internet."""
    assert text.strip() == read({"MSK_CONNECTIVITY": text}).connectivity


def test_connectivity_is_private_by_default() -> None:
    """Where nothing is said the cluster is reached in its own VPC."""
    assert "private" == read({}).connectivity


@pytest.mark.parametrize("text", ["vpn", "Public", "vpc-connection", "private,public"])
def test_a_bad_connectivity(text: str) -> None:
    """Any other word is refused by the variable's name, with those that there are."""
    message = refusal(MSK_CONNECTIVITY=text)
    assert message.startswith(f"MSK_CONNECTIVITY is '{text}': give one of private, vpc_connection")
