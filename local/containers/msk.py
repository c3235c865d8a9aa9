"""The local MSK in a container, as its neighbours in the network reach it."""

import json
import time
from typing import Self

from docker.errors import APIError
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network

from local.containers.errors import ContainerFailed
from local.containers.network import container

HOST = "msk"
_EXPORT = "/run/local-msk"
_TIMEOUT_S = 120.0
_POLL_S = 0.1
_SHOWN = 4000


class ContainerMsk:
    """A running cluster; a context manager that removes it. Raises ContainerFailed."""

    bootstrap: str
    """The address that the neighbours use: `msk:9098`."""

    def __init__(self, image: str, network: Network | None = None) -> None:
        """Start it, and wait until it is ready; its network is the engine's own by default."""
        self._container = container(image, network, HOST)
        self._container.start()
        try:
            self._environment = self._await_environment()
        except BaseException:
            self.stop()
            raise
        self.bootstrap = self._environment["KAFKA_ENDPOINT"]

    def environment(self) -> dict[str, str]:
        """Return the environment of a function in the same network.

        The certificate comes as text, so that no file has to be brought into its container.
        """
        variables = dict(self._environment)
        certificate = _read(self._container, variables.pop("KAFKA_CA_FILE"))
        return variables | {"KAFKA_CLIENT_OPTIONS": json.dumps({"ssl.ca.pem": certificate})}

    def address(self) -> str:
        """Return its address in its network; where names don't lead, it must be given `HOST`."""
        self._container.reload()
        networks = self._container.get_wrapped_container().attrs["NetworkSettings"]["Networks"]
        (found,) = (str(network["IPAddress"]) for network in networks.values())
        return found

    def _await_environment(self) -> dict[str, str]:
        """Wait for the file that `python -m local.msk --export` writes when all is ready."""
        give_up_at = time.monotonic() + _TIMEOUT_S
        while (text := _read(self._container, f"{_EXPORT}/environment.json")) is None:
            self._container.reload()
            if self._container.status != "running":
                raise ContainerFailed(f"the local MSK's container ended:\n{self.log()[-_SHOWN:]}")
            if time.monotonic() > give_up_at:
                raise ContainerFailed(
                    f"the local MSK isn't ready after {_TIMEOUT_S:.0f} s:\n{self.log()[-_SHOWN:]}"
                )
            time.sleep(_POLL_S)
        variables: dict[str, str] = json.loads(text)
        return variables

    def log(self) -> str:
        """Return everything that it printed so far."""
        return b"".join(self._container.get_logs()).decode(errors="replace")

    def stop(self) -> None:
        """Remove the container with everything in it."""
        self._container.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _read(running: DockerContainer, path: str) -> str | None:
    """Return a text file of the container; None where there is none, or it has ended."""
    try:
        code, output = running.exec(["cat", path])
    except APIError:
        return None
    return output.decode() if code == 0 else None
