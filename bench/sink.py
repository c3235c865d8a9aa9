"""An S3 that puts objects into a folder, on loopback: as little work as that can be."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 1024 * 1024


class _Put(BaseHTTPRequestHandler):
    """PUT of `/bucket/key`, where there is no such file yet."""

    protocol_version = "HTTP/1.1"

    def __init__(self, folder: Path, *arguments: Any) -> None:  # noqa: ANN401 - those of the server
        self._folder = folder
        super().__init__(*arguments)

    def do_PUT(self) -> None:
        """Write the body to a file; 412 where there is one."""
        path = self._folder / self.path.partition("?")[0].strip("/").replace("/", "|")
        left = int(self.headers["Content-Length"])
        try:
            with path.open("xb") as file:
                while left and (block := self.rfile.read(min(BLOCK, left))):
                    left -= file.write(block)
        except FileExistsError:
            self.close_connection = True
            self.send_error(HTTPStatus.PRECONDITION_FAILED)
            return
        self.send_response(HTTPStatus.OK)
        self.send_header("ETag", '"none"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Write nothing."""


@contextmanager
def sink(folder: Path) -> Iterator[str]:
    """Take objects into the folder while the `with` lasts; answers the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Put, folder)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
