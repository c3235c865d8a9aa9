"""What went wrong with a call to S3: passing or not, and as which of our classes it is told."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore import exceptions as aws

from msk_client import errors
from msk_client.aws.answered import NO_CREDENTIALS, code_of, is_lost, status_of
from msk_client.aws.answered import told as told_by
from msk_client.s3 import advice
from msk_client.s3.advice import ARCHIVED

if TYPE_CHECKING:
    from msk_client.s3.keys import Place

PASSING = frozenset(
    {
        "ConditionalRequestConflict",  # 409: two conditional writes at once
        "OperationAborted",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "SlowDown",
        "Throttling",
        "TooManyRequestsException",
        "ThrottlingException",
        "BadDigest",  # damaged on the way
        "XAmzContentSHA256Mismatch",
        "XAmzContentChecksumMismatch",
        "IncompleteBody",
    }
)
CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    }
)
BROKEN_OFF = (aws.IncompleteReadError, aws.ResponseStreamingError, aws.FlexibleChecksumError)
LIST = "s3:ListBucket"


def may_pass(problem: Exception) -> bool:
    """Whether the same call may work in a moment."""
    return (
        is_lost(problem)
        or isinstance(problem, BROKEN_OFF)
        or code_of(problem) in PASSING
        or status_of(problem) >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def translate(problem: Exception, action: str, at: Place, region: str) -> errors.MskClientError:
    """Make our exception; `action` is the permission that the call needs, `s3:PutObject`."""
    told = told_by(problem, "S3")
    if code_of(problem) in CREDENTIALS or isinstance(problem, NO_CREDENTIALS):
        return errors.AuthenticationFailed(
            f"S3 can't be asked for {action} on {at}: the function's AWS credentials are missing,"
            f" incomplete, wrong or have ended. {told}"
        )
    if advice.is_unreached(problem):
        return errors.StorageUnavailable(
            f"S3 could not be reached for {action} on {at}: {advice.unreached(problem)} {told}"
        )
    if may_pass(problem):
        return errors.StorageUnavailable(
            f"S3 could not serve {action} on {at}: {advice.unserved(problem)} {told}"
        )
    if isinstance(problem, aws.ParamValidationError):
        return errors.InvalidRequest(f"S3 can't be asked for {at}: {problem}")
    return _refused(problem, action, at, region)


def _refused(problem: Exception, action: str, at: Place, region: str) -> errors.MskClientError:
    status, told = status_of(problem), told_by(problem, "S3")
    if status == HTTPStatus.FORBIDDEN and code_of(problem) != ARCHIVED:
        return errors.NotAuthorized(
            f"The role may not do this: S3 refused {action} on {_resource(action, at, region)}."
            " Add it to the role's policy (where a KMS key encrypts: kms:GenerateDataKey and"
            " kms:Decrypt on it); the bucket's policy or the VPC endpoint's may forbid it as well."
            f"{_or_missing(action)} {told}"
        )
    if status == HTTPStatus.NOT_FOUND:
        what = f"bucket {at.bucket!r}" if code_of(problem) == "NoSuchBucket" else f"object {at}"
        return errors.UnknownObject(f"The {what} doesn't exist: check the name. {told}")
    if status == HTTPStatus.PRECONDITION_FAILED:
        return errors.ObjectConflict(
            f"{at} is not the object that was meant: it was written anew since. {told}"
        )
    return errors.StorageRefused(f"S3 refused {action} on {at}. {advice.refused(problem)} {told}")


def _resource(action: str, at: Place, region: str) -> str:
    """Name what a policy allows an action on: a bucket is listed, though only below a prefix."""
    if action != LIST:
        return arn(at, region)
    below = f' (or only where s3:prefix is "{at.key}")' if at.key else ""
    return f"{_bucket_arn(at.bucket, region)}{below}"


def _or_missing(action: str) -> str:
    """S3 doesn't tell a missing object from a forbidden one to who may not list."""
    if action != "s3:GetObject":
        return ""
    return " Without s3:ListBucket S3 also answers so where the object doesn't exist."


def arn(at: Place, region: str) -> str:
    """Name an object as policies do."""
    between = "/object" if at.bucket.startswith("arn:") else ""
    return f"{_bucket_arn(at.bucket, region)}{between}/{at.key}"


def _bucket_arn(bucket: str, region: str) -> str:
    """Name a bucket as policies do; an access point is an ARN already."""
    return bucket if bucket.startswith("arn:") else f"arn:{_partition(region)}:s3:::{bucket}"


def _partition(region: str) -> str:
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return partition
    return "aws"
