"""Why S3 could not serve or refused a call, in one cause, and what to do about it. No I/O."""

from __future__ import annotations

from http import HTTPStatus

from botocore import exceptions as aws

from msk_client.aws.answered import code_of, status_of

THROTTLING = frozenset(
    {"SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException"}
)
ELSEWHERE = frozenset(
    {
        "PermanentRedirect",
        "TemporaryRedirect",
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "301",
    }
)
ARCHIVED = "InvalidObjectState"
"""Answered as forbidden, with status 403."""

ENDPOINT = "AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL)"
UNREACHED = (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ProxyConnectionError)


def is_unreached(problem: Exception) -> bool:
    """Whether no connection could be made at all: waiting mends that seldom."""
    return isinstance(problem, UNREACHED)


def unreached(problem: Exception) -> str:
    """Say why there was no connection, and what to do."""
    if isinstance(problem, aws.ConnectTimeoutError):
        return (
            "nothing answers at its address. In a VPC without NAT it needs a gateway endpoint for"
            " S3, in the route tables of the function's subnets, and a security group that lets"
            " port 443 out."
        )
    if isinstance(problem, aws.ProxyConnectionError):
        return "the proxy can't be reached. Look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
    error = problem.kwargs.get("error") if isinstance(problem, aws.EndpointConnectionError) else ""
    if type(error).__name__ in {"NameResolutionError", "gaierror"}:  # urllib3's, the socket's
        return (
            f"the host name is unknown. Look at {ENDPOINT} and at the name of the bucket; in a VPC"
            " at its DNS."
        )
    if "refused" in str(error):
        return (
            "the connection was refused: nothing listens there. S3 itself does so to nobody, so"
            f" look where {ENDPOINT} leads."
        )
    return f"there is no way to it. Look at the network's routes, and where {ENDPOINT} leads."


def unserved(problem: Exception) -> str:
    """Say why a call that was sent wasn't served."""
    status = status_of(problem)
    if code_of(problem) in THROTTLING or status == HTTPStatus.SERVICE_UNAVAILABLE:
        return "it throttles, or is busy. Try again later, with fewer calls at once."
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "it failed of itself. Try again."
    if isinstance(problem, aws.ReadTimeoutError):
        return "it sent no answer. Try again."
    if status:
        return "it could not take the call at that moment. Try again."
    return "the connection to it was lost. Try again."


def refused(problem: Exception) -> str:
    """Say what to do about a refusal that trying again doesn't mend."""
    code = code_of(problem)
    if code.startswith("KMS."):
        return (
            "The KMS key that encrypts there can't be used: look whether it is enabled, is in the"
            " bucket's region, and isn't waiting for its deletion. It is that of OUTPUT_KMS_KEY_ID"
            " or 'destination.kms_key_id', else the bucket's, or that of the object that is read."
        )
    if code in ELSEWHERE:
        return "The bucket is in another region: choose one in the function's own."
    if code == ARCHIVED:
        return "The object is archived: restore it first."
    if isinstance(problem, aws.SSLError):
        return (
            f"Its certificate isn't trusted: look where {ENDPOINT} leads; AWS_CA_BUNDLE names"
            " further authorities."
        )
    if isinstance(problem, aws.NoRegionError):
        return "Set AWS_REGION."
    return "Its own words say why: mend it at the bucket, its settings, or the object."
