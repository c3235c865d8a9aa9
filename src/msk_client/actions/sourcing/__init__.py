"""produce from an object in S3."""
