"""What this script leaves to a person: it would change IAM or the function, or cost too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
