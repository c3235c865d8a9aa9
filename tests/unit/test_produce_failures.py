"""produce: what is said when not everything is delivered."""

from __future__ import annotations

from typing import Any

import pytest

from msk_client.errors import (
    BrokerUnreachable,
    DeadlineExceeded,
    InvalidRequest,
    MskClientError,
    PartialFailure,
    RecordTooLarge,
)
from msk_client.ports import Outcome
from tests.unit.invoking import KeptKafka, invoke

DELIVERED = Outcome("delivered", 0, 7, 1_700_000_000_000)
TOO_LARGE = Outcome("rejected", error=RecordTooLarge("The record is too large."))
NO_PARTITION = Outcome("rejected", error=InvalidRequest("There is no such partition."))
NEVER_LEFT = Outcome("not_delivered", error=DeadlineExceeded("The time ran out."))
NO_ANSWER = Outcome("unknown", error=DeadlineExceeded("The time ran out."))
UNREACHABLE = Outcome("rejected", error=BrokerUnreachable("No broker could be reached."))


def produce(*outcomes: Outcome, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Produce records of which a cluster says this; ids are letters."""
    kafka = KeptKafka()
    kafka.add_topic("orders")
    kafka.outcomes = list(outcomes)
    records = [{"value": "", "id": "abcdefgh"[i]} for i in range(len(outcomes))]
    return invoke({"action": "produce", "topic": "orders", "records": records, **fields}, kafka)


def failure(*outcomes: Outcome, **fields: Any) -> MskClientError:  # noqa: ANN401 - any JSON
    """Answer what is raised."""
    with pytest.raises(MskClientError) as caught:
        produce(*outcomes, **fields)
    return caught.value


# Raised


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([TOO_LARGE], RecordTooLarge),
        ([TOO_LARGE, TOO_LARGE], RecordTooLarge),
        ([NEVER_LEFT, NO_ANSWER], DeadlineExceeded),
        ([UNREACHABLE], BrokerUnreachable),
        ([DELIVERED, TOO_LARGE], PartialFailure),
        ([TOO_LARGE, NO_PARTITION], PartialFailure),
        ([DELIVERED, NO_ANSWER, TOO_LARGE], PartialFailure),
    ],
    ids=lambda given: None if isinstance(given, list) else given.__name__,
)
def test_the_class_of_a_failure(outcomes: list[Outcome], expected: type[MskClientError]) -> None:
    """One cause and nothing delivered is raised as that cause, anything else as PartialFailure."""
    assert expected is type(failure(*outcomes))


def test_the_text_of_a_failure() -> None:
    """The text counts the statuses, shows the first failure with its id, and says what to do."""
    text = str(failure(DELIVERED, DELIVERED, TOO_LARGE, NO_ANSWER, NEVER_LEFT))
    assert "Of 5 records for topic 'orders': 2 delivered, 1 rejected, 1 unknown" in text
    assert 'First failure: record 2 (id "c"), rejected: The record is too large.' in text
    assert "Causes: 2 DeadlineExceeded, 1 RecordTooLarge." in text
    assert "send again only what has retriable true" in text


def test_a_long_id_is_cut() -> None:
    """An id of any length leaves room for the rest of the text."""
    kafka = KeptKafka()
    kafka.add_topic("orders")
    kafka.outcomes = [TOO_LARGE]
    records = [{"value": "", "id": "x" * 100_000}]
    with pytest.raises(RecordTooLarge, match=r"x\), rejected: The record is too large\.$"):
        invoke({"action": "produce", "topic": "orders", "records": records}, kafka)


# Reported


def test_a_report_is_207() -> None:
    """With `report` a failure is answered with 207, counts and each record's result."""
    answer = produce(DELIVERED, TOO_LARGE, NEVER_LEFT, NO_ANSWER, on_failure="report")
    assert 207 == answer["statusCode"]
    assert (1, 3) == (answer["body"]["produced"], answer["body"]["failed"])
    late = {"type": "DeadlineExceeded", "message": "The time ran out."}
    assert answer["body"]["results"] == [
        {
            "id": "a",
            "partition": 0,
            "offset": 7,
            "timestamp": 1_700_000_000_000,
            "status": "delivered",
        },
        {
            "id": "b",
            "status": "rejected",
            "error": {"type": "RecordTooLarge", "message": "The record is too large."},
            "retriable": False,
        },
        {"id": "c", "status": "not_delivered", "error": late, "retriable": True},
        {"id": "d", "status": "unknown", "error": late, "retriable": False},
    ]


def test_a_report_without_failures_is_200() -> None:
    """With `report` 200 means that all records were delivered."""
    assert 200 == produce(DELIVERED, on_failure="report")["statusCode"]


def test_a_report_of_nothing_delivered_is_207() -> None:
    """With `report` nothing is raised even where nothing was delivered."""
    answer = produce(TOO_LARGE, on_failure="report")
    assert (207, 0, 1) == (
        answer["statusCode"],
        answer["body"]["produced"],
        answer["body"]["failed"],
    )


@pytest.mark.parametrize(
    ("outcome", "retriable"),
    [(TOO_LARGE, False), (UNREACHABLE, True), (NEVER_LEFT, True), (NO_ANSWER, False)],
)
def test_what_can_be_sent_again(outcome: Outcome, *, retriable: bool) -> None:
    """A record is retriable where sending it again can help and can't make it stand twice."""
    assert retriable == outcome.retriable


def test_what_fails_as_a_whole_is_raised() -> None:
    """With `report` what keeps anything from being sent, such as a bad record, is raised still."""
    with pytest.raises(InvalidRequest):
        invoke({"action": "produce", "topic": "t", "on_failure": "report", "records": [{}]})
