"""S3 as this function uses it: conditional writes, heads and reads, within a deadline."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from msk_client.aws.answered import status_of
from msk_client.aws.clients import client
from msk_client.errors import StorageUnavailable
from msk_client.s3 import failures
from msk_client.s3.advice import is_unreached
from msk_client.s3.parts import Parts
from msk_client.s3.ports import Head, Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from msk_client.deadline import Deadline
    from msk_client.s3.keys import Place

T = TypeVar("T")
PATIENCE_S = 30.0
"""How long one call is tried again while S3 fails to serve it."""

UNREACHED_S = 5.0
"""How long without one connection in between: mostly there never will be one."""

CONNECT_S = 1.0
"""S3's names have eight addresses, and each is tried for so long."""

SILENCE_S = 15.0
"""S3 is asked again where nothing comes for this long: a new request is mostly quicker."""

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
CONNECTIONS = 10


class Store:
    """The port by botocore.

    Where and as whom: botocore's own variables (AWS_REGION, AWS_ENDPOINT_URL_S3, credentials).
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="s3")
        self._making = self._threads.submit(_client)  # which takes a while: work goes on meanwhile

    @property
    def _client(self) -> Any:  # noqa: ANN401 - botocore makes its classes at run time
        return self._making.result()

    def put_new(
        self,
        at: Place,
        body: bytes | bytearray | Parts,
        headers: Mapping[str, Any],
        deadline: Deadline,
    ) -> bool:
        """See the port."""

        def put() -> bool:
            content = body.open() if isinstance(body, Parts) else body
            try:
                self._client.put_object(
                    Bucket=at.bucket, Key=at.key, Body=content, IfNoneMatch="*", **headers
                )
            except ClientError as problem:
                if status_of(problem) != HTTPStatus.PRECONDITION_FAILED:
                    raise
                return False
            return True

        return self._call(put, "s3:PutObject", at, deadline)

    def head(self, at: Place, deadline: Deadline, version_id: str | None = None) -> Head | None:
        """See the port."""
        version = {} if version_id is None else {"VersionId": version_id}

        def head() -> Head | None:
            try:
                answer = self._client.head_object(Bucket=at.bucket, Key=at.key, **version)
            except ClientError as problem:
                if status_of(problem) != HTTPStatus.NOT_FOUND:
                    raise
                return None
            return _head_of(answer)

        return self._call(head, "s3:GetObject", at, deadline)

    def open(
        self,
        at: Place,
        deadline: Deadline,
        *,
        if_match: str | None = None,
        version_id: str | None = None,
        first_byte: int = 0,
    ) -> Opened:
        """See the port. Reading the body can raise botocore's errors: see `reading`."""
        given = {"IfMatch": if_match, "VersionId": version_id}
        if first_byte:
            given["Range"] = f"bytes={first_byte}-"
        wanted = {name: value for name, value in given.items() if value is not None}

        def get() -> Opened:
            answer = self._client.get_object(Bucket=at.bucket, Key=at.key, **wanted)
            return Opened(_head_of(answer), answer["Body"])

        return self._call(get, "s3:GetObject", at, deadline)

    def keys(self, below: Place, after: str, deadline: Deadline) -> list[str]:
        """See the port."""
        wanted = {"Bucket": below.bucket, "Prefix": below.key, "StartAfter": after}

        def listed() -> list[str]:
            answer = self._client.list_objects_v2(**wanted)
            return [one["Key"] for one in answer.get("Contents", [])]

        return self._call(listed, "s3:ListBucket", below, deadline)

    def reading(self, read: Callable[[], T], at: Place, deadline: Deadline) -> T:
        """See the port."""
        return self._call(read, "s3:GetObject", at, deadline)

    def _call(self, call: Callable[[], T], action: str, at: Place, deadline: Deadline) -> T:
        """Try until S3 has answered, in a thread, so that the deadline holds whatever happens."""
        patience, pause_s = deadline.within(PATIENCE_S), FIRST_PAUSE_S
        connecting: Deadline | None = None
        while True:
            connecting = connecting or deadline.within(UNREACHED_S)
            try:
                return self._threads.submit(call).result(deadline.left_s)
            except FutureTimeout:
                raise StorageUnavailable(
                    f"S3 did not answer {action} on {at} within the invocation's time. Try again,"
                    " or give the function a longer timeout. Where it never answers: in a VPC"
                    " without NAT it needs a gateway endpoint for S3."
                ) from None
            except (ClientError, BotoCoreError) as problem:
                reached = not is_unreached(problem)
                left_s = (patience if reached else connecting).left_s
                if not failures.may_pass(problem) or left_s <= pause_s:
                    raise failures.translate(problem, action, at, self._region) from problem
                connecting = None if reached else connecting
            time.sleep(random.uniform(pause_s / 2, pause_s))  # noqa: S311 - a jitter is no secret
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    @property
    def _region(self) -> str:
        made = self._making.exception() is None
        return str(self._client.meta.region_name) if made else ""


@cache
def store() -> Store:
    """S3's client, kept from one invocation of this environment to the next."""
    return Store()


def _client() -> Any:  # noqa: ANN401 - botocore makes its classes at run time
    return client(
        "s3",
        connect_timeout=CONNECT_S,
        read_timeout=SILENCE_S,
        max_pool_connections=CONNECTIONS,
    )


def _head_of(answer: Mapping[str, Any]) -> Head:
    return Head(
        metadata=answer.get("Metadata", {}),
        etag=answer.get("ETag", ""),
        version_id=answer.get("VersionId"),
        size_bytes=answer.get("ContentLength", 0),
    )
