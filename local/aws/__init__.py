"""S3 and SQS on loopback: moto's server behind a front that is as strict as S3, and can fail."""

from local.aws.faults import Fault
from local.aws.server import LocalAws, start_aws

__all__ = ["Fault", "LocalAws", "start_aws"]
