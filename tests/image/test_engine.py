"""Which container engine is used, and that our own comes and goes without a trace."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.engine import find, needs
from local.engine.errors import EngineMissing, NeedMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SYSTEM_SETTINGS = Path("/etc/containers")


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """An environment in which there is no engine: neither ours nor the user's Docker."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DOCKER_")}  # noqa: TID251
    _use_context(tmp_path / "docker", tmp_path / "nothing.sock")
    return kept | {"XDG_DATA_HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path / "docker")}


def run(what: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the engine's command as make does; whoever reads its output must not wait for ever."""
    return subprocess.run(
        [sys.executable, "-m", "local.engine", what],
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


def test_without_an_engine(places: dict[str, str]) -> None:
    """Where there is none, the way to get one is named."""
    done = run("host", places)
    assert done.returncode == 1
    assert "`make engine`" in done.stderr


def test_an_engine_that_this_user_may_not_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A Docker whose socket is closed to this user is named, so that nobody looks for its fault."""
    closed = tmp_path / "closed.sock"
    closed.touch()
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(find, "_docker_context", lambda: f"unix://{closed}")
    monkeypatch.setattr(find, "socket_path", lambda: tmp_path / "none.sock")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(EngineMissing, match=rf"who may not write to {closed}.*make engine"):
        find.docker_host()


def test_an_engine_that_was_asked_for_must_answer(places: dict[str, str]) -> None:
    """A DOCKER_HOST where nothing answers is an error, not a reason to take another engine."""
    done = run("start", places | {"DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    assert done.returncode == 1
    assert "DOCKER_HOST is unix:///nonexistent/docker.sock" in done.stderr


@pytest.mark.parametrize("by", ["variable", "context"])
def test_a_docker_that_is_there_is_taken(places: dict[str, str], by: str, tmp_path: Path) -> None:
    """A Docker named by variable or by its own context is used, and nothing else is set up."""
    path = tmp_path / "other.sock"
    if by == "variable":
        places["DOCKER_HOST"] = f"unix://{path}"
    else:
        _use_context(tmp_path / "docker", path)
    with _answering(path):
        done = run("start", places)
    assert (done.returncode, done.stdout.strip()) == (0, f"unix://{path}"), done.stderr
    assert not (tmp_path / "msk-lambda-client").exists()


@pytest.fixture
def own(places: dict[str, str]) -> Iterator[dict[str, str]]:
    """An environment in which our own engine can be started, and is stopped in the end."""
    try:
        needs.check(Path(places["XDG_DATA_HOME"]))
    except NeedMissing as lacking:
        pytest.skip(str(lacking))
    yield places
    run("stop", places)


def test_our_own_comes_and_goes(own: dict[str, str]) -> None:
    """`start` starts one service, once; `stop` ends it; the system's settings stay as they are."""
    first = run("start", own)
    assert first.returncode == 0, first.stderr
    before = _settings()
    again = run("start", own)
    assert again.stdout == first.stdout
    assert len(_services(first.stdout.strip())) == 1
    assert "stopped" in run("stop", own).stderr
    assert _services(first.stdout.strip()) == []
    assert run("host", own).returncode == 1
    assert _settings() == before
    shutil.rmtree(own["XDG_DATA_HOME"])  # a mount would be busy


def test_our_own_comes_back_after_a_crash(own: dict[str, str]) -> None:
    """A service that was killed, and left socket and process id behind, is started again."""
    address = run("start", own).stdout.strip()
    (killed,) = _services(address)
    os.kill(killed, signal.SIGKILL)
    while killed in _services(address):
        time.sleep(0.01)
    assert run("host", own).returncode == 1
    assert run("start", own).stdout.strip() == address
    (new,) = _services(address)
    assert new != killed


def _settings() -> dict[str, bytes]:
    files = (path for path in SYSTEM_SETTINGS.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def _services(address: str) -> list[int]:
    """Find the processes that serve this address."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            if address.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def _use_context(config: Path, path: Path) -> None:
    """Write what `docker context use elsewhere` writes."""
    meta = config / "contexts" / "meta" / hashlib.sha256(b"elsewhere").hexdigest()
    meta.mkdir(parents=True, exist_ok=True)
    endpoint = {"Host": f"unix://{path}", "SkipTLSVerify": False}
    context = {"Name": "elsewhere", "Metadata": {}, "Endpoints": {"docker": endpoint}}
    (meta / "meta.json").write_text(json.dumps(context))
    (config / "config.json").write_text(json.dumps({"currentContext": "elsewhere"}))


class _Answers(http.server.BaseHTTPRequestHandler):
    """As much of Docker's API as says that a Docker is there."""

    def do_GET(self) -> None:
        body = b'{"ApiVersion": "1.43"}' if self.path.endswith("/version") else b"OK"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "a local socket"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _answering(path: Path) -> Iterator[None]:
    with socketserver.ThreadingUnixStreamServer(str(path), _Answers) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
