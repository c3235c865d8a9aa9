"""What S3 says, as our classes."""

from __future__ import annotations

import pytest
from botocore import exceptions as aws

from msk_client import errors
from msk_client.s3.failures import arn, may_pass, translate
from msk_client.s3.keys import Place

AT = Place("my-bucket", "lake/x")


def answered(status: int, code: str, message: str = "said so") -> aws.ClientError:
    """Make the exception for an answer of S3."""
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return aws.ClientError(response, "PutObject")


ANSWERS = [
    (answered(403, "AccessDenied"), errors.NotAuthorized),
    (answered(403, "403"), errors.NotAuthorized),
    (answered(404, "NoSuchBucket"), errors.UnknownObject),
    (answered(404, "NoSuchKey"), errors.UnknownObject),
    (answered(403, "InvalidAccessKeyId"), errors.AuthenticationFailed),
    (answered(403, "SignatureDoesNotMatch"), errors.AuthenticationFailed),
    (answered(400, "ExpiredToken"), errors.AuthenticationFailed),
    (aws.NoCredentialsError(), errors.AuthenticationFailed),
    (answered(412, "PreconditionFailed"), errors.ObjectConflict),
    (answered(400, "KMS.NotFoundException"), errors.StorageRefused),
    (answered(301, "PermanentRedirect"), errors.StorageRefused),
    (aws.NoRegionError(), errors.StorageRefused),
    (aws.ParamValidationError(report="Invalid bucket name"), errors.InvalidRequest),
    (aws.SSLError(endpoint_url="https://x", error="certificate"), errors.StorageRefused),
]
PASSING = [
    answered(500, "InternalError"),
    answered(503, "SlowDown"),
    answered(503, "503"),
    answered(409, "ConditionalRequestConflict"),
    answered(400, "RequestTimeout"),
    aws.ConnectTimeoutError(endpoint_url="https://x"),
    aws.ReadTimeoutError(endpoint_url="https://x"),
    aws.EndpointConnectionError(endpoint_url="https://x"),
    aws.ConnectionClosedError(endpoint_url="https://x"),
    aws.IncompleteReadError(actual_bytes=1, expected_bytes=2),
    aws.ResponseStreamingError(error="lost"),
]


@pytest.mark.parametrize(("problem", "kind"), ANSWERS)
def test_what_stays_wrong(problem: Exception, kind: type[errors.MskClientError]) -> None:
    """What trying again can't mend is our class, with bucket, key and S3's own words."""
    assert not may_pass(problem)
    found = translate(problem, "s3:PutObject", AT, "eu-west-1")
    assert type(found) is kind
    assert "my-bucket" in str(found)


class NameResolutionError(Exception):
    """As urllib3 has it."""


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            aws.EndpointConnectionError(endpoint_url="https://x", error="[Errno 111] refused"),
            "be reached for s3:PutObject on s3://my-bucket/lake/x: the connection was refused",
        ),
        (
            aws.EndpointConnectionError(endpoint_url="https://x", error=NameResolutionError()),
            "the host name is unknown. Look at AWS_ENDPOINT_URL_S3",
        ),
        (
            aws.EndpointConnectionError(endpoint_url="https://x", error="no route to host"),
            "there is no way to it. Look at the network's routes",
        ),
        (aws.ConnectTimeoutError(endpoint_url="https://x"), "needs a gateway endpoint for S3"),
        (aws.ProxyConnectionError(proxy_url="http://p"), "Look at HTTPS_PROXY"),
        (answered(503, "SlowDown"), "it throttles, or is busy. Try again later"),
        (answered(400, "ThrottlingException"), "it throttles, or is busy. Try again later"),
        (answered(500, "InternalError"), "it failed of itself"),
        (answered(409, "ConditionalRequestConflict"), "could not take the call at that moment"),
        (aws.ReadTimeoutError(endpoint_url="https://x"), "it sent no answer"),
        (aws.ConnectionClosedError(endpoint_url="https://x"), "the connection to it was lost"),
    ],
)
def test_one_cause_is_told(problem: Exception, told: str) -> None:
    """The text has the cause that is known, and none that it can't be."""
    found = str(translate(problem, "s3:PutObject", AT, "eu-west-1"))
    assert told in found
    causes = ("gateway endpoint", "refused:", "is unknown", "throttles", "failed of", "was lost")
    assert sum(cause in found for cause in causes) <= 1


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (answered(400, "KMS.DisabledException"), "The KMS key that encrypts there can't be used"),
        (answered(301, "PermanentRedirect"), "The bucket is in another region"),
        (answered(403, "InvalidObjectState"), "restore it first"),
        (aws.SSLError(endpoint_url="https://x", error="certificate"), "AWS_CA_BUNDLE"),
        (aws.NoRegionError(), "Set AWS_REGION."),
        (answered(400, "InvalidTag"), "Its own words say why: mend it"),
    ],
)
def test_a_refusal_says_what_to_do(problem: Exception, told: str) -> None:
    """What to do stands beside S3's own words."""
    found = translate(problem, "s3:PutObject", AT, "eu-west-1")
    assert isinstance(found, errors.StorageRefused)
    assert told in str(found)


@pytest.mark.parametrize("problem", PASSING)
def test_what_may_pass(problem: Exception) -> None:
    """What may pass is tried again, and at last told as retriable."""
    assert may_pass(problem)
    found = translate(problem, "s3:PutObject", AT, "eu-west-1")
    assert type(found) is errors.StorageUnavailable
    assert found.retriable
    assert "s3:PutObject on s3://my-bucket/lake/x" in str(found)


def test_a_missing_permission_is_named() -> None:
    """The message names the action and the ARN that the policy lacks."""
    found = translate(answered(403, "AccessDenied"), "s3:GetObject", AT, "eu-west-1")
    assert "S3 refused s3:GetObject on arn:aws:s3:::my-bucket/lake/x." in str(found)
    assert "[S3: 403 AccessDenied said so]" in str(found)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (Place("b", "dead/"), 'arn:aws:s3:::b (or only where s3:prefix is "dead/").'),
        (Place("b", ""), "arn:aws:s3:::b. "),
        (
            Place("arn:aws:s3:eu-west-1:1:accesspoint/b", ""),
            "arn:aws:s3:eu-west-1:1:accesspoint/b. ",
        ),
    ],
)
def test_a_bucket_is_what_is_listed(at: Place, expected: str) -> None:
    """To list is allowed on the bucket, below whichever prefix: no key matches there."""
    found = translate(answered(403, "AccessDenied"), "s3:ListBucket", at, "eu-west-1")
    assert f"S3 refused s3:ListBucket on {expected}" in str(found)


@pytest.mark.parametrize(
    ("bucket", "region", "expected"),
    [
        ("my-bucket", "eu-west-1", "arn:aws:s3:::my-bucket/lake/x"),
        ("my-bucket", "cn-north-1", "arn:aws-cn:s3:::my-bucket/lake/x"),
        ("my-bucket", "us-gov-west-1", "arn:aws-us-gov:s3:::my-bucket/lake/x"),
        (
            "arn:aws:s3:eu-west-1:123456789012:accesspoint:lake",
            "eu-west-1",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint:lake/object/lake/x",
        ),
    ],
)
def test_an_arn_is_what_policies_name(bucket: str, region: str, expected: str) -> None:
    """An object's ARN is of its partition of AWS; an access point has its own form."""
    assert arn(Place(bucket, "lake/x"), region) == expected


def test_a_long_answer_is_cut() -> None:
    """S3's own words don't crowd out ours."""
    found = translate(answered(400, "X", "y" * 9_000), "s3:PutObject", AT, "")
    assert len(str(found)) < 1_000
