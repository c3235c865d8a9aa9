"""What the integration tests share: the function on a real Kafka, and the tests' own eyes on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from msk_client import handler
from msk_client.aws import brokers
from msk_client.deadline import Deadline
from msk_client.kafka import MskKafka
from msk_client.settings import read, settings
from tests.integration.eyes import Eyes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.aws import LocalAws
    from local.msk import LocalMsk, Role
    from tests.integration.function import Function

REMAINING_MS = 60_000


@dataclass
class Context:
    """Lambda's context object, with the time that is left as a plain number."""

    remaining_ms: int
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Answer what the test wants to be left."""
        return self.remaining_ms


class CallFunction(Protocol):
    """Invokes the handler and answers its body; with `fresh`, in a new environment."""

    def __call__(
        self, event: dict[str, Any], remaining_ms: int = REMAINING_MS, *, fresh: bool = False
    ) -> dict[str, Any]:
        """Raise what the handler raises."""
        ...


@pytest.fixture(scope="session")
def eyes(msk: LocalMsk) -> Eyes:
    """The super user of the session's cluster."""
    return Eyes(msk.plaintext)


@pytest.fixture
def topic(eyes: Eyes) -> Callable[..., str]:
    """Make topics: `topic(num_partitions=1, config=None)` answers a random name."""
    return eyes.create_topic


@pytest.fixture
def kafka(msk: LocalMsk) -> MskKafka:
    """The adapter with clients of its own, logged in as the role that may do everything."""
    return MskKafka(read(msk.environment()))


@pytest.fixture
def deadline() -> Deadline:
    """Time enough."""
    return Deadline.after(30)


@pytest.fixture
def call(msk: LocalMsk, invoke_on: Callable[[LocalMsk], CallFunction]) -> CallFunction:
    """`call(event, remaining_ms=60_000)` runs the handler on the session's cluster."""
    return invoke_on(msk)


@pytest.fixture
def invoke_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., CallFunction]]:
    """Make a `call` for another cluster or role, or with more settings: `invoke_on(msk, role)`."""

    def forget() -> None:
        if handler.kafka.cache_info().currsize:
            kept = brokers.endpoint(settings(), Deadline.after(1))
            handler.kafka(kept).clients.drop_all()
        brokers.forget()
        settings.cache_clear()
        handler.kafka.cache_clear()

    def make(msk: LocalMsk, role: Role | None = None, **variables: str) -> CallFunction:
        environment = (msk.environment() if role is None else msk.environment(role)) | variables
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        forget()

        def invoke(
            event: dict[str, Any], remaining_ms: int = REMAINING_MS, *, fresh: bool = False
        ) -> dict[str, Any]:
            if fresh:
                forget()
            answer = handler.lambda_handler(event, Context(remaining_ms))
            assert answer["statusCode"] in {200, 207}
            body: dict[str, Any] = answer["body"]
            return body

        return invoke

    yield make
    forget()


@pytest.fixture
def function(aws: LocalAws, msk: LocalMsk, invoke_on: Callable[..., object]) -> Iterator[Function]:
    """The function, and its S3 and SQS without faults."""
    from msk_client.s3 import store  # noqa: PLC0415 - imports botocore
    from tests.integration.function import Function  # noqa: PLC0415 - imports this module

    store.store.cache_clear()
    yield Function(aws, msk, invoke_on)
    aws.set_faults()
