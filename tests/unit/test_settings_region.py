"""Which region tokens are signed for."""

from __future__ import annotations

import pytest

from msk_client.errors import InvalidSetting
from msk_client.settings import read

SERVERLESS = "boot-abc123.c2.kafka-serverless.eu-west-1.amazonaws.com:9098"
PROVISIONED = (
    "b-1.orders.x1y2z3.c3.kafka.us-gov-east-1.amazonaws.com:9098,"
    "b-2.orders.x1y2z3.c3.kafka.us-gov-east-1.amazonaws.com:9098"
)
PUBLIC = "b-1-public.orders.x1y2z3.c3.kafka.ap-southeast-2.amazonaws.com:9198"
CHINA = "b-1.orders.x1y2z3.c3.kafka.cn-north-1.amazonaws.com.cn:9098"


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        (SERVERLESS, "eu-west-1"),
        (SERVERLESS.upper(), "eu-west-1"),
        (PROVISIONED, "us-gov-east-1"),
        (PUBLIC, "ap-southeast-2"),
        (CHINA, "cn-north-1"),
    ],
)
def test_an_msk_host_name_tells_its_region(endpoint: str, region: str) -> None:
    """The region is that of an MSK host name, not the function's own."""
    assert region == read({"KAFKA_ENDPOINT": endpoint, "AWS_REGION": "sa-east-1"}).region


@pytest.mark.parametrize("endpoint", ["localhost:9098", "kafka.example.com:9098"])
def test_another_host_name_tells_nothing(endpoint: str) -> None:
    """Behind any other host name the cluster is taken to be in the function's region."""
    assert "sa-east-1" == read({"KAFKA_ENDPOINT": endpoint, "AWS_REGION": "sa-east-1"}).region


def test_the_setting_comes_first() -> None:
    """KAFKA_REGION is believed before a host name and the function's region."""
    given = {"KAFKA_ENDPOINT": SERVERLESS, "AWS_REGION": "sa-east-1", "KAFKA_REGION": " us-east-2 "}
    assert "us-east-2" == read(given).region


@pytest.mark.parametrize("text", ["Ireland", "eu-west", "eu_west_1", "EU-WEST-1", "eu-west-1a"])
@pytest.mark.parametrize("name", ["KAFKA_REGION", "AWS_REGION"])
def test_what_is_no_region(name: str, text: str) -> None:
    """A variable that holds no region is refused by its own name."""
    with pytest.raises(InvalidSetting, match=f"^{name} gives the region '{text}'"):
        read({name: text})


def test_a_host_name_with_a_strange_region() -> None:
    """A region that can't be one is refused by the name of the variable that it was taken from."""
    endpoint = "boot-x.c2.kafka-serverless.nowhere.amazonaws.com:9098"
    with pytest.raises(InvalidSetting, match=r"^KAFKA_ENDPOINT gives the region 'nowhere'"):
        read({"KAFKA_ENDPOINT": endpoint, "AWS_REGION": "eu-west-1"})


def test_no_region_fails_where_it_is_used() -> None:
    """An unknown region is an error, where a token is to be signed, that names the variable."""
    settings = read({"KAFKA_ENDPOINT": "localhost:9098"})
    with pytest.raises(InvalidSetting, match=r"^KAFKA_REGION is not set"):
        _ = settings.region
