"""What IAM asks for, as far as the role's own policies show it: nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.verify.assumption import DECISIONS, OPERATIONS, Assumption
from deploy.verify.verdict import Verdict, give_up, not_checked, settled

if TYPE_CHECKING:
    from deploy.verify.subject import Subject

OWN_GROUP = "msk-lambda-client"


def read_without_group(subject: Subject) -> Verdict:
    """Read with a role that may not alter the group that the client names."""
    resource = subject.cluster_arn.replace(":cluster/", ":group/") + f"/{OWN_GROUP}"
    if _allows(subject, "kafka-cluster:AlterGroup", resource):
        give_up("the role may AlterGroup, so reading without it can't be seen")
    reply = subject.invoke({"action": "consume", "topic": subject.topic})
    return settled(reply.error_type is None, f"without AlterGroup: {reply.quoted}")


def idempotence_permission(subject: Subject) -> Verdict:
    """Write with a role that may not write idempotently."""
    if _allows(subject, "kafka-cluster:WriteDataIdempotently", subject.cluster_arn):
        give_up("the role has WriteDataIdempotently, so its absence can't be seen")
    event = {"action": "produce", "topic": subject.topic, "records": [{"value": "x"}]}
    reply = subject.invoke(event)
    refused = "WriteDataIdempotently" in reply.error_message
    return settled(refused, f"without WriteDataIdempotently: {reply.quoted}")


def hidden_topic(subject: Subject) -> Verdict:
    """Read a topic that isn't there, under a name that the role has nothing to do with."""
    name = f"elsewhere-{subject.options.topic}"
    reply = subject.invoke({"action": "consume", "topic": name})
    if "ALLOWED_" in reply.error_message or reply.error_type == "UnknownTopic":
        return not_checked(f"the role's own limits were not reached: {reply.quoted}")
    named = reply.error_type == "NotAuthorized" and "DescribeTopic" in reply.error_message
    return settled(named, reply.quoted)


def _allows(subject: Subject, action: str, resource: str) -> bool:
    found = subject.clients["iam"].simulate_principal_policy(
        PolicySourceArn=subject.configuration["Role"],
        ActionNames=[action],
        ResourceArns=[resource],
    )
    return any(each["EvalDecision"] == "allowed" for each in found["EvaluationResults"])


ASSUMPTIONS = (
    Assumption(
        "read-without-group",
        "Reading without a group needs no AlterGroup.",
        OPERATIONS + "iam-permissions",
        read_without_group,
        "Take AlterGroup out of the role's policy, wait two minutes, send events/consume.json.",
    ),
    Assumption(
        "idempotence-permission",
        "An idempotent write needs WriteDataIdempotently on the cluster.",
        OPERATIONS + "policy-for-produce",
        idempotence_permission,
        "Take it out of the role's policy, wait two minutes, send events/produce.json.",
    ),
    Assumption(
        "hidden-topic",
        "A topic that the role may not describe is NotAuthorized, also where it doesn't exist.",
        DECISIONS + "a-missing-topic-permission-on-create",
        hidden_topic,
        "Limit the role to a prefix and consume a topic outside of it.",
    ),
)
