"""What botocore's exceptions say, whichever service was called. No I/O."""

from __future__ import annotations

from botocore import exceptions as aws

NO_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
)
LOST = (
    aws.ConnectionError,  # none, or none in time
    aws.HTTPClientError,  # lost
)
SHOWN_CHARACTERS = 500


def code_of(problem: Exception) -> str:
    """The service's own code; of an answer without a body (HEAD) the HTTP status."""
    if not isinstance(problem, aws.ClientError):
        return ""
    return str(problem.response.get("Error", {}).get("Code", ""))


def status_of(problem: Exception) -> int:
    """The HTTP status of the service's answer, 0 where there was none."""
    if not isinstance(problem, aws.ClientError):
        return 0
    return int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_lost(problem: Exception) -> bool:
    """Whether the service could not be reached, or the connection to it was lost.

    A certificate that isn't trusted stays so.
    """
    return isinstance(problem, LOST) and not isinstance(problem, aws.SSLError)


def told(problem: Exception, service: str) -> str:
    """The service's own words, or botocore's."""
    if isinstance(problem, aws.ClientError):
        said = problem.response.get("Error", {}).get("Message", "")[:SHOWN_CHARACTERS]
        return f"[{service}: {status_of(problem)} {code_of(problem)} {said}]"
    return f"[botocore: {type(problem).__name__} {str(problem)[:SHOWN_CHARACTERS]}]"
