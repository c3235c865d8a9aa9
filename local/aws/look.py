"""Looks into the local services: objects and messages, as a person wants to see them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local.msk.roles import DEFAULT_ROLE, REGION
from msk_client.s3.formats import ENCODINGS
from msk_client.s3.packing import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_AT_ONCE = 10
_COMPRESSIONS = {encoding: compression for compression, encoding in ENCODINGS.items()}


@dataclass(frozen=True)
class Listed:
    """An object."""

    uri: str
    size_bytes: int


def client(service: str, url: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    """Make a client of the services at a URL, with credentials that hold for no other."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=DEFAULT_ROLE.access_key_id,
        aws_secret_access_key=DEFAULT_ROLE.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=20),
    )


def list_objects(s3: Any, below: str = "s3://") -> Iterator[Listed]:  # noqa: ANN401 - as above
    """List the objects below `s3://bucket/prefix`; of all buckets below `s3://`."""
    bucket, prefix = split(below)
    buckets = [bucket] if bucket else [one["Name"] for one in s3.list_buckets()["Buckets"]]
    for name in buckets:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name, Prefix=prefix):
            for one in page.get("Contents", []):
                yield Listed(f"s3://{name}/{one['Key']}", one["Size"])


def content(s3: Any, uri: str) -> bytes:  # noqa: ANN401 - as above
    """Read an object, decompressed."""
    bucket, key = split(uri)
    answer = s3.get_object(Bucket=bucket, Key=key)
    body: bytes = answer["Body"].read()
    with unpacked(
        io.BytesIO(body), _COMPRESSIONS.get(answer.get("ContentEncoding", ""), "")
    ) as text:
        return text.read()


def messages(sqs: Any, name: str) -> list[str]:  # noqa: ANN401 - as above
    """Read a queue's messages, and leave them there."""
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    found: list[Any] = []
    while more := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=_MOST_AT_ONCE).get(
        "Messages", []
    ):
        found += more
    for one in found:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=one["ReceiptHandle"], VisibilityTimeout=0
        )
    return [one["Body"] for one in found]


def split(uri: str) -> tuple[str, str]:
    """Split `s3://bucket/key`; raises ValueError."""
    if not uri.startswith("s3://"):
        raise ValueError(f"{uri} is not s3://bucket/key")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
