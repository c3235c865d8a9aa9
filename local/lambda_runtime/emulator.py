"""The function in AWS's runtime interface emulator: the real runtime client, without AWS."""

import http.client
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from local.lambda_runtime.binary import HANDLER, SRC, emulator_binary
from local.lambda_runtime.environment import lambda_environment
from local.lambda_runtime.invocation import (
    REQUEST_LIMIT,
    Invocation,
    encode,
    read_answer,
    too_large,
)
from local.lambda_runtime.process import EmulatorError, EmulatorProcess

INVOCATIONS = "/2015-03-31/functions/function/invocations"
_GRACE_S = 15.0  # past the function's own timeout, which the emulator enforces


class Emulator:
    """One execution environment of the function, listening when it is made, dead when stopped.

    The runtime starts with the first event, which is therefore the cold start. Stop it, or use
    it in a `with`; it also dies with this object and with this process, however that ends.
    `environment` is all the function gets beside Lambda's own variables, `path` where it imports
    from. Raises EmulatorError where the emulator isn't installed or doesn't start.
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
        binary = emulator_binary()
        if binary is None:
            raise EmulatorError("not installed: run `python -m local.lambda_runtime.install`")
        variables = lambda_environment(
            environment, timeout_s=timeout_s, memory_mb=memory_mb, path=path
        )
        self._timeout_s = timeout_s
        self._one_at_a_time = threading.Lock()
        self._final_log: str | None = None
        self._process = EmulatorProcess(binary, handler, variables, path[0])

    def invoke(self, event: object, *, timeout_s: float | None = None) -> Invocation:
        """Send one event, and return what came of it; a function that fails raises nothing here.

        Bytes are sent as they are, anything else as JSON. Calls from several threads wait for
        each other, as one environment serves one event at a time. Raises TimeoutError when there
        is no answer within `timeout_s` (default: a little more than the function's own timeout);
        the emulator, still busy with the event, is then stopped.
        """
        body = encode(event)
        if len(body) > REQUEST_LIMIT:  # the emulator would cut it off without a word
            return too_large(len(body))
        with self._one_at_a_time:
            if self._final_log is not None:
                raise EmulatorError("the emulator is stopped")
            return self._send(body, timeout_s or self._timeout_s + _GRACE_S)

    def _send(self, body: bytes, timeout_s: float) -> Invocation:
        started = time.perf_counter()
        try:
            status, raw = self._post(body, timeout_s)
        except TimeoutError:
            self.stop()
            raise TimeoutError(f"no answer within {timeout_s} s; the emulator is stopped") from None
        except (http.client.HTTPException, OSError) as error:
            raise self._process.error(f"the Lambda runtime emulator failed: {error!r}") from error
        return read_answer(status, raw, (time.perf_counter() - started) * 1000)

    def _post(self, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(
            self._process.host, self._process.port, timeout=timeout_s
        )
        try:
            connection.request("POST", INVOCATIONS, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def pid(self) -> int:
        """Return the process id of the Python that runs the handler, to stop and continue it.

        LookupError before the first event, and after a crash until the next event.
        """
        return self._process.runtime_pid()

    def log(self) -> str:
        """Return everything the function printed so far, also after `stop`."""
        return self._process.log() if self._final_log is None else self._final_log

    def stop(self) -> None:
        """Kill the function and the emulator; once stopped, stopping again does nothing."""
        if self._final_log is None:
            self._final_log = self._process.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
