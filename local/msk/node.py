"""One Kafka node: a Java process that is broker and controller."""

import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local.msk.errors import PortTaken, StartFailed
from local.msk.processes import Processes

_READY = b"Kafka Server started"
_TIMEOUT_S = 90.0
_POLL_S = 0.02
_SHOWN = 4000


class Node:
    """A node of a running cluster, to be killed, started again, paused."""

    def __init__(self, node_id: int, processes: Processes, argv: Sequence[str], log: Path) -> None:
        self.node_id = node_id
        self.log = log
        self._processes = processes
        self._argv = list(argv)
        self._pid: int | None = None
        self._log_start = 0

    def kill(self) -> None:
        """End the process at once (SIGKILL); its data stays."""
        if self._pid is not None:
            self._processes.send(self._pid, signal.SIGKILL)
            self._pid = None

    def start(self) -> None:
        """Start the node again with the same data and ports; return when it is ready."""
        self.launch()
        self.wait_until_ready()

    def pause(self) -> None:
        """Stop the process where it is (SIGSTOP); its connections stay open, nothing answers."""
        self._processes.send(self._running(), signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on (SIGCONT)."""
        self._processes.send(self._running(), signal.SIGCONT)

    def end(self, signal_number: int) -> None:
        """Send a signal that asks the process to end, and wait until it has."""
        pid = self._running()
        self._processes.send(pid, signal_number)
        self._wait(lambda: not self._processes.alive(pid), "did not end")
        self._pid = None

    def launch(self) -> None:
        """Start the process without waiting."""
        if self._pid is not None:
            raise StartFailed(f"node {self.node_id} is already running")
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._pid = self._processes.run(self._argv, self.log)

    def wait_until_ready(self) -> None:
        """Wait until the broker serves its listeners; raises StartFailed with the log's end."""
        pid = self._running()
        self._wait(lambda: self._is_ready() or not self._processes.alive(pid), "is not ready")
        if not self._is_ready():
            raise self._failure("ended")

    def _wait(self, done: Callable[[], bool], fault: str) -> None:
        deadline = time.monotonic() + _TIMEOUT_S
        while not done():
            if time.monotonic() > deadline:
                raise self._failure(f"{fault} after {_TIMEOUT_S:.0f} s")
            time.sleep(_POLL_S)

    def _is_ready(self) -> bool:
        return _READY in self._new_log()

    def _running(self) -> int:
        if self._pid is None:
            raise StartFailed(f"node {self.node_id} is not running")
        return self._pid

    def _new_log(self) -> bytes:
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read()

    def _failure(self, what: str) -> StartFailed:
        log = self._new_log().decode(errors="replace")
        kind = PortTaken if "Address already in use" in log else StartFailed
        return kind(f"node {self.node_id} {what}; the end of its log:\n{log[-_SHOWN:]}")
