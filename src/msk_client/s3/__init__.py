"""Objects in S3: keys, formats, conditional writes. The only user of botocore's S3 client."""
