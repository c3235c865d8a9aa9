"""Send one event to the function on this machine, and print its answer.

With KAFKA_ENDPOINT or MSK_CLUSTER_ARN in the environment (from `make msk` in another shell) the
event goes to that cluster, else to a local MSK started for the call. A local cluster goes with a
local S3 and SQS: those of the environment (from `make aws`), else new ones. `--keep` leaves what
was started running until Ctrl-C. Settings of the function are taken from the environment.
"""

import argparse
import json
import os
import shlex
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from local.lambda_runtime import EmulatorError, Function, Invocation, open_function
from local.msk import MskError, ProgramMissing
from local.msk.errors import ONLY_HERE
from local.surroundings import Surroundings, plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Send the event of the command line; 0 if the function succeeded, 1 if it failed."""
    options = _parser().parse_args(arguments)
    try:
        return _invoke(options.event, keep=options.keep)
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
    parser.add_argument("--keep", action="store_true", help="leave what was started running")
    return parser


def _event(file: str) -> object:
    try:
        return json.loads(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{file}: {error}") from error


def _invoke(event: object, *, keep: bool) -> int:
    shell = os.environ  # noqa: TID251 - what the developer's shell says is the point
    with (
        Surroundings(plan(shell), _say) as around,
        open_function(around.variables) as function,
    ):
        is_warm = _send_samples(function, event, around)
        code = _report(function.invoke(event), is_warm=is_warm)
        for uri in around.written():
            _say(f"Written: {uri}")
        if keep and (around.plan.starts_msk or around.plan.starts_aws):
            _wait(around.variables)
    return code


def _send_samples(function: Function, event: object, around: Surroundings) -> bool:
    """Write what a new cluster lacks for the event; tell whether the function has run so."""
    samples = around.samples_for(event)
    for sample in samples:
        sent = function.invoke(sample)
        if sent.error_type is not None:
            _say(f"{sent.error_type}: {sent.error_message}")
    return bool(samples)


def _wait(environment: Mapping[str, str]) -> None:
    _say("What was started runs until Ctrl-C. To use it in another shell:")
    for name, value in environment.items():
        _say(f"  export {name}={shlex.quote(value)}")
    with suppress(KeyboardInterrupt):
        threading.Event().wait()


def _report(invocation: Invocation, *, is_warm: bool) -> int:
    if invocation.error_type is None:
        print(json.dumps(invocation.payload, indent=2, ensure_ascii=False), flush=True)
    else:
        _say(f"{invocation.error_type}: {invocation.error_message}")
    _say(f"{invocation.duration_ms:.0f} ms" + ("" if is_warm else ", cold start included"))
    return 0 if invocation.error_type is None else 1


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
