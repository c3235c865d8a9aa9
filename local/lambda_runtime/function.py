"""The function, wherever it runs: the choice between the emulator and this process."""

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

from local.lambda_runtime.binary import HANDLER, SRC, binary_place, emulator_binary
from local.lambda_runtime.emulator import Emulator
from local.lambda_runtime.in_process import InProcess
from local.lambda_runtime.invocation import Invocation


class Function(Protocol):
    """What `Emulator` and `InProcess` both are."""

    def invoke(self, event: object, *, timeout_s: float | None = None) -> Invocation:
        """Send one event, and return what came of it."""
        ...

    def log(self) -> str:
        """Return everything the function printed so far."""
        ...

    def stop(self) -> None:
        """End it."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def open_function(
    environment: Mapping[str, str],
    *,
    handler: str = HANDLER,
    timeout_s: int = 60,
    memory_mb: int = 1024,
    path: Sequence[Path] = (SRC,),
) -> Function:
    """Open the function in the emulator, or say in one line why it runs in this process instead."""
    lacking = what_is_lacking()
    if lacking is not None:
        line = f"No Lambda runtime emulator ({lacking}): calling the handler in this process."
        print(line, file=sys.stderr)
    kind = Emulator if lacking is None else InProcess
    return kind(environment, handler=handler, timeout_s=timeout_s, memory_mb=memory_mb, path=path)


def what_is_lacking() -> str | None:
    """Return what keeps the emulator from running here, in a few words; None if nothing does."""
    if binary_place() is None:
        return f"there is none for {sys.platform}"
    if emulator_binary() is None:
        return "install it with: python -m local.lambda_runtime.install"
    if importlib.util.find_spec("awslambdaric") is None:
        return "the package awslambdaric is missing"
    return None
