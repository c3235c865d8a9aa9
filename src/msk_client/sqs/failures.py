"""What went wrong with a call to SQS: passing or not, and as which of our classes it is told."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from msk_client import errors
from msk_client.aws.answered import NO_CREDENTIALS, code_of, is_lost, status_of
from msk_client.aws.answered import told as told_by
from msk_client.aws.failures import BAD_LOGIN, THROTTLED

if TYPE_CHECKING:
    from collections.abc import Mapping

THROTTLED_TOO = frozenset({"RequestThrottled", "ThrottlingException", "KmsThrottled"})


def may_pass(problem: Exception) -> bool:
    """Whether the same call may work in a moment."""
    return (
        is_lost(problem)
        or status_of(problem) >= HTTPStatus.INTERNAL_SERVER_ERROR
        or code_of(problem) in THROTTLED | THROTTLED_TOO
    )


def translate(problem: Exception, action: str, url: str) -> errors.MskClientError:
    """Make our exception; `action` is the permission that the call needs, `sqs:SendMessage`."""
    told = told_by(problem, "SQS")
    if code_of(problem) in BAD_LOGIN or isinstance(problem, NO_CREDENTIALS):
        return errors.AuthenticationFailed(
            f"SQS can't be asked for {action} on {url}: the function's AWS credentials are missing,"
            f" incomplete, wrong or have ended. {told}"
        )
    if may_pass(problem):
        return errors.StorageUnavailable(
            f"SQS could not serve {action} on {url}: it can't be reached, throttles or fails. Try"
            " again. In a VPC without NAT it needs an interface endpoint for SQS; if"
            f" AWS_ENDPOINT_URL_SQS is set, look where it leads. {told}"
        )
    if status_of(problem) == HTTPStatus.FORBIDDEN or "AccessDenied" in code_of(problem):
        return errors.NotAuthorized(
            f"The role may not do this: SQS refused {action} on {url}. Add it to the role's policy"
            " (where a KMS key encrypts: kms:GenerateDataKey and kms:Decrypt on it); the queue's"
            f" policy or the VPC endpoint's may forbid it as well. {told}"
        )
    if "NonExistentQueue" in code_of(problem) or "QueueDoesNotExist" in code_of(problem):
        return errors.UnknownObject(f"The queue {url} doesn't exist: check the URL. {told}")
    return errors.StorageRefused(f"SQS refused {action} on {url}. {told}")


def of_entry(entry: Mapping[str, object], action: str, url: str) -> errors.MskClientError:
    """Make our exception for one message of a batch that was refused."""
    told = f"[SQS: {entry.get('Code')} {str(entry.get('Message', ''))[:500]}]"
    what = f"{action} for a message of {url}"
    if entry.get("SenderFault"):
        return errors.StorageRefused(f"SQS refused {what}. {told}")
    return errors.StorageUnavailable(f"SQS could not serve {what}: try again. {told}")
