"""What tests of several kinds share: the local MSK, started once for all of them."""

import os
from collections.abc import Iterator

import pytest

from local.msk import LocalMsk, ProgramMissing, start_msk


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the caller choose the Kafka to test against."""
    parser.addoption(
        "--kafka-version", default="3.9.2", help="version of the local Kafka (default: 3.9.2)"
    )


@pytest.fixture(scope="session")
def kafka_version(pytestconfig: pytest.Config) -> str:
    """The version of Kafka to test against."""
    return str(pytestconfig.getoption("kafka_version"))


@pytest.fixture(scope="session")
def msk(kafka_version: str) -> Iterator[LocalMsk]:
    """One local MSK for all tests of the session that don't harm it."""
    try:
        cluster = start_msk(kafka_version=kafka_version)
    except ProgramMissing as problem:
        if os.environ.get("CI"):  # noqa: TID251 - the one thing that tells CI
            pytest.fail(str(problem))
        pytest.skip(str(problem))
    with cluster:
        yield cluster
