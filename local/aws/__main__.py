"""S3 and SQS in the foreground, with the exports for another shell; and a look at what they hold.

`ls [s3://bucket/prefix]`, `cat s3://bucket/key` (decompressed) and `messages QUEUE` ask the
services that the exports name.
"""

import argparse
import os
import shlex
import signal
import stat
import sys
import threading
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import look, start_aws
from local.msk.roles import DEFAULT_ROLE, REGION
from local.samples import stock


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C, or until standard input ends where it is a pipe; or answer a look."""
    given = _parser().parse_args(arguments)
    try:
        return _serve(given.port) if given.what is None else _look(given)
    except KeyboardInterrupt:
        return 0
    except (ClientError, BotoCoreError, OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m local.aws",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    looks = parser.add_subparsers(dest="what", metavar="{ls,cat,messages}")
    listing = looks.add_parser("ls", help="list objects, with their sizes in bytes")
    listing.add_argument("of", nargs="?", default="s3://", metavar="s3://bucket/prefix")
    looks.add_parser("cat", help="print an object").add_argument("of", metavar="s3://bucket/key")
    looks.add_parser("messages", help="print a queue's messages").add_argument("of", metavar="NAME")
    return parser


def _serve(port: int) -> int:
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job ignores Ctrl-C
        signal.signal(number, signal.default_int_handler)
    with start_aws(port=port) as aws:
        stock(aws)
        for name, value in (aws.environment() | _credentials()).items():
            print(f"export {name}={shlex.quote(value)}", flush=True)
        if _is_pipe():
            sys.stdin.read()
        else:
            threading.Event().wait()
    return 0


def _is_pipe() -> bool:
    """Whoever started us by a pipe ends us by it; a terminal or nothing at all does not."""
    return stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)


def _credentials() -> dict[str, str]:
    """The same as of a local MSK; elsewhere they are nobody's."""
    return {
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": DEFAULT_ROLE.access_key_id,
        "AWS_SECRET_ACCESS_KEY": DEFAULT_ROLE.secret_access_key,
        "AWS_SESSION_TOKEN": DEFAULT_ROLE.session_token or "",
    }


def _look(given: argparse.Namespace) -> int:
    service = "sqs" if given.what == "messages" else "s3"
    client = look.client(service, _endpoint(service))
    if given.what == "ls":
        for one in look.list_objects(client, given.of):
            print(f"{one.size_bytes:12}  {one.uri}")
    elif given.what == "cat":
        sys.stdout.buffer.write(look.content(client, given.of))
    else:
        print(*look.messages(client, given.of), sep="\n")
    return 0


def _endpoint(service: str) -> str:
    name = f"AWS_ENDPOINT_URL_{service.upper()}"
    url = os.environ.get(name)  # noqa: TID251 - what the developer's shell says is the point
    if not url:
        raise ValueError(
            f"{name} is not set: export what `make aws`, `make mapping` or `make invoke"
            " OPTIONS=--keep` prints. AWS itself is never asked."
        )
    return url


if __name__ == "__main__":
    sys.exit(main())
