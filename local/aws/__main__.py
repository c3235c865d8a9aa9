"""`python -m local.aws`: S3 and SQS in the foreground, and the exports for another shell."""

import argparse
import signal
import sys

from local.aws.server import start_aws


def main() -> int:
    """Serve until Ctrl-C, or until standard input ends where it is a pipe."""
    parser = argparse.ArgumentParser("python -m local.aws", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    options = parser.parse_args()
    with start_aws(port=options.port) as aws:
        for name, value in aws.environment().items():
            print(f"export {name}={value}", flush=True)
        if sys.stdin.isatty():
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        else:
            sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
