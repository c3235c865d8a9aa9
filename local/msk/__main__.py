"""Runs a cluster in the foreground and prints what another shell needs to use it."""

import argparse
import json
import logging
import shlex
import shutil
import signal
import sys
import threading
from pathlib import Path

from local.msk import LocalMsk, MskError, ProgramMissing, start_msk
from local.msk.errors import ONLY_HERE


def main() -> int:
    """Start the cluster, print its environment, stop at Ctrl-C or SIGTERM."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job ignores Ctrl-C
        signal.signal(number, signal.default_int_handler)
    try:
        with _started(options) as msk:
            if options.export is not None:
                export(msk, options.export)
            print(_description(msk), flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    except ProgramMissing as missing:
        print(f"{missing}. {ONLY_HERE}", file=sys.stderr)
    except MskError as error:
        print(error, file=sys.stderr)
    return 1


def _started(options: argparse.Namespace) -> LocalMsk:
    return start_msk(
        nodes=options.nodes,
        kafka_version=options.kafka_version,
        session_ms=options.session_ms,
        hosts=options.host,
        request_log=options.request_log,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.msk", description=__doc__)
    parser.add_argument("--nodes", type=int, default=1, choices=(1, 3))
    parser.add_argument("--kafka-version", default="3.9.2")
    parser.add_argument("--session-ms", type=int, help="longest life of a login")
    parser.add_argument(
        "--host", action="append", default=[], help="another name of this machine, or NAME:PORT"
    )
    parser.add_argument(
        "--export", type=Path, metavar="FOLDER", help="write ca.pem and environment.json there"
    )
    parser.add_argument("--request-log", action="store_true", help="write each request down")
    return parser.parse_args()


def export(msk: LocalMsk, folder: Path) -> None:
    """Write what clients elsewhere need; they call the cluster by the first of its other names.

    The environment comes last and whole: where it is, the cluster is ready.
    """
    certificate = folder / "ca.pem"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(msk.ca_file, certificate)
    servers = next(iter(msk.bootstrap_by_host.values()), msk.bootstrap)
    variables = msk.environment() | {"KAFKA_ENDPOINT": servers, "KAFKA_CA_FILE": str(certificate)}
    new = folder / "environment.new"
    new.write_text(json.dumps(variables), encoding="utf-8")
    new.replace(folder / "environment.json")


def _description(msk: LocalMsk) -> str:
    exports = [f"export {k}={shlex.quote(v)}" for k, v in msk.environment().items()]
    others = [f"# as {host}: {servers}" for host, servers in msk.bootstrap_by_host.items()]
    notes = [f"# without TLS and login: {msk.plaintext}", f"# files: {msk.folder}", *others]
    return "\n".join([*exports, *notes])


if __name__ == "__main__":
    sys.exit(main())
