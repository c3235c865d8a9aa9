"""What tests of several kinds share: the local MSK, started once for all of them."""

import os
from collections.abc import Callable, Generator, Iterator

import pytest

from local.aws import LocalAws, start_aws
from local.msk import LocalMsk, ProgramMissing, start_msk
from tests.objects import OBJECTS


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the caller choose the Kafka to test against."""
    parser.addoption(
        "--kafka-version", default="3.9.2", help="version of the local Kafka (default: 3.9.2)"
    )
    parser.addoption(
        "--soak", action="store_true", help="run tests marked soak at their full length"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count a skipped test as failed in CI, where nothing may be lacking."""
    report = yield
    if report.skipped and os.environ.get("CI"):  # noqa: TID251 - the one thing that tells CI
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI doesn't allow: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> Callable[[int, int], int]:
    """How often a test repeats itself: `rounds(short, long)`, long with --soak."""
    soak = bool(pytestconfig.getoption("soak"))
    return lambda short, long: long if soak else short


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
        pytest.skip(str(problem))
    with cluster:
        yield cluster


@pytest.fixture(scope="session")
def aws() -> Iterator[LocalAws]:
    """One local S3 and SQS, with the bucket and the objects that the event files name."""
    with start_aws() as services:
        services.client("s3").create_bucket(Bucket="my-bucket")
        for key, content in OBJECTS.items():
            services.client("s3").put_object(Bucket="my-bucket", Key=key, Body=content)
        yield services
