"""Moto's server in a thread, behind a front.

moto looks for an object and writes it in two steps, so that two conditional writes at once can both
succeed (run); the front lets one request at a time to each path. It takes the whole body first, so
that a slow sender holds nobody up, and refuses one that was cut off.
"""

import io
import socket
from collections import defaultdict
from collections.abc import Callable, Iterable
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self, cast

from werkzeug.serving import WSGIRequestHandler, make_server

from local.aws import look
from local.aws.faults import Fault, Faults

_Environ = dict[str, Any]
_Start = Callable[..., Any]

_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
    "<Message>made on demand</Message></Error>"
)


class LocalAws:
    """Running S3 and SQS; a context manager that stops them. Nothing outlives the process."""

    url: str
    """Where they answer."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._front = _Front()
        self._server = make_server(
            host, port, self._front, threaded=True, request_handler=_QuietHandler
        )
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a function, and every AWS SDK, here."""
        return {"AWS_ENDPOINT_URL_S3": self.url, "AWS_ENDPOINT_URL_SQS": self.url}

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        """Make a boto3 client: the tests' own hands."""
        return look.client(service, self.url)

    def set_faults(self, *faults: Fault) -> None:
        """Let requests meet these faults from now on, and no others."""
        self._front.faults.set(*faults)

    def stop(self) -> None:
        """End the server; answers that are delayed come at once."""
        self._front.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_aws(host: str = "127.0.0.1", port: int = 0) -> LocalAws:
    """Start the services; port 0 is any free one."""
    return LocalAws(host, port)


class _Front:
    def __init__(self) -> None:
        from moto.moto_server import werkzeug_app as moto  # noqa: PLC0415 - takes a second

        self.faults = Faults()
        self.over = Event()
        self._moto = moto.DomainDispatcherApplication(moto.create_backend_app)
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def __call__(self, environ: _Environ, start: _Start) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        if len(body) < length:
            return _answer(start, 400, "IncompleteBody")
        if length:
            environ["wsgi.input"] = io.BytesIO(body)
        fault = self.faults.meet(environ)
        if fault is None:
            return self._serve(environ, start)
        return self._fail(fault, environ, start)

    def _serve(self, environ: _Environ, start: _Start) -> list[bytes]:
        with self._locks[environ["PATH_INFO"]]:
            return list(self._moto(environ, start))

    def _fail(self, fault: Fault, environ: _Environ, start: _Start) -> Iterable[bytes]:
        self.over.wait(fault.delay_s)
        if fault.status == 0 and not fault.cut:
            return self._serve(environ, start)
        if fault.done:
            self._serve(environ, lambda *_: None)
        if fault.cut:
            connection = cast("socket.socket", environ["werkzeug.socket"])
            connection.shutdown(socket.SHUT_RDWR)
        return _answer(start, fault.status or 500, fault.code)


def _answer(start: _Start, status: int, code: str) -> Iterable[bytes]:
    start(f"{status} {code}", [("Content-Type", "application/xml")])
    return [_ERROR.format(code=code).encode()]


class _QuietHandler(WSGIRequestHandler):
    """Writes no line for each request."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Write nothing."""
