"""What tests of several kinds share: the local MSK, started once for all of them."""

import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator

import pytest

from local.aws import LocalAws, start_aws
from local.msk import LocalMsk, ProgramMissing, start_msk
from tests.objects import stock

OWN_FOLDER = pytest.StashKey[str]()
"""The folder of this session's `tmp_path`s, where it was made here."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the caller choose the Kafka to test against."""
    parser.addoption(
        "--kafka-version", default="3.9.2", help="version of the local Kafka (default: 3.9.2)"
    )
    parser.addoption(
        "--soak", action="store_true", help="run tests marked soak at their full length"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give each session a folder of its own for `tmp_path`.

    By default they share one, and each deletes old folders of all of them at its end. What can't
    be deleted then, because it is mounted or another session is at it, is a warning, and here a
    warning fails the session: its clean-up stops half-way, with a folder's listing unclosed.
    """
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix="pytest-")
        config.stash[OWN_FOLDER] = config.option.basetemp


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Delete that folder, unless a test has failed whose files may tell why."""
    folder = session.config.stash.get(OWN_FOLDER, None)
    if folder is not None and exitstatus != pytest.ExitCode.TESTS_FAILED:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """Say where the failed tests' files are."""
    folder = config.stash.get(OWN_FOLDER, None)
    if folder is not None and exitstatus == pytest.ExitCode.TESTS_FAILED:
        terminalreporter.write_line(f"the tests' files are in {folder}")


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
        stock(services)
        yield services
