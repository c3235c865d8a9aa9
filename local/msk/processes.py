"""The starter's end of the pipe to the supervisor."""

import contextlib
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from local.msk import supervisor
from local.msk.errors import MskError


class Processes:
    """The nodes' processes and their folder; both are gone after `end`, or when this process is."""

    def __init__(self) -> None:
        # A session of its own: Ctrl-C at the terminal must reach the starter alone.
        self._supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert self._supervisor.stdin  # noqa: S101 - Popen was told PIPE
        assert self._supervisor.stdout  # noqa: S101 - Popen was told PIPE
        self._stdin = self._supervisor.stdin
        self._stdout = self._supervisor.stdout
        self._lock = threading.Lock()
        self.folder = Path(str(self._answer()["folder"]))

    def run(self, argv: list[str], log: Path) -> int:
        """Start a program, its output appended to the log; return its process id."""
        return int(self._ask({"do": "run", "argv": argv, "log": str(log)})["pid"])

    def send(self, pid: int, signal: int) -> None:
        """Send a signal; SIGKILL returns when the process is gone."""
        self._ask({"do": "send", "pid": pid, "signal": signal})

    def alive(self, pid: int) -> bool:
        """Tell whether the process still runs."""
        return self._ask({"do": "poll", "pid": pid})["code"] is None

    def end(self) -> None:
        """Kill every process, remove the folder, return when that is done."""
        with self._lock:
            # A lost supervisor leaves a broken pipe and the folder.
            with contextlib.suppress(OSError):
                self._stdin.close()
            self._supervisor.wait()
            self._stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ask(self, request: dict[str, object]) -> dict[str, Any]:
        with self._lock:
            if self._stdin.closed:
                raise MskError("the cluster is stopped")
            with contextlib.suppress(BrokenPipeError):
                self._stdin.write(json.dumps(request) + "\n")
                self._stdin.flush()
            return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._stdout.readline()
        if not line:
            raise MskError("the supervisor of the Kafka nodes has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer
