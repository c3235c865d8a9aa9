"""Run a mapping: a local MSK, S3 and SQS, the function, and a topic that is read into its sink.

Stop it with Ctrl-C. In another shell `make invoke` writes to the topic with the exports shown.
"""

import argparse
import shlex
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress

from local.aws import start_aws
from local.lambda_runtime import EmulatorError, Invocation, open_function
from local.lambda_runtime.function import Function
from local.mapping import Options, Poller
from local.mapping.login import as_role
from local.msk import DEFAULT_ROLE, LocalMsk, MskError, start_msk

BUCKET = "lake"
TOPIC = "orders"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C; 2 if something can't be started."""
    given = _parser().parse_args(arguments)
    try:
        with ExitStack() as running:
            _run(given, running)
    except KeyboardInterrupt:
        return 0
    except (MskError, EmulatorError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m local.mapping", description=__doc__)
    parser.add_argument("--topic", default=TOPIC, help=f"default: {TOPIC}; made with 3 partitions")
    parser.add_argument("--sink", default="s3", choices=("s3", "log", "produce"))
    parser.add_argument("--provisioned", action="store_true", help="with partial responses")
    parser.add_argument("--batch-size", type=int, default=100, metavar="N")
    parser.add_argument("--window", type=float, default=0.5, metavar="S", help="default: 0.5")
    parser.add_argument("--filter", action="append", default=[], metavar="PATTERN")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the function"
    )
    return parser


def _run(given: argparse.Namespace, running: ExitStack) -> None:
    _say("Starting a local MSK, S3 and SQS ...")
    msk = running.enter_context(start_msk())
    aws = running.enter_context(start_aws())
    aws.client("s3").create_bucket(Bucket=BUCKET)
    variables = {
        **msk.environment(),
        **aws.environment(),
        "ESM_SINK": given.sink,
        "OUTPUT_BUCKET": BUCKET,
        "ESM_PARTIAL_RESPONSE": str(given.provisioned).lower(),
        **dict(each.split("=", 1) for each in given.set),
    }
    function = running.enter_context(open_function(variables))
    _make_topic(function, given.topic)
    _tell(msk, given.topic, aws.url)
    options = Options(
        given.topic,
        mode="provisioned" if given.provisioned else "on_demand",
        report_failures=given.provisioned,
        batch_size=given.batch_size,
        window_s=given.window,
        filters=given.filter,
    )
    login = as_role(msk, DEFAULT_ROLE)
    poller = Poller(options, _Telling(function), login, aws=aws)
    mapping = threading.Thread(target=poller.run, daemon=True)
    mapping.start()
    with suppress(KeyboardInterrupt):
        mapping.join()
    poller.stop()
    mapping.join()
    for name, count in poller.counts.items():
        _say(f"{name}: {count}")


class _Telling:
    """Shows what came of each invocation."""

    def __init__(self, function: Function) -> None:
        self._function = function

    def invoke(self, event: object) -> Invocation:
        """See the mapping's function."""
        invocation = self._function.invoke(event)
        told = invocation.raw.decode(errors="replace")
        if invocation.error_type is not None:
            told = f"{invocation.error_type}: {invocation.error_message}"
        _say(f"{invocation.duration_ms:6.0f} ms  {told}")
        return invocation


def _make_topic(function: Function, topic: str) -> None:
    event = {"action": "create_topic", "topic": topic, "num_partitions": 3, "if_not_exists": True}
    made = function.invoke(event)
    if made.error_type is not None:
        raise ValueError(f"{made.error_type}: {made.error_message}")


def _tell(msk: LocalMsk, topic: str, url: str) -> None:
    _say(f"Reading topic {topic!r} until Ctrl-C. S3 is at {url}, objects go to s3://{BUCKET}.")
    _say("To write to the topic, in another shell:")
    for name, value in msk.environment().items():
        _say(f"  export {name}={shlex.quote(value)}")
    _say("  make invoke EVENT=events/produce_records.json")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
