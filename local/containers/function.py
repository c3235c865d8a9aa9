"""The function's image as one execution environment, behind the emulator that its base brings."""

import http.client
import time
from collections.abc import Mapping
from typing import Self

from docker.types import Ulimit
from testcontainers.core.network import Network

from local.containers.errors import ContainerFailed
from local.containers.network import container
from local.lambda_runtime.emulator import INVOCATIONS
from local.lambda_runtime.invocation import (
    REQUEST_LIMIT,
    Invocation,
    encode,
    read_answer,
    too_large,
)

_PORT = "8080/tcp"
_LOOPBACK = "127.0.0.1"
_LIMIT = 1024  # files, and processes with threads, that Lambda lets a function have
_TEMPORARY = "/tmp"  # noqa: S108 - Lambda's own name for the one folder to write in
_START_TIMEOUT_S = 30.0
_GRACE_S = 15.0
_POLL_S = 0.05


class ContainerFunction:
    """One execution environment of the function; removed when it is stopped.

    `environment` is all the function gets beside what the image and Lambda set; `hosts` are names
    that it finds beside those of the network, and their addresses.
    """

    def __init__(  # noqa: PLR0913 - what an environment is, by name
        self,
        image: str,
        network: Network,
        environment: Mapping[str, str],
        *,
        timeout_s: int = 60,
        memory_mb: int = 1024,
        hosts: Mapping[str, str] | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._final_log: str | None = None
        made = container(image, network, "function")
        self._container = made.with_kwargs(
            **made._kwargs,  # noqa: SLF001 - a second call would forget the first one's
            read_only=True,
            ulimits=[Ulimit(name=name, soft=_LIMIT, hard=_LIMIT) for name in ("nofile", "nproc")],
            mem_limit=f"{memory_mb}m",
            extra_hosts=dict(hosts or {}),
        )
        limits = {
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
        }
        self._container.with_envs(**limits, **environment)
        self._container.with_tmpfs_mount(_TEMPORARY, "size=512m")
        self._container.ports[_PORT] = (_LOOPBACK, None)  # type: ignore[assignment] # as docker-py
        self._container.start()
        try:
            self._port = self._published_port()
        except BaseException:
            self.stop()
            raise

    def _published_port(self) -> int:
        self._container.reload()
        bound = self._container.get_wrapped_container().ports.get(_PORT)
        if not bound:
            raise ContainerFailed(f"the function's container ended:\n{self.log()}")
        return int(bound[0]["HostPort"])

    def invoke(self, event: object, *, timeout_s: float | None = None) -> Invocation:
        """Send one event, and return what came of it; see `Emulator`."""
        body = encode(event)
        if len(body) > REQUEST_LIMIT:
            return too_large(len(body))
        started = time.perf_counter()
        status, raw = self._post(body, timeout_s or self._timeout_s + _GRACE_S)
        return read_answer(status, raw, (time.perf_counter() - started) * 1000)

    def _post(self, body: bytes, timeout_s: float) -> tuple[int, bytes]:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while True:
            connection = http.client.HTTPConnection(_LOOPBACK, self._port, timeout=timeout_s)
            try:
                connection.request("POST", INVOCATIONS, body)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except ConnectionError as error:  # it isn't listening yet: an event taken is answered
                if time.monotonic() > give_up_at:
                    message = f"the function's container doesn't answer: {error}\n{self.log()}"
                    raise ContainerFailed(message) from error
                time.sleep(_POLL_S)
            finally:
                connection.close()

    def log(self) -> str:
        """Return everything that function and emulator printed so far, also after `stop`."""
        if self._final_log is not None:
            return self._final_log
        return b"".join(self._container.get_logs()).decode(errors="replace")

    def stop(self) -> None:
        """Remove the container; once stopped, stopping again does nothing."""
        if self._final_log is None:
            self._final_log = self.log()
            self._container.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
