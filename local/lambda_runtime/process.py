"""One run of the emulator's program under its guard: started, awaited, and ended for sure."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from local.lambda_runtime import guard

_START_TIMEOUT_S = 30.0
_POLL_S = 0.002
_LAST_WORDS = 2000
# The shell becomes the runtime and gives it a log of its own, free of the emulator's lines.
_LOG_TO = 'exec "$@" >>"$0" 2>&1'


class EmulatorError(RuntimeError):
    """The emulator itself failed, not the function; the message ends with its last words."""


class EmulatorProcess:
    """The emulator, listening at `host`:`port`; the runtime below it starts at the first event."""

    def __init__(
        self, binary: Path, handler: str, environment: Mapping[str, str], folder: Path
    ) -> None:
        self._function_log, self._own_log = _nameless_file(), _nameless_file()
        self.host, self.port, api_port = _free_address()
        command = [
            *_emulator_command(binary, self.host, self.port, api_port),
            *_runtime_command(handler, self._function_log),
        ]
        self._guard = _start(command, environment, folder, self._own_log)
        self._end = weakref.finalize(self, _end, self._guard, self._function_log, self._own_log)
        self._await_port()
        self._emulator_pid = guard.children(self._guard.pid)[0]

    def runtime_pid(self) -> int:
        """Return the process id of the runtime; LookupError before the first event."""
        found = guard.children(self._emulator_pid)
        if not found:
            raise LookupError("no runtime process: it starts with the first event")
        return found[0]

    def log(self) -> str:
        """Return what the function has written."""
        return _content(self._function_log)

    def end(self) -> str:
        """Kill everything, and return the function's whole log."""
        _kill(self._guard)
        log = self.log()
        self._end()
        return log

    def error(self, what: str) -> EmulatorError:
        """Return the error to raise when the emulator failed."""
        return EmulatorError(f"{what}\n{_content(self._own_log)[-_LAST_WORDS:]}".rstrip())

    def _await_port(self) -> None:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while not _accepts(self.host, self.port):
            if self._guard.poll() is not None or time.monotonic() > give_up_at:
                error = self.error("the Lambda runtime emulator did not start")
                self._end()
                raise error
            time.sleep(_POLL_S)


def _free_address() -> tuple[str, int, int]:
    """Return a loopback address and two free ports on it.

    The address is a random one of 127.0.0.0/8, so that emulators started at the same moment
    can't be given each other's ports.
    """
    a, b, c = secrets.token_bytes(3)
    host = f"127.{1 + a % 254}.{b}.{1 + c % 254}"
    with _bound(host) as first, _bound(host) as second:
        return host, first.getsockname()[1], second.getsockname()[1]


def _bound(host: str) -> socket.socket:
    """Return a socket that holds a free port.

    It doesn't listen, and lets others have the port: a process forked by another thread keeps a
    copy of it until its exec, which must neither pass for the emulator nor be in its way.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((host, 0))
    return holder


def _emulator_command(binary: Path, host: str, port: int, api_port: int) -> list[str]:
    events = ["--runtime-interface-emulator-address", f"{host}:{port}"]
    runtime_api = ["--runtime-api-address", f"{host}:{api_port}"]
    return [str(binary), "--log-level", "error", *events, *runtime_api]


def _runtime_command(handler: str, log: IO[bytes]) -> list[str]:
    path = f"/proc/{os.getpid()}/fd/{log.fileno()}"
    return ["/bin/sh", "-c", _LOG_TO, path, sys.executable, "-m", "awslambdaric", handler]


def _start(
    command: list[str], environment: Mapping[str, str], folder: Path, log: IO[bytes]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,  # START, END and REPORT of every event
        stderr=log,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,  # Ctrl-C is for the program at the terminal, which ends us
    )


def _accepts(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def _nameless_file() -> IO[bytes]:
    """Return a file without a name, so that nothing is left behind however this process ends."""
    return tempfile.TemporaryFile(buffering=0)


def _content(file: IO[bytes]) -> str:
    if file.closed:
        return ""
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()  # what the guard waits for
    process.wait()


def _end(process: subprocess.Popen[bytes], *files: IO[bytes]) -> None:
    _kill(process)
    for file in files:
        file.close()
