"""The SAM CLI as a user runs it: built once, then `sam local` in one folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.image.conftest import Msk

ROOT = Path(__file__).parents[2]
CLI = ROOT / ".venv" / "sam" / "bin" / "sam"
FUNCTION = "Function"
HANDED_ON = ("KAFKA_", "ALLOWED_", "AWS_ENDPOINT_URL_")
_START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Sam:
    """A folder with a built template, and how to run the CLI in it."""

    folder: Path
    docker_address: str

    def build(self, template: dict[str, Any]) -> None:
        """Build the function's image as this template says; raises AssertionError."""
        path = self.folder / "template.json"
        path.write_text(json.dumps(template))
        done = self._run("build", FUNCTION, "-t", str(path), "--base-dir", str(ROOT))
        assert done.returncode == 0, done.stderr[-3000:]

    def invoke(self, msk: Msk, event: str, stdin: str = "") -> Any:  # noqa: ANN401 - JSON
        """`sam local invoke -e event`: the function's answer, or the error it ended with."""
        done = self._run(
            *("local", "invoke", FUNCTION, "--event", event, *self._options(msk)),
            stdin=stdin,
            environment=msk.environment,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    @contextmanager
    def start_lambda(self, msk: Msk) -> Iterator[str]:
        """`sam local start-lambda` with containers that stay: the address of its endpoint."""
        port = _free_port()
        with (self.folder / "start-lambda.log").open("w") as log:
            service = subprocess.Popen(
                [CLI, "local", "start-lambda", "--port", str(port), *self._options(msk),
                 "--warm-containers", "LAZY"],
                cwd=self.folder, env=self._environment(msk.environment),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
            try:
                _await_port(port, service)
                yield f"http://127.0.0.1:{port}"
            finally:
                service.send_signal(signal.SIGTERM)  # it then removes its containers
                try:
                    service.wait(timeout=60)
                finally:
                    service.kill()  # without effect on one that has ended

    def _options(self, msk: Msk) -> list[str]:
        """Variables that aren't credentials reach a container only through a file."""
        variables = self.folder / "variables.json"
        own = {k: v for k, v in msk.environment.items() if k.startswith(HANDED_ON)}
        variables.write_text(json.dumps({FUNCTION: own}))
        hosts = {msk.host: msk.address, **msk.others}
        named = [
            word for name, where in hosts.items() for word in ("--add-host", f"{name}:{where}")
        ]
        return ["--env-vars", str(variables), *named, "--skip-pull-image"]

    def _run(
        self, *arguments: str, stdin: str = "", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [CLI, *arguments],
            cwd=self.folder, env=self._environment(environment or {}), input=stdin,
            capture_output=True, text=True, check=False, timeout=280,
        )  # fmt: skip

    def _environment(self, credentials: Mapping[str, str]) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],  # noqa: TID251 - the machine's programs
            "HOME": str(self.folder),
            "DOCKER_HOST": self.docker_address,
            "SAM_CLI_TELEMETRY": "0",
            "AWS_DEFAULT_REGION": "us-east-1",
            # The CLI asks STS whose credentials these are, and goes on without an answer.
            "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
            "AWS_MAX_ATTEMPTS": "1",
            **{name: value for name, value in credentials.items() if name.startswith("AWS_")},
        }


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def _await_port(port: int, service: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + _START_TIMEOUT_S
    while service.poll() is None and time.monotonic() < give_up_at:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError("sam local start-lambda did not start")
