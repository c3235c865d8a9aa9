"""The objects that the event files read: `events/objects/KEY` stands for `s3://my-bucket/KEY`."""

from local.samples import BUCKET, OBJECTS, stock

__all__ = ["BUCKET", "OBJECTS", "stock"]
