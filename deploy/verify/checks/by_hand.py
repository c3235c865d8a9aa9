"""What this script leaves to a person: it would change IAM or the function, or cost too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.verify.assumption import DECISIONS, DESIGN, LOCAL_MSK, OPERATIONS, Assumption
from deploy.verify.verdict import Verdict, confirmed, not_checked

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.verify.subject import Subject


def because(reason: str) -> Callable[[Subject], Verdict]:
    """Make the check of an assumption that is never looked at, for this reason."""

    def check(_: Subject) -> Verdict:
        return not_checked(reason)

    return check


def other_partition(subject: Subject) -> Verdict:
    """China and GovCloud sign for the same host name: known where the function runs there."""
    partition = subject.configuration["FunctionArn"].split(":")[1]
    if partition == "aws":
        return not_checked("the function runs in the partition aws")
    body = subject.body({"action": "ping"})
    return confirmed(f"in {partition} the token was taken by {body['endpoint']}")


ASSUMPTIONS = (
    Assumption(
        "refused-connect",
        "A role without Connect is refused at the login, with Access denied.",
        OPERATIONS + "something-is-wrong",
        because("it would change the role's policy"),
        "Take Connect out of the role's policy, wait two minutes, send events/ping.json: it must"
        " be AuthenticationFailed. Put it back.",
    ),
    Assumption(
        "policy-delay",
        "A policy's change holds within about a minute.",
        OPERATIONS + "something-is-wrong",
        because("it would change the role's policy"),
        "While you do refused-connect, send events/ping.json every 5 s and take the time.",
    ),
    Assumption(
        "other-partitions",
        "In China and GovCloud a token is signed for kafka.REGION.amazonaws.com too.",
        OPERATIONS + "iam-permissions",
        other_partition,
        "Run this against a function there.",
    ),
    Assumption(
        "quotas",
        "The quotas of MSK Serverless are those of its documentation, and exceeding them is"
        " ThrottledOrBusy.",
        LOCAL_MSK + "how-it-differs",
        because("it would load the cluster"),
        "Compare with the page on Amazon MSK quotas and with Service Quotas in the console.",
    ),
    Assumption(
        "restored-credentials",
        "With SnapStart the credentials come from the container's endpoint.",
        DECISIONS + "our-own-signer-for-every-source-of-credentials",
        because("SnapStart isn't used"),
        "Publish a version with SnapStart and send events/ping.json to it.",
    ),
    Assumption(
        "no-shutdown-signal",
        "Nothing may rest on SIGTERM: without an extension Lambda sends none.",
        DESIGN + "freeze-and-thaw",
        because("the function has no way to tell"),
        "Nothing rests on it: nothing needs to be done.",
    ),
    Assumption(
        "base-image",
        "public.ecr.aws/lambda/python:3.13 can be pulled for both architectures.",
        DECISIONS + "a-stand-in-base-marked-as-such",
        because("it is a matter of building, not of the deployed function"),
        "docker manifest inspect public.ecr.aws/lambda/python:3.13",
    ),
    Assumption(
        "template-rules",
        "CloudFormation refuses by the template's patterns and rules what the tests say it does.",
        DECISIONS + "the-template-refuses-what-it-can-as-early-as-it-can",
        because("it would deploy"),
        "Deploy with BootstrapBrokers without a port, and with a produce schedule without topic.",
    ),
    Assumption(
        "custom-resource",
        "CloudFormation takes the custom resource's answer, and a new cluster's brokers from it.",
        DECISIONS + "the-custom-resource-waits-and-always-answers",
        because("it would deploy"),
        "Deploy without ClusterArn: the output BootstrapBrokers must be filled.",
    ),
    Assumption(
        "failed-events",
        "An asynchronous event that failed for the last time goes to the queue.",
        DECISIONS + "a-failed-call-goes-to-one-queue",
        because("it would read a queue that others read too"),
        "Run this with SLOW=1, then look into the queue FailedEventsQueueUrl of the outputs.",
    ),
    Assumption(
        "cross-account",
        "A role of another account needs the cluster's policy and its own.",
        DECISIONS + "another-accounts-role-needs-both-policies",
        because("it takes two accounts"),
        "Follow docs/cross-account.md, and take each policy away in turn.",
    ),
    Assumption(
        "tombstones-of-the-mapping",
        "An event source mapping tells a tombstone as a null value or leaves the value out.",
        OPERATIONS + "consume",
        because("the function isn't called by a mapping"),
        "Attach a mapping, write a record with a null value, and look at the event.",
    ),
    Assumption(
        "schedule-input",
        "EventBridge Scheduler sends exactly its Input.",
        OPERATIONS + "calling-it",
        because("it would make a schedule"),
        "Give a schedule events/ping.json as Input and look for its line in the log.",
    ),
    Assumption(
        "step-functions",
        "Step Functions matches Catch and Retry with our classes.",
        OPERATIONS + "calling-it",
        because("it would make a state machine"),
        "Run the state machine of docs/operations.md on a topic that isn't there.",
    ),
    Assumption(
        "expired-credentials",
        "Changing an environment variable gives the function new credentials.",
        OPERATIONS + "something-is-wrong",
        because("it would change the function"),
        "Change POWERTOOLS_LOG_LEVEL: the next ping must be a cold start.",
    ),
    Assumption(
        "out-of-memory",
        "A function out of memory fails as Runtime.ExitError.",
        OPERATIONS + "something-is-wrong",
        because("it would change the function's memory"),
        "Give a copy of the function 128 MB and consume a topic of more than 6 MB.",
    ),
)
