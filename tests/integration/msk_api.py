"""MSK's own API on loopback: the one call that looks a cluster's brokers up."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/local-msk/5c6f2a1e-7d3b-4e0a-9b52-0d1f-s1"


@dataclass
class MskApi:
    """What it answers, and what it was asked: a path and the header `Authorization`."""

    url: str
    answer: Mapping[str, str]
    status: int = 200
    error: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """Make the variables of a function that knows only the cluster's ARN."""
        known = {"KAFKA_ENDPOINT": "", "MSK_CLUSTER_ARN": CLUSTER}
        return {**known, "AWS_ENDPOINT_URL_KAFKA": self.url}

    def refuse(self, status: int, error: str, message: str) -> None:
        """Answer an error from now on."""
        self.status, self.error, self.answer = status, error, {"message": message}


@contextmanager
def msk_api(brokers: str) -> Iterator[MskApi]:
    """Serve the API for a cluster with these brokers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.asked.append((self.path, self.headers.get("Authorization", "")))
            known = self.path == f"/v1/clusters/{quote(CLUSTER, safe='')}/bootstrap-brokers"
            text = json.dumps(api.answer if known else {"message": "no such cluster"}).encode()
            self.send_response(api.status if known else 404)
            self.send_header("x-amzn-ErrorType", api.error if known else "NotFoundException")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        api = MskApi(url, {"bootstrapBrokerStringSaslIam": brokers})
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield api
        server.shutdown()
