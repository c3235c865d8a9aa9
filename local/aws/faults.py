"""What can go wrong with a request, on demand."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock


@dataclass
class Fault:
    """A trouble that requests meet: those of a method whose path (`/bucket/key`) matches.

    `status` is answered with S3's error `code`; 0 lets the request through after the delay.
    """

    method: str = "*"
    path: str = "*"
    status: int = 0
    code: str = "InternalError"
    times: int | None = None
    """How many requests meet it; None: all."""
    done: bool = False
    """The request is carried out all the same, and only its answer is lost."""
    delay_s: float = 0
    cut: bool = False
    """The connection is closed instead of an answer."""
    met: int = 0
    """How many requests have met it."""


class Faults:
    """The faults that are set; the first that matches is met."""

    def __init__(self) -> None:
        self._set: list[Fault] = []
        self._lock = Lock()

    def set(self, *faults: Fault) -> None:
        """Replace all faults; none: everything works."""
        with self._lock:
            self._set = list(faults)

    def meet(self, environ: Mapping[str, object]) -> Fault | None:
        """Take the fault that a request meets."""
        method, path = str(environ["REQUEST_METHOD"]), str(environ["PATH_INFO"])
        with self._lock:
            for fault in self._set:
                spent = fault.times is not None and fault.met >= fault.times
                named = fnmatchcase(method, fault.method) and fnmatchcase(path, fault.path)
                if named and not spent:
                    fault.met += 1
                    return fault
        return None
