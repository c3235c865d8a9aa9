"""What SQS says, as our classes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore import exceptions as aws

from msk_client import errors
from msk_client.deadline import Deadline
from msk_client.sqs import queues
from msk_client.sqs.failures import may_pass, translate
from msk_client.sqs.ports import Message
from tests.unit.test_s3_failures import answered

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/failed"
PASSING = [
    answered(500, "InternalError"),
    answered(400, "RequestThrottled"),
    answered(400, "ThrottlingException"),
    aws.ConnectTimeoutError(endpoint_url=URL),
    aws.EndpointConnectionError(endpoint_url=URL),
    aws.ReadTimeoutError(endpoint_url=URL),
    aws.ConnectionClosedError(endpoint_url=URL),
]
STAYING = [
    (answered(403, "AccessDeniedException"), errors.NotAuthorized),
    (answered(403, "InvalidClientTokenId"), errors.AuthenticationFailed),
    (aws.NoCredentialsError(), errors.AuthenticationFailed),
    (answered(400, "AWS.SimpleQueueService.NonExistentQueue"), errors.UnknownObject),
    (answered(400, "InvalidMessageContents"), errors.StorageRefused),
    (aws.NoRegionError(), errors.StorageRefused),
    (aws.SSLError(endpoint_url=URL, error="certificate"), errors.StorageRefused),
]


@pytest.mark.parametrize("problem", PASSING)
def test_what_may_pass(problem: Exception) -> None:
    """What may pass, or needs a way to SQS, is retriable, and says which way a VPC has."""
    assert may_pass(problem)
    found = translate(problem, "sqs:SendMessage", URL)
    assert type(found) is errors.StorageUnavailable
    assert found.retriable
    for told in ("sqs:SendMessage", URL, "interface endpoint"):
        assert told in str(found)


@pytest.mark.parametrize(("problem", "kind"), STAYING)
def test_what_stays_wrong(problem: Exception, kind: type[errors.MskClientError]) -> None:
    """What trying again can't mend is our class, with queue and SQS's own words."""
    assert not may_pass(problem)
    found = translate(problem, "sqs:SendMessage", URL)
    assert type(found) is kind
    assert URL in str(found)


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"SenderFault": True}, errors.StorageRefused),
        ({"SenderFault": False}, errors.StorageUnavailable),
    ],
)
def test_a_message_that_is_not_deleted_is_told(
    entry: dict[str, Any], kind: type[errors.MskClientError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes again, and what it holds would be sent again in silence; the others are deleted."""
    asked: list[int] = []

    def delete(Entries: list[Any], **_: str) -> dict[str, Any]:  # noqa: N803 - botocore's
        asked.append(len(Entries))
        failed = {"Id": "0", "Code": "ReceiptHandleIsInvalid"} | entry
        return {"Failed": [failed] if len(asked) == 1 else []}

    monkeypatch.setattr(queues, "_client", lambda _: SimpleNamespace(delete_message_batch=delete))
    messages = [Message(str(i), "", "") for i in range(12)]
    with pytest.raises(kind, match=r"sqs:DeleteMessage .*/failed.*ReceiptHandleIsInvalid"):
        queues.SqsQueues().delete(URL, messages, Deadline.after(30))
    assert [10, 2] == asked
