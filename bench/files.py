"""Files of a folder as objects of S3, on loopback: as little work as serving them can be.

moto would hold an object of a gigabyte in memory several times.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Objects(BaseHTTPRequestHandler):
    """GET and HEAD of `/bucket/file`."""

    protocol_version = "HTTP/1.1"

    def __init__(self, folder: Path, *arguments: Any) -> None:  # noqa: ANN401 - those of the server
        self._folder = folder
        super().__init__(*arguments)

    def do_HEAD(self) -> None:
        """Tell of an object."""
        self._answer(first=0)

    def do_GET(self) -> None:
        """Send an object, from a byte on where that is asked for."""
        first = int(self.headers.get("Range", "bytes=0-")[len("bytes=") :].rstrip("-"))
        path = self._answer(first)
        if path is not None:
            with path.open("rb") as file:
                self.connection.sendfile(file, first)

    def _answer(self, first: int) -> Path | None:
        path = self._folder / Path(self.path.partition("?")[0]).name
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        self.send_response(HTTPStatus.PARTIAL_CONTENT if first else HTTPStatus.OK)
        self.send_header("Content-Length", str(path.stat().st_size - first))
        self.send_header("ETag", f'"{path.stat().st_mtime_ns:x}"')
        self.end_headers()
        return path

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write no line for each request."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder's files while the `with` lasts; answers the endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Objects, folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
