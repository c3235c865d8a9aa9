"""What the cluster takes and refuses when a topic is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.verify.assumption import DECISIONS, LOCAL_MSK, OPERATIONS, Assumption
from deploy.verify.verdict import Verdict, confirmed, give_up, refuted, settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.verify.subject import Subject

EIGHT_MIB = 8 * 1024 * 1024
SETTABLE = {
    "cleanup.policy": "delete",
    "compression.type": "producer",
    "max.message.bytes": EIGHT_MIB,
    "message.timestamp.difference.max.ms": 9_223_372_036_854_775_807,
    "message.timestamp.type": "CreateTime",
    "retention.bytes": -1,
    "retention.ms": 3_600_000,
}
FIXED = {"min.insync.replicas": 2, "segment.bytes": 104_857_600}
MAX_PARTITIONS = 2400

ASK_THE_CLUSTER = "Make such a topic with Kafka's own tools from a machine in the VPC."


def replication_left_out(subject: Subject) -> Verdict:
    """Make this run's topic without a replication factor."""
    made = subject.made_topic
    return settled(made["replication_factor"] >= 1, f"made with {made['replication_factor']}")


def replication_three(subject: Subject) -> Verdict:
    """Plan a topic with three replicas."""
    return _taken(subject, replication_factor=3)


def replication_two(subject: Subject) -> Verdict:
    """Plan a topic with two replicas."""
    return _taken(subject, replication_factor=2)


def validate_only(subject: Subject) -> Verdict:
    """Plan a topic, and look whether it is there."""
    planned = subject.plan_topic()
    if planned.error_type is not None:
        return refuted(planned.quoted)
    there = _listed(subject, planned.body["topic"])
    if there:
        subject.left_behind.append(f"topic {planned.body['topic']}")
    return settled(not there, f"{planned.body['topic']} is{'' if there else ' not'} there after it")


def no_auto_creation(subject: Subject) -> Verdict:
    """Write to a topic that isn't there, and look whether it is there then."""
    name = subject.options.topic + "-absent"
    event = {"action": "produce", "topic": name, "records": [{"value": "x"}]}
    reply = subject.ask({**event, "create_if_missing": False})
    there = _listed(subject, name)
    if there:
        subject.left_behind.append(f"topic {name}")
    if reply.error_type == "UnknownTopic" and not there:
        return confirmed(f"{name} was refused with UnknownTopic and not made")
    return refuted(f"the topic is{'' if there else ' not'} there; {reply.quoted}")


def settable_configs(subject: Subject) -> Verdict:
    """Plan a topic with all seven configs."""
    return _taken(subject, config=SETTABLE)


def fixed_configs(subject: Subject) -> Verdict:
    """Plan topics with configs that must be refused."""
    return _each_refused(subject, *({"config": {name: value}} for name, value in FIXED.items()))


def message_limit(subject: Subject) -> Verdict:
    """Plan a topic for 8 MiB, and one for a byte more."""
    taken = subject.plan_topic(config={"max.message.bytes": EIGHT_MIB})
    if taken.error_type is not None:
        return refuted(f"8 MiB is refused: {taken.quoted}")
    return _each_refused(subject, {"config": {"max.message.bytes": EIGHT_MIB + 1}})


def partition_limit(subject: Subject) -> Verdict:
    """Plan a topic with more partitions than a cluster may have."""
    return _each_refused(subject, {"num_partitions": MAX_PARTITIONS + 1})


def compacted_limit(subject: Subject) -> Verdict:
    """Plan a compacted topic with more partitions than a cluster may have of these."""
    return _each_refused(subject, {"num_partitions": 121, "config": {"cleanup.policy": "compact"}})


def usable_at_once(subject: Subject) -> Verdict:
    """Write to this run's topic and read it."""
    written = subject.produce({"value": "first"})
    found = subject.body({"action": "consume", "topic": subject.topic, "max_records": 1})
    return settled(found["count"] == 1, f"offset {written['results'][0]['offset']}, read back")


def listed(subject: Subject) -> Verdict:
    """List this run's topic."""
    return settled(_listed(subject, subject.topic), f"list_topics asked for {subject.topic}")


def _taken(subject: Subject, **fields: object) -> Verdict:
    planned = subject.plan_topic(**fields)
    return settled(planned.error_type is None, f"{fields}: {_told(planned.error_type)}")


def _each_refused(subject: Subject, *plans: Mapping[str, object]) -> Verdict:
    if subject.plan_topic().error_type is not None:
        give_up("validate_only is refused even for a plain topic")
    told = []
    for fields in plans:
        planned = subject.plan_topic(**fields)
        if planned.error_type != "InvalidRequest":
            return refuted(f"{dict(fields)}: {_told(planned.error_type)}")
        told.append(f"{dict(fields)}: {planned.quoted}")
    return confirmed("; ".join(told))


def _told(error_type: str | None) -> str:
    return "taken" if error_type is None else f"refused with {error_type}"


def _listed(subject: Subject, topic: str) -> bool:
    body = subject.body({"action": "list_topics", "pattern": topic})
    return any(each["name"] == topic for each in body["topics"])


ASSUMPTIONS = (
    Assumption(
        "replication-left-out",
        "A topic without replication factor gets the cluster's own.",
        OPERATIONS + "create_topic",
        replication_left_out,
        ASK_THE_CLUSTER,
    ),
    Assumption(
        "replication-three",
        "A replication factor of 3 is taken.",
        LOCAL_MSK + "how-it-differs",
        replication_three,
        ASK_THE_CLUSTER,
    ),
    Assumption(
        "replication-two",
        "A replication factor of 2 is taken.",
        LOCAL_MSK + "how-it-differs",
        replication_two,
        ASK_THE_CLUSTER,
    ),
    Assumption(
        "validate-only",
        "A request to validate a topic makes nothing.",
        OPERATIONS + "create_topic",
        validate_only,
        "Send create_topic with validate_only, then events/list_topics.json.",
    ),
    Assumption(
        "no-auto-creation",
        "Writing to a topic that isn't there doesn't make it.",
        OPERATIONS + "produce",
        no_auto_creation,
        "Send produce with create_if_missing false, then events/list_topics.json.",
    ),
    Assumption(
        "settable-configs",
        "The seven topic configs may be set.",
        OPERATIONS + "create_topic",
        settable_configs,
        ASK_THE_CLUSTER,
    ),
    Assumption(
        "fixed-configs",
        "Other topic configs are refused as InvalidRequest.",
        OPERATIONS + "create_topic",
        fixed_configs,
        "MSK Provisioned takes more configs. " + ASK_THE_CLUSTER,
    ),
    Assumption(
        "message-limit",
        "max.message.bytes goes up to 8 MiB and no further.",
        OPERATIONS + "errors",
        message_limit,
        ASK_THE_CLUSTER,
    ),
    Assumption(
        "partition-limit",
        "More than 2400 partitions are refused as InvalidRequest.",
        LOCAL_MSK + "how-it-differs",
        partition_limit,
        ASK_THE_CLUSTER,
    ),
    Assumption(
        "compacted-limit",
        "More than 120 compacted partitions are refused as InvalidRequest.",
        LOCAL_MSK + "how-it-differs",
        compacted_limit,
        ASK_THE_CLUSTER,
    ),
    Assumption(
        "usable-at-once",
        "A topic just made can be written to and read.",
        DECISIONS + "a-topic-just-made-is-waited-for",
        usable_at_once,
        "Send events/create_topic.json and events/produce_records.json.",
    ),
    Assumption(
        "listed",
        "The role sees the topic that it has made.",
        OPERATIONS + "list_topics",
        listed,
        "Send events/list_topics.json.",
    ),
)
