"""Send one event to the function on this machine, and print its answer.

With KAFKA_ENDPOINT in the environment (from `make msk` in another shell) the event goes to that
cluster, else to a local MSK started for the call; `--keep` leaves that one running until Ctrl-C.
"""

import argparse
import json
import os
import shlex
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from local.lambda_runtime import EmulatorError, Invocation, open_function
from local.msk import MskError, ProgramMissing, start_msk
from local.msk.errors import ONLY_HERE

_SETTINGS = ("KAFKA_", "ALLOWED_", "POWERTOOLS_")
_AWS = ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def main(arguments: Sequence[str] | None = None) -> int:
    """Send the event of the command line; 0 if the function succeeded, 1 if it failed."""
    options = _parser().parse_args(arguments)
    try:
        with _cluster(keep=options.keep) as environment, open_function(environment) as function:
            return _report(function.invoke(options.event))
    except KeyboardInterrupt:
        return 130
    except ProgramMissing as missing:
        print(f"{missing}. {ONLY_HERE}", file=sys.stderr)
        return 2
    except (MskError, EmulatorError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m local.invoke", description=__doc__)
    parser.add_argument("event", type=_event, help="a file with the event as JSON")
    parser.add_argument("--keep", action="store_true", help="leave the local MSK running")
    return parser


def _event(file: str) -> object:
    try:
        return json.loads(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{file}: {error}") from error


@contextmanager
def _cluster(*, keep: bool) -> Iterator[Mapping[str, str]]:
    """Give the function's environment for the cluster that the shell names, or for a new one."""
    shell = os.environ  # noqa: TID251 - what the developer's shell says is the point
    if shell.get("KAFKA_ENDPOINT"):
        yield {name: shell[name] for name in shell if name.startswith(_SETTINGS) or name in _AWS}
        return
    _say("Starting a local MSK ...")
    with start_msk() as msk:
        yield msk.environment()
        if keep:
            _wait(msk.environment())


def _wait(environment: Mapping[str, str]) -> None:
    _say("The local MSK runs until Ctrl-C. To send it more events, in another shell:")
    for name, value in environment.items():
        _say(f"  export {name}={shlex.quote(value)}")
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def _report(invocation: Invocation) -> int:
    if invocation.error_type is None:
        print(json.dumps(invocation.payload, indent=2, ensure_ascii=False))
    else:
        _say(f"{invocation.error_type}: {invocation.error_message}")
    _say(f"{invocation.duration_ms:.0f} ms, cold start included")
    return 0 if invocation.error_type is None else 1


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
