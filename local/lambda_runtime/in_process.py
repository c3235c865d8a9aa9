"""The function called in this very process, for systems where the emulator can't run."""

import importlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Self
from unittest import mock

from local.lambda_runtime.binary import HANDLER, SRC
from local.lambda_runtime.context import Context
from local.lambda_runtime.environment import lambda_environment
from local.lambda_runtime.invocation import (
    REQUEST_LIMIT,
    RESPONSE_LIMIT,
    Invocation,
    encode,
    failure,
    read_answer,
    too_large,
)

_Handler = Callable[[object, Context], object]


class InProcess:
    """The handler behind the interface of `Emulator`, without a process of its own.

    The function's modules are imported anew, so that the first call meets fresh ones as after a
    cold start. Nothing enforces the timeout. One call at a time in a process: its environment
    variables are the function's for so long.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        handler: str = HANDLER,
        timeout_s: int = 60,
        memory_mb: int = 1024,
        path: Sequence[Path] = (SRC,),
    ) -> None:
        self._environment = lambda_environment(
            environment, timeout_s=timeout_s, memory_mb=memory_mb, path=path
        )
        self._name = handler
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._path = [str(folder.resolve()) for folder in path]
        self._output = io.StringIO()
        self._handler: _Handler | None = None
        _forget_modules(self._path)

    def invoke(self, event: object, *, timeout_s: float | None = None) -> Invocation:
        """Call the handler with one event; `timeout_s` only shortens what the context tells."""
        body = encode(event)
        if len(body) > REQUEST_LIMIT:
            return too_large(len(body))
        started = time.perf_counter()
        try:
            with self._as_in_lambda():
                raw = self._call(body, min(timeout_s or self._timeout_s, self._timeout_s))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as the runtime client does
            return failure(*_described(error), _since_ms(started))
        return read_answer(200, raw, _since_ms(started))

    def _call(self, body: bytes, timeout_s: float) -> bytes:
        if self._handler is None:
            self._handler = _import_handler(self._name)
        context = Context(time.time() + timeout_s, str(self._memory_mb))
        return _marshalled(self._handler(_unmarshalled(body), context))

    @contextmanager
    def _as_in_lambda(self) -> Iterator[None]:
        with (
            mock.patch.dict(os.environ, self._environment, clear=True),  # noqa: TID251 - a stand-in
            mock.patch.object(sys, "path", [*self._path, *sys.path]),
            redirect_stdout(self._output),
            redirect_stderr(self._output),
        ):
            yield

    def log(self) -> str:
        """Return everything the function printed so far."""
        return self._output.getvalue()

    def stop(self) -> None:
        """Let go of the handler, and with it of what its modules hold."""
        self._handler = None
        _forget_modules(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _FaultError(Exception):
    """A failure that the runtime client gives a name of its own."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


def _described(error: BaseException) -> tuple[str, str]:
    if isinstance(error, SystemExit):
        return "Runtime.ExitError", f"Runtime exited with error: exit status {error.code}"
    name = error.error_type if isinstance(error, _FaultError) else type(error).__name__
    return name, str(error)


def _import_handler(name: str) -> _Handler:
    module_name, _, function = name.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise _FaultError("Runtime.ImportModuleError", message) from error
    handler: _Handler | None = getattr(module, function, None)
    if handler is None:
        message = f"Handler '{function}' missing on module '{module_name}'"
        raise _FaultError("Runtime.HandlerNotFound", message)
    return handler


def _unmarshalled(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        message = f"Unable to unmarshal input: {error}"
        raise _FaultError("Runtime.UnmarshalError", message) from error


def _marshalled(answer: object) -> bytes:
    try:
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        raise _FaultError("Runtime.MarshalError", message) from error
    if len(raw) > RESPONSE_LIMIT:
        message = f"Response payload size exceeded maximum allowed: {RESPONSE_LIMIT} bytes."
        raise _FaultError("Function.ResponseSizeTooLarge", message)
    return raw


def _since_ms(started: float) -> float:
    return (time.perf_counter() - started) * 1000


def _forget_modules(folders: Sequence[str]) -> None:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is not None and any(Path(file).is_relative_to(folder) for folder in folders):
            del sys.modules[name]
