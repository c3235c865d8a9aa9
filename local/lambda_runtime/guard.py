"""Run a command; end it and all it started when this program's standard input closes.

The input is a pipe whose other end the parent holds, so the kernel closes it however the parent
ends. A process group would not do: the emulator gives the runtime a group of its own.
Runs as a script of its own, without the package, because it delays every start.
"""

import ctypes
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)
_SET_CHILD_SUBREAPER = 36


def children(pid: int) -> list[int]:
    """Return the process ids of a process's living children."""
    return sorted(
        int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _living_parent(entry) == pid
    )


def _living_parent(entry: Path) -> int | None:
    try:
        fields = entry.joinpath("stat").read_bytes().rpartition(b")")[2].split()
    except OSError:  # it ended while we looked
        return None
    return None if fields[0] == b"Z" else int(fields[1])


def _descendants(pid: int) -> list[int]:
    return [each for child in children(pid) for each in (*_descendants(child), child)]


def _kill_all() -> None:
    """Kill the youngest first, so that a runtime has no time to lament its emulator's end."""
    for pid in _descendants(os.getpid()):
        with suppress(ProcessLookupError):  # its own parent was quicker
            os.kill(pid, signal.SIGKILL)


def _start(command: list[str]) -> int:
    libc = ctypes.CDLL(None)
    libc.prctl(_SET_CHILD_SUBREAPER, 1)
    pid = os.fork()
    if pid == 0:
        libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(command[0], command)  # noqa: S606 - the caller's own program, no shell wanted
    return pid


def _kill_at_end_of_input() -> None:
    sys.stdin.buffer.read()
    _kill_all()


def main() -> None:
    """Run the command of the arguments until it ends or the input does."""
    pid = _start(sys.argv[1:])
    threading.Thread(target=_kill_at_end_of_input, daemon=True).start()
    os.waitpid(pid, 0)
    while children(os.getpid()):
        _kill_all()
        os.waitpid(-1, 0)


if __name__ == "__main__":
    main()
