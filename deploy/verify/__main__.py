"""Holds what this project assumes about AWS against a deployed function.

It uses the credentials and the region of your shell, as the AWS CLI does.
It has not met AWS yet: this script has only ever seen stand-ins for it.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deploy.verify import run
from deploy.verify.subject import Options, Subject
from deploy.verify.table import ASSUMPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.verify.assumption import Assumption
    from deploy.verify.verdict import Verdict

SERVICES = ("lambda", "kafka", "logs", "cloudwatch", "iam")
PATIENCE = Config(connect_timeout=10, read_timeout=910, retries={"total_max_attempts": 1})
"""A synchronous call answers when the function has; one sent again would run twice."""

REFUTED, UNUSABLE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the plan, the verdicts and a summary; 1 where something is refuted, 2 where it can't.

    With `--plan` nothing is asked of AWS.
    """
    options = _options(arguments)
    chosen = [a for a in ASSUMPTIONS if not options.only or a.name in options.only]
    wish = Options(
        options.function, _own(options.topic_prefix), _own(options.group_prefix),
        options.cluster_arn or None, slow=options.slow,
    )  # fmt: skip
    subject = Subject(wish, {})
    _print(__doc__, *run.plan(subject, chosen), "")
    if options.plan:
        _print(*(f"{a.name}: {a.title}" for a in chosen))
        return 0
    try:
        subject.clients = {name: boto3.client(name, config=PATIENCE) for name in SERVICES}
        _print(f"{subject.configuration['FunctionArn']}, {subject.configuration['LastModified']}")
    except (BotoCoreError, ClientError) as problem:
        print(f"The function {options.function!r} can't be looked at: {problem}", file=sys.stderr)
        return UNUSABLE
    return _walk(subject, chosen)


def _walk(subject: Subject, chosen: Sequence[Assumption]) -> int:
    verdicts: dict[str, Verdict] = {}
    try:
        for assumption in chosen:
            verdicts[assumption.name] = run.verdict(assumption, subject)
            _print(*run.report(assumption, verdicts[assumption.name]))
    finally:  # also after Ctrl-C: what is left behind must be known
        _print("", *run.summary(subject, verdicts))
    return REFUTED if run.is_refuted(verdicts) else 0


def _own(prefix: str) -> str:
    """Return a name that nobody else has."""
    return f"{prefix}verify-aws-{secrets.token_hex(4)}"


def _print(*lines: str | None) -> None:
    for line in lines:
        print(line, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.verify", description=__doc__)
    parser.add_argument("function", help="name or ARN of the deployed function")
    parser.add_argument("--cluster-arn", help="the cluster's ARN; else what MSK_CLUSTER_ARN says")
    parser.add_argument("--topic-prefix", default="", help="what the role's topics begin with")
    parser.add_argument("--group-prefix", default="", help="what the role's groups begin with")
    parser.add_argument("--slow", action="store_true", help="also what takes minutes")
    parser.add_argument("--only", action="append", help="only the assumption of this name")
    parser.add_argument("--plan", action="store_true", help="say what would be done, and end")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
