"""Everything that can go wrong, as one tree. Lambda's `errorType` is the class name.

MskClientError
├── InvalidRequest        400  the event
├── InvalidSetting        500  an environment variable
├── AuthenticationFailed  401  no credentials, expired credentials, token refused
├── NotAuthorized         403  an IAM action is missing, or an allowlist forbids
├── UnknownTopic          404
├── UnknownObject         404  an S3 bucket or object, or a queue
├── TopicExists           409
├── GroupInUse            409  retriable  the consumer group has live members
├── RecordTooLarge        413
├── OffsetOutOfRange      416  a start beyond the log's end
├── ObjectConflict        409  an S3 object holds something else for the same offsets
├── UnfitRecord           422  a record has no place in the format asked for
├── PartialFailure        502  some records delivered, some not
├── StorageRefused        502  S3 or SQS refused a call for a reason of its own
├── BrokerUnreachable     503  retriable  refused, no answer, unknown host, certificate, ...
├── StorageUnavailable    503  retriable  S3 or SQS can't be reached, throttles, fails
├── ThrottledOrBusy       503  retriable  quota, not enough replicas, a coordinator that loads
├── DeadlineExceeded      504  retriable  the invocation's own time ran out
└── UnexpectedKafkaError  500  an answer this client can't account for
"""

from __future__ import annotations

from typing import ClassVar

MAX_MESSAGE_BYTES = 8_000
"""An `errorMessage` stays below 8 KB, so that no caller's log or queue cuts it."""


class MskClientError(Exception):
    """What every failure of this function is; its text says what, where, why and what to do."""

    http_status: ClassVar[int] = 500
    retriable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(_cut(message))


def _cut(message: str) -> str:
    """Keep `message` within `MAX_MESSAGE_BYTES` of valid UTF-8."""
    encoded = message.encode("utf-8", "backslashreplace")
    if len(encoded) <= MAX_MESSAGE_BYTES:
        return encoded.decode()
    return encoded[: MAX_MESSAGE_BYTES - 4].decode("utf-8", "ignore") + " ..."


class InvalidRequest(MskClientError):
    """The event can't be carried out as it is written."""

    http_status = 400


class InvalidSetting(MskClientError):
    """An environment variable is missing or has a bad value."""


class AuthenticationFailed(MskClientError):
    """There are no valid credentials, or the cluster refused the token made from them."""

    http_status = 401


class NotAuthorized(MskClientError):
    """The role lacks a `kafka-cluster:` action, or an allowlist of this function forbids."""

    http_status = 403


class UnknownTopic(MskClientError):
    """The topic doesn't exist."""

    http_status = 404


class UnknownObject(MskClientError):
    """The S3 bucket or object, or the queue, doesn't exist."""

    http_status = 404


class TopicExists(MskClientError):
    """The topic to be created is there already."""

    http_status = 409


class GroupInUse(MskClientError):
    """The consumer group has live members, whose position must not be changed."""

    http_status = 409
    retriable = True


class RecordTooLarge(MskClientError):
    """A record is larger than the client or the topic allows."""

    http_status = 413


class OffsetOutOfRange(MskClientError):
    """A read would start beyond the end of the log."""

    http_status = 416


class ObjectConflict(MskClientError):
    """An S3 object is there already and holds something else for the same offsets."""

    http_status = 409


class UnfitRecord(MskClientError):
    """A record has no place in the format that is asked for."""

    http_status = 422


class PartialFailure(MskClientError):
    """Some records are in the log and some aren't, or they failed for different reasons."""

    http_status = 502


class StorageRefused(MskClientError):
    """S3 or SQS refused a call for a reason of its own, which the text repeats."""

    http_status = 502


class BrokerUnreachable(MskClientError):
    """No broker could be reached, or the connection was lost for good."""

    http_status = 503
    retriable = True


class StorageUnavailable(MskClientError):
    """S3 or SQS could not be reached, throttled the call, or failed to serve it."""

    http_status = 503
    retriable = True


class ThrottledOrBusy(MskClientError):
    """The cluster is there but can't serve the call now."""

    http_status = 503
    retriable = True


class DeadlineExceeded(MskClientError):
    """The invocation's time ran out and there is nothing to report."""

    http_status = 504
    retriable = True


class UnexpectedKafkaError(MskClientError):
    """Kafka answered something that this client doesn't provoke: please report it."""
