"""What the `Queues` port promises, held against the fake and against SQS on loopback."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from local.aws import Fault
from msk_client.deadline import Deadline
from msk_client.errors import (
    MskClientError,
    NotAuthorized,
    StorageRefused,
    StorageUnavailable,
    UnknownObject,
)
from msk_client.sqs import queues as adapter
from msk_client.sqs.ports import MAX_BATCH_BYTES
from msk_client.sqs.queues import SqsQueues
from tests.fake_sqs import FakeSqs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.aws import LocalAws
    from msk_client.sqs.ports import Queues


@dataclass
class Stage:
    """The port, and a way to make queues behind its back."""

    queues: Queues
    make: Callable[[str], str]
    """Suffix of the name -> URL."""


@pytest.fixture(name="adapted")
def the_adapter(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The adapter, and moto."""
    variables = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
    for name, value in (
        aws.environment() | variables | {"AWS_DEFAULT_REGION": "us-east-1"}
    ).items():
        monkeypatch.setenv(name, value)
    adapter._client.cache_clear()

    def make(suffix: str) -> str:
        fields = {"FifoQueue": "true"} if suffix else {}
        name = f"q-{uuid.uuid4().hex}{suffix}"
        made: dict[str, Any] = aws.client("sqs").create_queue(QueueName=name, Attributes=fields)
        url: str = made["QueueUrl"]
        return url

    yield Stage(SqsQueues(patience_s=3), make)
    aws.set_faults()
    adapter._client.cache_clear()


@pytest.fixture(params=["fake", "real"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """The same contract for the fake and for the real adapter."""
    if request.param == "fake":
        return Stage(FakeSqs(), lambda suffix: f"https://sqs/{uuid.uuid4().hex}{suffix}")
    found: Stage = request.getfixturevalue("adapted")
    return found


def everything(queues: Queues, url: str, deadline: Deadline) -> list[str]:
    """Receive and delete until nothing is left; answers the bodies."""
    bodies: list[str] = []
    while found := queues.receive(url, deadline):
        bodies += [message.body for message in found]
        queues.delete(url, found, deadline)
    return bodies


def test_what_is_sent_is_received_once(stage: Stage, deadline: Deadline) -> None:
    """Messages come with their text, and not again when they are deleted."""
    url = stage.make("")
    bodies = [f"é {i} \n" for i in range(25)]
    assert [None] * 25 == stage.queues.send(url, bodies, deadline)
    assert sorted(bodies) == sorted(everything(stage.queues, url, deadline))
    assert [] == stage.queues.receive(url, deadline)


def test_an_empty_queue_and_nothing_to_send(stage: Stage, deadline: Deadline) -> None:
    """Nothing comes out of nothing."""
    url = stage.make("")
    assert [] == stage.queues.send(url, [], deadline)
    assert [] == stage.queues.receive(url, deadline)
    stage.queues.delete(url, [], deadline)


def test_what_is_released_comes_again(stage: Stage, deadline: Deadline) -> None:
    """A message that is given back can be received at once, and is known by its id."""
    url = stage.make("")
    stage.queues.send(url, ["a"], deadline)
    first = stage.queues.receive(url, deadline)
    stage.queues.release(url, first, deadline)
    (again,) = stage.queues.receive(url, deadline)
    assert [("a", again.id)] == [(message.body, message.id) for message in first]
    stage.queues.release(url, [again], deadline)
    assert ["a"] == everything(stage.queues, url, deadline)


def test_a_group_keeps_its_order(stage: Stage, deadline: Deadline) -> None:
    """A FIFO queue gives the messages of a group in the order in which they were sent."""
    url = stage.make(".fifo")
    bodies = [str(i) for i in range(12)]
    assert [None] * 12 == stage.queues.send(url, bodies, deadline, "g")
    assert bodies == everything(stage.queues, url, deadline)


# The adapter alone


def test_large_messages_are_sent_in_several_requests(adapted: Stage, deadline: Deadline) -> None:
    """Messages that don't fit into one request are sent in several, one that never fits is told."""
    url = adapted.make("")
    bodies = ["x" * 200_000] * 6 + ["y" * (MAX_BATCH_BYTES + 1)]
    verdicts = adapted.queues.send(url, bodies, deadline)
    assert [None] * 6 == verdicts[:6]
    assert isinstance(verdicts[6], StorageRefused)
    assert bodies[:6] == everything(adapted.queues, url, deadline)


def test_a_queue_that_is_not_there(adapted: Stage, deadline: Deadline) -> None:
    """A missing queue is named."""
    url = adapted.make("") + "-not"
    with pytest.raises(UnknownObject, match="-not"):
        adapted.queues.send(url, ["a"], deadline)
    with pytest.raises(UnknownObject):
        adapted.queues.receive(url, deadline)


@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (503, "ServiceUnavailable")])
def test_passing_troubles_are_waited_out(
    adapted: Stage, aws: LocalAws, deadline: Deadline, status: int, code: str
) -> None:
    """SQS's own troubles pass, or are told as such."""
    url = adapted.make("")
    fault = Fault("POST", "*", status, code, times=2)
    aws.set_faults(fault)
    assert [None] == adapted.queues.send(url, ["a"], deadline)
    assert 2 == fault.met
    aws.set_faults(Fault("POST", "*", status, code))
    with pytest.raises(StorageUnavailable, match="endpoint"):
        adapted.queues.send(url, ["a"], deadline)


@pytest.mark.parametrize(("status", "kind"), [(403, NotAuthorized), (400, StorageRefused)])
def test_refusals_are_told(
    adapted: Stage, aws: LocalAws, deadline: Deadline, status: int, kind: type[MskClientError]
) -> None:
    """What SQS refuses is told with the permission that is asked for."""
    url = adapted.make("")
    aws.set_faults(Fault("POST", "*", status, "Whatever"))
    with pytest.raises(kind, match="sqs:SendMessage"):
        adapted.queues.send(url, ["a"], deadline)


def test_the_deadline_ends_a_slow_call(adapted: Stage, aws: LocalAws) -> None:
    """Where SQS doesn't answer, the call ends with the time."""
    url = adapted.make("")
    aws.set_faults(Fault("POST", "*", delay_s=10))
    with pytest.raises(StorageUnavailable, match="within the invocation's time"):
        adapted.queues.receive(url, Deadline.after(0.5))


def test_an_sqs_that_can_not_be_reached(
    adapted: Stage, deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody listens, the queue may be there all the same: that passes, or needs a way."""
    url = adapted.make("")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
    adapter._client.cache_clear()
    with pytest.raises(StorageUnavailable, match="interface endpoint"):
        adapted.queues.receive(url, deadline)
