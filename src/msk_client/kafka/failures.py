"""What a failure of Kafka means to the caller: a class, and what, where, why and what to do."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluent_kafka import KafkaError

from msk_client import errors
from msk_client.kafka.codes import class_of

if TYPE_CHECKING:
    from msk_client.kafka.iam import Token
    from msk_client.settings import Settings


@dataclass(frozen=True)
class Operation:
    """What was being done, and the IAM action and resource that it needs."""

    doing: str
    action: str
    resource: str

    def arn(self, region: str) -> str:
        """The resource as a policy can name it, whatever the cluster's account, name and id."""
        kind, _, name = self.resource.partition("/")
        return f"{arn_prefix(region)}:{kind}/*/*" + (f"/{name}" if name else "")


def arn_prefix(region: str) -> str:
    """How every ARN of MSK begins in a region's partition of AWS, whatever the account."""
    special = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
    partition = next((p for start, p in special.items() if region.startswith(f"{start}-")), "aws")
    return f"arn:{partition}:kafka:{region}:*"


def describe_topic(topic: str) -> Operation:
    """Looking a topic up."""
    return Operation(f"looking up topic {topic!r}", "DescribeTopic", f"topic/{topic}")


def write_topic(topic: str) -> Operation:
    """Producing to a topic."""
    return Operation(f"writing to topic {topic!r}", "WriteData", f"topic/{topic}")


def read_topic(topic: str) -> Operation:
    """Fetching from a topic."""
    return Operation(f"reading topic {topic!r}", "ReadData", f"topic/{topic}")


def create_topic(topic: str) -> Operation:
    """Creating a topic."""
    return Operation(f"creating topic {topic!r}", "CreateTopic", f"topic/{topic}")


def describe_group(group: str) -> Operation:
    """Looking a consumer group or its committed offsets up."""
    return Operation(f"looking up consumer group {group!r}", "DescribeGroup", f"group/{group}")


def commit_group(group: str) -> Operation:
    """Committing offsets of a consumer group."""
    return Operation(f"committing for consumer group {group!r}", "AlterGroup", f"group/{group}")


DESCRIBE_CLUSTER = Operation("asking the cluster", "DescribeCluster", "cluster")
WRITE_IDEMPOTENTLY = Operation("writing idempotently", "WriteDataIdempotently", "cluster")

HINTS = {
    errors.UnknownTopic: "The topic is not there (any more): list_topics shows what is.",
    errors.TopicExists: "Choose another name, or set if_not_exists to true.",
    errors.GroupInUse: (
        "The group has live members. Stop them, wait until their session ends, or use a group of"
        " your own."
    ),
    errors.RecordTooLarge: (
        "The topic's max.message.bytes (MSK Serverless: at most 8 MiB) is too small for it."
    ),
    errors.ThrottledOrBusy: "The cluster is busy or throttles: try again in a few seconds.",
    errors.DeadlineExceeded: "Give the function a longer timeout or the call less to do.",
    errors.InvalidSetting: "Check KAFKA_CLIENT_OPTIONS and KAFKA_CA_FILE.",
}

BAD_RECORD = (
    "A compacted topic takes no record without key, and a topic's message.timestamp settings may"
    " refuse the record's timestamp."
)


def translate(
    error: KafkaError, operation: Operation, settings: Settings, detail: str = ""
) -> errors.MskClientError:
    """Make the exception that `error` becomes; the caller raises it."""
    leaf = class_of(error.code())
    if leaf is errors.NotAuthorized:
        return not_authorized(operation, settings, cluster=_names_the_cluster(error))
    bad_record = error.code() in (KafkaError.INVALID_RECORD, KafkaError.INVALID_TIMESTAMP)
    hint = BAD_RECORD if bad_record else HINTS.get(leaf, "")
    said = f"{error.str()} ({error.name()})"
    parts = [f"While {operation.doing} on {settings.endpoint}: {said}.", detail, hint]
    return leaf(" ".join(part for part in parts if part))


def _names_the_cluster(error: KafkaError) -> bool:
    return error.code() == KafkaError.CLUSTER_AUTHORIZATION_FAILED


def not_authorized(
    operation: Operation, settings: Settings, *, cluster: bool = False
) -> errors.NotAuthorized:
    """Name the missing IAM action and the resource in the form a policy takes."""
    wanted = WRITE_IDEMPOTENTLY if cluster and operation.action == "WriteData" else operation
    return errors.NotAuthorized(
        f"The role may not do this: while {operation.doing} on {settings.endpoint} the cluster"
        f" refused for want of kafka-cluster:{wanted.action} on"
        f" {wanted.arn(settings.region)} (* stands for your account, cluster name and id)."
        " Add it to the role's policy; it takes effect within about a minute."
    )


BROKER = re.compile(r"(?:[a-z_]+://)([^/\s]+:\d+)/")
LET_IN = (
    "Mostly a security group: the cluster's must let port 9098 in from the function's, and the"
    " function must run in a VPC with a route to the cluster."
)

CAUSES = (
    (
        # librdkafka 2.16 says the same of an unknown authority and of another host name (run).
        r"certificate verify failed|could not be verified",
        "its TLS certificate is not signed by a trusted authority, or is for another host name",
        (
            "Use the bootstrap servers exactly as MSK gives them; for a private authority set"
            " KAFKA_CA_FILE."
        ),
    ),
    (
        r"wrong version number|PLAINTEXT|packet length too long|unexpected eof|record layer",
        "the port does not speak TLS",
        "It looks like a plaintext listener: use the port for IAM (9098).",
    ),
    (
        r"(Disconnected|reset|closed).*SSL_HANDSHAKE",
        "it closed the connection during the TLS handshake",
        (
            "Check that the port is the one for IAM (9098): a plaintext listener does not speak"
            " TLS. MSK also closes connections when more than 100 are opened per second."
        ),
    ),
    (
        r"[Rr]esolve|not known|No address",
        "the host name is unknown",
        "Check KAFKA_ENDPOINT for a typo; MSK's names resolve only inside a VPC with DNS enabled.",
    ),
    (
        r"refused",
        "the connection was refused",
        "Nothing listens there: check the port (9098 for IAM) and that the cluster is active.",
    ),
    (
        r"unreachable",
        "there is no route to it",
        "Check the function's subnets and route tables.",
    ),
    (
        r"[Tt]imed out",
        "there was no answer",
        LET_IN,
    ),
    (
        r"Disconnected|Connection reset|closed",
        "it closed the connection",
        (
            "Check that the port is the one for IAM (9098); MSK also closes connections when more"
            " than 100 are opened per second."
        ),
    ),
)


def unreachable(texts: list[str], settings: Settings, waited_s: float) -> errors.BrokerUnreachable:
    """Say which broker could not be reached, and why as far as librdkafka's texts tell."""
    known = {text: found for text in texts if (found := _cause_of(text)) is not None}
    if known:
        (mostly, _), *_ = Counter(known[text] for text in texts if text in known).most_common(1)
        text = next(text for text in reversed(texts) if known.get(text) == mostly)
        cause, hint = mostly
        named = BROKER.search(text)
        where = named[1] if named else settings.endpoint
        return errors.BrokerUnreachable(
            f"Broker {where} could not be used: {cause}. {hint} [librdkafka: {text}]"
        )
    return errors.BrokerUnreachable(
        f"Broker {settings.endpoint} could not be reached: no answer within {waited_s:.1f} s."
        f" {LET_IN}"
    )


def _cause_of(text: str) -> tuple[str, str] | None:
    for pattern, cause, hint in CAUSES:
        if re.search(pattern, text):
            return cause, hint
    return None


def login_refused(
    text: str, token: Token, source: str, settings: Settings
) -> errors.AuthenticationFailed:
    """MSK says little to a client it refuses: say what is known here, and the likely causes."""
    age_s = time.time() - token.made_at_s
    named = BROKER.search(text)
    return errors.AuthenticationFailed(
        f"The cluster at {named[1] if named else settings.endpoint} refused the login with key"
        f" {token.principal} (from {source}), signed for {settings.region}, {age_s:.0f} s old."
        " MSK does not say why. Likely causes, in order:"
        " 1. the role lacks kafka-cluster:Connect on the cluster"
        f" ({arn_prefix(settings.region)}:cluster/*/*);"
        " 2. the secret key or session token is wrong or has expired;"
        " 3. the cluster is in another region: set KAFKA_REGION;"
        " 4. this machine's clock is off;"
        f" 5. the port is not for IAM. [librdkafka: {text}]"
    )
