"""The custom resource over HTTP: MSK's API and the presigned URL, both on loopback."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from msk_client.aws.custom_resource import on_event
from msk_client.errors import BrokerUnreachable
from msk_client.settings import settings
from tests.integration.conftest import Context
from tests.integration.msk_api import CLUSTER, MskApi, msk_api

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKERS = "boot-x.c2.kafka-serverless.us-east-1.amazonaws.com:9098"
COMMON = {"StackId": "arn:stack/x", "RequestId": "r-1", "LogicalResourceId": "Brokers"}
REMAINING_MS = 4_000


@dataclass
class PresignedUrl:
    """The place in S3 where CloudFormation waits: what was put there, and what it answers."""

    url: str
    statuses: list[int]
    puts: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)


@contextmanager
def presigned_url(*statuses: int) -> Iterator[PresignedUrl]:
    """Serve it; answers these statuses, then 200."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            place.puts.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(place.statuses.pop(0) if place.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/answer?X-Amz-Signature=s3cr3t%2F"
        place = PresignedUrl(url, list(statuses))
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield place
        server.shutdown()


@pytest.fixture(name="api")
def an_msk_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[MskApi]:
    """MSK's API, and an environment in which it is found."""
    with msk_api(BROKERS) as api:
        keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "a-secret-key"}
        for name, value in {**keys, "AWS_ENDPOINT_URL_KAFKA": api.url}.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        yield api
        settings.cache_clear()


def play(place: PresignedUrl, kind: str = "Create", cluster: str = CLUSTER) -> None:
    """Send CloudFormation's event."""
    properties = {"ServiceToken": "arn:function", "ClusterArn": cluster}
    event = {"RequestType": kind, "ResponseURL": place.url, "ResourceProperties": properties}
    on_event({**COMMON, **event}, Context(REMAINING_MS))


def test_the_answer_is_put(api: MskApi) -> None:
    """The brokers are put to the presigned URL as it is, without a content type."""
    with presigned_url() as place:
        play(place)
    ((path, headers, answer),) = place.puts
    assert path == "/answer?X-Amz-Signature=s3cr3t%2F"
    assert headers["Content-Type"] == ""
    data = {"BootstrapBrokers": BROKERS}
    done = {"Status": "SUCCESS", "PhysicalResourceId": CLUSTER, "Data": data}
    assert {**COMMON, **done} == answer
    assert 1 == len(api.asked)


def test_a_failure_is_put(api: MskApi) -> None:
    """What MSK's API says is put as the reason, in a form that CloudFormation takes."""
    api.refuse(400, "BadRequestException", "é" * 5_000)
    with presigned_url() as place:
        play(place)
    ((_, headers, answer),) = place.puts
    assert "FAILED" == answer["Status"]
    assert answer["Reason"].startswith(f"InvalidSetting: ClusterArn is {CLUSTER}, for which")
    assert 4_096 > int(headers["Content-Length"])


def test_a_delete_asks_nobody(api: MskApi) -> None:
    """A delete succeeds, also of a cluster that is gone, without a question."""
    api.refuse(404, "NotFoundException", "gone")
    with presigned_url() as place:
        play(place, "Delete")
    assert ["SUCCESS"] == [answer["Status"] for _, _, answer in place.puts]
    assert [] == api.asked


@pytest.mark.usefixtures("api")
def test_a_busy_place_is_asked_again() -> None:
    """A server error of the presigned URL is tried again."""
    with presigned_url(500, 503) as place:
        play(place, "Delete")
    assert 3 == len(place.puts)


@pytest.mark.usefixtures("api")
def test_a_refused_answer_is_raised() -> None:
    """An answer that can't be put is raised, so that Lambda calls again, without its signature."""
    with presigned_url(403) as place, pytest.raises(BrokerUnreachable) as caught:
        play(place, "Delete")
    assert "HTTP 403" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert 1 == len(place.puts)


@pytest.mark.usefixtures("api")
def test_an_unreachable_place_is_raised() -> None:
    """A presigned URL that can't be reached is tried until the time is up, and raised."""
    with presigned_url() as place:
        pass
    with pytest.raises(BrokerUnreachable, match="refused"):
        play(place, "Delete")
