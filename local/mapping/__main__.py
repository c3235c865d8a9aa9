"""Run a mapping: a local MSK, S3 and SQS, the function, and a topic that is read into its sink.

Stop it with Ctrl-C. In another shell `make invoke` writes to the topic with the exports shown, and
`make aws OPTIONS="ls"` lists the objects.
"""

from __future__ import annotations

import logging
import shlex
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

from local.aws import LocalAws, start_aws
from local.lambda_runtime import EmulatorError, open_function
from local.mapping import Poller
from local.mapping.command import GIVEN_UP, command
from local.mapping.telling import Telling, say
from local.msk import DEFAULT_ROLE, MskError, start_msk
from local.msk.login import as_role
from local.samples import BUCKET, stock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.lambda_runtime import Function
    from local.mapping.command import Command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C; 2 if something can't be started."""
    given = command(arguments, __doc__)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job ignores Ctrl-C
        signal.signal(number, signal.default_int_handler)
    try:
        with ExitStack() as running:
            _run(given, running)
    except KeyboardInterrupt:
        return 0
    except (MskError, EmulatorError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _run(given: Command, running: ExitStack) -> None:
    say("Starting a local MSK, S3 and SQS ...")
    msk = running.enter_context(start_msk())
    aws = running.enter_context(start_aws())
    stage = msk.environment() | aws.environment()
    function = running.enter_context(open_function({**stage, **given.variables}))
    _make_places(given, function, aws)
    _tell(given, stage)
    login = as_role(msk, DEFAULT_ROLE)
    poller = Poller(given.options, Telling(function, given.log), login, aws=aws)
    _watch(poller)
    for name, count in poller.counts.items():
        say(f"{name}: {count}")


def _watch(poller: Poller) -> None:
    """Wait for Ctrl-C; what ends the mapping before is raised here."""
    with ThreadPoolExecutor(1) as threads:
        mapping = threads.submit(poller.run)
        try:
            mapping.result()
        except KeyboardInterrupt:
            poller.stop()
            mapping.result()


def _make_places(given: Command, function: Function, aws: LocalAws) -> None:
    """Make what is read and written: topics, the bucket, and where records are given up to."""
    stock(aws)
    topics = [given.options.topic]
    if given.target_topic is not None:
        topics.append(given.target_topic)
    destination = given.options.on_failure or ""
    if destination.startswith("kafka://"):
        topics.append(GIVEN_UP)
    elif ":sqs:" in destination:
        aws.client("sqs").create_queue(QueueName=GIVEN_UP)
    elif destination:
        aws.client("s3").create_bucket(Bucket=GIVEN_UP)
    for topic in topics:
        _make_topic(function, topic)


def _make_topic(function: Function, topic: str) -> None:
    event = {"action": "create_topic", "topic": topic, "num_partitions": 3, "if_not_exists": True}
    made = function.invoke(event)
    if made.error_type is not None:
        raise ValueError(f"{made.error_type}: {made.error_message}")


def _tell(given: Command, stage: Mapping[str, str]) -> None:
    say(f"Reading topic {given.options.topic!r} until Ctrl-C. In another shell:")
    for name, value in stage.items():
        say(f"  export {name}={shlex.quote(value)}")
    say("  make invoke EVENT=events/produce_records.json   # writes to topic 'orders'")
    say(f'  make aws OPTIONS="ls s3://{BUCKET}/"')
    if (destination := given.options.on_failure) is not None:
        say(f"What is given up goes to {destination}: {_look(destination)}")


def _look(destination: str) -> str:
    """Say how to see what was given up."""
    if destination.startswith("kafka://"):
        return "send consume with this topic by make invoke"
    what = f"messages {GIVEN_UP}" if ":sqs:" in destination else f"ls s3://{GIVEN_UP}/"
    return f'make aws OPTIONS="{what}"'


if __name__ == "__main__":
    sys.exit(main())
