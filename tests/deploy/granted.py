"""S3 and SQS as IAM would let a role use them: every call is held against the deployed policy.

The local S3 and SQS know no IAM. So each call of the function's own AWS clients is looked up before
it is sent: which permissions it needs is in `NEEDS`, after AWS's "Actions, resources, and condition
keys" of S3 and SQS; one that isn't granted is refused as AWS refuses it.
"""

from __future__ import annotations

from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from local.msk.roles import REGION
from msk_client.s3.store import store
from msk_client.sqs import queues
from tests.deploy.expand import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

Permission = tuple[str, str]
"""An action and the ARN of what it is done to."""


def _object(called: Mapping[str, Any]) -> str:
    return f"arn:aws:s3:::{called['Bucket']}/{called['Key']}"


def _queue(called: Mapping[str, Any]) -> str:
    account, name = called["QueueUrl"].split("/")[-2:]
    return f"arn:aws:sqs:{REGION}:{account}:{name}"


def _put(called: Mapping[str, Any], key: str) -> list[Permission]:
    return [("s3:PutObject", _object(called))] + ([("kms:GenerateDataKey", key)] if key else [])


def _get(called: Mapping[str, Any], key: str) -> list[Permission]:
    action = "s3:GetObjectVersion" if "VersionId" in called else "s3:GetObject"
    return [(action, _object(called))] + ([("kms:Decrypt", key)] if key else [])


NEEDS: dict[str, Callable[[Mapping[str, Any], str], list[Permission]]] = {
    "PutObject": _put,
    "GetObject": _get,
    "HeadObject": lambda called, _: _get(called, ""),
    "ListObjectsV2": lambda called, _: [("s3:ListBucket", f"arn:aws:s3:::{called['Bucket']}")],
    "SendMessageBatch": lambda called, _: [("sqs:SendMessage", _queue(called))],
    "ReceiveMessage": lambda called, _: [("sqs:ReceiveMessage", _queue(called))],
    "DeleteMessageBatch": lambda called, _: [("sqs:DeleteMessage", _queue(called))],
    "ChangeMessageVisibilityBatch": lambda called, _: [
        ("sqs:ChangeMessageVisibility", _queue(called))
    ],
}
"""Operation -> what it needs, given its parameters and the bucket's KMS key."""


def allows(statements: Sequence[Mapping[str, Any]], wanted: Permission) -> bool:
    """Tell whether statements that only allow do so."""
    action, resource = wanted
    return any(
        any(fnmatchcase(action, one) for one in listed(statement["Action"]))
        and any(fnmatchcase(resource, one) for one in listed(statement["Resource"]))
        for statement in statements
        if statement["Effect"] == "Allow"
    )


@contextmanager
def held_against(statements: Sequence[Mapping[str, Any]], key: str = "") -> Iterator[None]:
    """Let the function's clients of S3 and SQS do what the statements allow, and nothing else."""

    def check(params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        for wanted in NEEDS[model.name](params, key):
            if not allows(statements, wanted):
                told = {"Code": "AccessDenied", "Message": f"not authorized to {wanted}"}
                answer: Any = {"Error": told, "ResponseMetadata": {"HTTPStatusCode": 403}}
                raise ClientError(answer, model.name)

    plain = botocore.session.get_session

    def get_session() -> Any:  # noqa: ANN401 - botocore has no types
        session = plain()
        for service in ("s3", "sqs"):
            session.register(f"before-parameter-build.{service}", check)
        return session

    _forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "get_session", get_session)
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    """Let the next use make its clients anew."""
    store.cache_clear()
    queues.queues.cache_clear()
    queues._client.cache_clear()
