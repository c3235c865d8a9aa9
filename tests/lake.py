"""What stands in S3, by the tests' own eyes: boto3 downloads it, DuckDB reads it as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

    from local.aws import LocalAws
    from tests.integration.eyes import Eyes

BUCKET = "my-bucket"
COLUMNS = {
    "partition": "INTEGER",
    "offset": "BIGINT",
    "key": "VARCHAR",
    "value": "VARCHAR",
    "timestamp": "BIGINT",
}

Row = tuple[Any, ...]
"""Partition, offset, key, value, timestamp."""


class Lake:
    """The objects below a prefix of the tests' bucket."""

    def __init__(self, aws: LocalAws, prefix: str, folder: Path) -> None:
        self.aws = aws
        self._s3 = aws.client("s3")
        self.uri = f"s3://{BUCKET}/{prefix}"
        self.prefix = prefix
        self._folder = folder

    def keys(self) -> list[str]:
        """List the objects."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=self.prefix
        )
        return [one["Key"] for page in pages for one in page.get("Contents", [])]

    def head(self, key: str) -> dict[str, Any]:
        """What S3 says of an object."""
        found: dict[str, Any] = self._s3.head_object(Bucket=BUCKET, Key=key)
        return found

    def download(self) -> Path:
        """Fetch all objects into the folder, by their keys."""
        for key in self.keys():
            path = self._folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        return self._folder / self.prefix

    def rows(self) -> list[Row]:
        """Read all NDJSON, without deduplication, by partition and offset."""
        found = duckdb.read_json(
            f"{self.download()}/**/*.ndjson.*",
            format="newline_delimited",
            columns=COLUMNS,
            hive_partitioning=False,
        )
        return found.order('partition, "offset"').fetchall()

    def spans(self) -> dict[int, list[tuple[int, int]]]:
        """The ranges that the objects say they hold, by partition, in order."""
        found: dict[int, list[tuple[int, int]]] = {}
        for key in self.keys():
            said = self.head(key)["Metadata"]
            span = int(said["start-offset"]), int(said["next-offset"])
            found.setdefault(int(said["partition"]), []).append(span)
        return {partition: sorted(spans) for partition, spans in found.items()}


def records_of(eyes: Eyes, topic: str, partitions: int, *, but: bytes = b"") -> list[Row]:
    """What stands in the topic, less the records of the value `but`."""
    return [
        (p, m.offset(), _text(m.key()), _text(m.value()), m.timestamp()[1])
        for p in range(partitions)
        for m in eyes.records(topic, p)
        if m.value() != but
    ]


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode()
