"""The process that owns the nodes: when its standard input ends, they end and their folder goes.

It runs as a script, apart from the one who starts the cluster, so that nothing is left behind
whatever ends that one. It reads one JSON request per line and answers each with one JSON line.
"""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Reply = dict[str, int | None]

_children: dict[int, subprocess.Popen[bytes]] = {}


def run(request: Mapping[str, Any]) -> Reply:
    """Start a program whose output is appended to a log file."""
    with Path(request["log"]).open("ab") as log:
        child = subprocess.Popen(
            request["argv"], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
        )
    _children[child.pid] = child
    return {"pid": child.pid}


def send(request: Mapping[str, Any]) -> Reply:
    """Send a signal; one that kills is answered when the process is gone."""
    child = _children[request["pid"]]
    child.send_signal(request["signal"])
    return {"code": child.wait() if request["signal"] == signal.SIGKILL else None}


def poll(request: Mapping[str, Any]) -> Reply:
    """Answer the exit code, or None while the process lives."""
    return {"code": _children[request["pid"]].poll()}


VERBS = {"run": run, "send": send, "poll": poll}


def main() -> None:
    """Make the folder, serve requests until there are no more, clean up."""
    folder = tempfile.mkdtemp(prefix="local-msk-")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        print(json.dumps({"folder": folder}), flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            print(json.dumps(VERBS[request["do"]](request)), flush=True)
    finally:
        _clean_up(folder)


def _clean_up(folder: str) -> None:
    for child in _children.values():
        with contextlib.suppress(ProcessLookupError):
            child.kill()
    for child in _children.values():
        child.wait()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
