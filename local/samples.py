"""The objects that the event files read: `events/objects/KEY` stands for `s3://my-bucket/KEY`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.aws import LocalAws

BUCKET = "my-bucket"

FOLDER = Path(__file__).parents[1] / "events" / "objects"
OBJECTS = {
    path.relative_to(FOLDER).as_posix(): path.read_bytes()
    for path in sorted(FOLDER.rglob("*"))
    if path.is_file()
}


def stock(aws: LocalAws) -> None:
    """Make the bucket, and put the objects into it."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for key, content in OBJECTS.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=content)
