"""Unit tests: no environment, no sockets, no clock but the machine's."""

from __future__ import annotations

import io
import logging
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import settings as hypothesis_settings

from msk_client import settings, telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator

hypothesis_settings.register_profile("unit", max_examples=50, deadline=None, database=None)
hypothesis_settings.register_profile("hunt", max_examples=2_000, deadline=None, database=None)

VARIABLES = (
    *settings.NAMES,
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
)


def pytest_configure(config: pytest.Config) -> None:
    """Bound the property tests, unless `--hypothesis-profile` says otherwise."""
    if not config.getoption("--hypothesis-profile"):
        hypothesis_settings.load_profile("unit")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take this machine's variables away, and what was read of them."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    settings.settings.cache_clear()
    yield
    settings.settings.cache_clear()


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that Python opens."""

    def refuse(*_: object) -> NoReturn:
        pytest.fail("a unit test opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


class StandardOutput(io.TextIOBase):
    """Writes to the standard output of whichever test runs."""

    def write(self, text: str) -> int:
        """Write to what `sys.stdout` is now."""
        return sys.stdout.write(text)


@pytest.fixture(autouse=True, scope="session")
def log_into_each_test() -> None:
    """Let the function's log, which keeps its stream, be seen by the test that causes it."""
    handler = telemetry.logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(StandardOutput())
