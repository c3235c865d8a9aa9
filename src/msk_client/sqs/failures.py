"""What went wrong with a call to SQS, as which of our classes it is told."""

from __future__ import annotations

import re
from http import HTTPStatus

from msk_client import errors
from msk_client.s3.failures import CREDENTIALS, NO_CREDENTIALS, code_of, may_pass, status_of

URL = re.compile(
    r"https?://(?P<host>[^/]+)/(?P<account>[0-9]{12})/(?P<name>[A-Za-z0-9_.-]+)", re.IGNORECASE
)
HOST = re.compile(r"(?:sqs\.(?P<new>[a-z0-9-]+)|(?P<old>[a-z0-9-]+)\.queue)\.", re.IGNORECASE)


def region_of(url: str) -> str | None:
    """Tell a queue's region by its URL; None where it doesn't say."""
    queue = URL.fullmatch(url)
    match = HOST.match(queue["host"]) if queue is not None else None
    return None if match is None else match["new"] or match["old"]


def arn(url: str) -> str:
    """Name a queue as policies do."""
    queue = URL.fullmatch(url)
    if queue is None:
        return url
    return f"arn:aws:sqs:{region_of(url) or '*'}:{queue['account']}:{queue['name']}"


def translate(problem: Exception, url: str) -> errors.MskClientError:
    """Make our exception for a call that failed as a whole."""
    told = _told(problem)
    if code_of(problem) in CREDENTIALS or isinstance(problem, NO_CREDENTIALS):
        return errors.AuthenticationFailed(
            f"SQS can't be asked to take messages for {url}: the function's AWS credentials are"
            f" missing, incomplete, wrong or have ended. {told}"
        )
    if may_pass(problem) or "Throttl" in code_of(problem):
        return errors.StorageUnavailable(
            f"SQS could not take messages for {url}: it can't be reached, throttles or fails. Try"
            " again. In a VPC without NAT it needs an interface endpoint for SQS; if"
            f" AWS_ENDPOINT_URL_SQS is set, look where it leads. {told}"
        )
    if status_of(problem) == HTTPStatus.FORBIDDEN or "AccessDenied" in code_of(problem):
        return errors.NotAuthorized(
            f"The role may not do this: SQS refused sqs:SendMessage on {arn(url)}. Add it to the"
            " role's policy (where a KMS key encrypts: kms:GenerateDataKey and kms:Decrypt on it);"
            f" the queue's policy or the VPC endpoint's may forbid it as well. {told}"
        )
    if "NonExistentQueue" in code_of(problem) or "QueueDoesNotExist" in code_of(problem):
        return errors.StorageRefused(f"The queue {url} doesn't exist: check its URL. {told}")
    return errors.StorageRefused(f"SQS refused messages for {url}. {told}")


def of_entry(failed: dict[str, object], url: str) -> errors.MskClientError:
    """Make our exception for one message of a batch."""
    told = f"[SQS: {failed.get('Code')} {str(failed.get('Message', ''))[:500]}]"
    if failed.get("SenderFault"):
        return errors.StorageRefused(f"SQS refused a message for {url}. {told}")
    return errors.StorageUnavailable(f"SQS could not take a message for {url}. {told}")


def _told(problem: Exception) -> str:
    said = getattr(problem, "response", {}).get("Error", {}).get("Message", "") or problem
    return f"[SQS: {status_of(problem)} {code_of(problem)} {str(said)[:500]}]"
