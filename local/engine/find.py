"""Which engine this machine has; a Docker that runs always comes before our own."""

import os
import socket

import docker
from docker.context import ContextAPI
from docker.errors import DockerException

from local.engine.errors import EngineMissing, EngineSilent
from local.engine.places import socket_path

_ANSWER_TIMEOUT_S = 10
_CALL_TIMEOUT_S = 600  # a build answers when it is done


def docker_host() -> str:
    """Return the address of the engine, in the form of `DOCKER_HOST`.

    In this order: `DOCKER_HOST`, the Docker CLI's current context (by default
    /var/run/docker.sock), the engine of `make engine`. Raises EngineSilent where `DOCKER_HOST`
    is set and doesn't answer, EngineMissing where there is none at all.
    """
    wanted = os.environ.get("DOCKER_HOST")  # noqa: TID251 - Docker's own setting
    if wanted:
        if not answers(wanted):
            raise EngineSilent(f"DOCKER_HOST is {wanted}, but no container engine answers there.")
        return wanted
    for host in (_docker_context(), f"unix://{socket_path()}"):
        if host and answers(host):
            return host
    raise EngineMissing(
        f"no container engine runs here{_forbidden()}: start Docker, or run `make engine`."
    )


def connect() -> docker.DockerClient:
    """Return a client of the engine; raises as `docker_host` does."""
    return client(docker_host())


def answers(host: str) -> bool:
    """Whether an engine is listening at this address."""
    if not _listens(host):
        return False
    try:
        engine = client(host, _ANSWER_TIMEOUT_S)
    except DockerException:
        return False
    try:
        return bool(engine.ping())
    except (DockerException, OSError):
        return False
    finally:
        engine.close()


def client(host: str, timeout_s: int = _CALL_TIMEOUT_S) -> docker.DockerClient:
    """Return a client of the engine at this address; whether it answers shows at the first call."""
    # The rest of Docker's variables (TLS) hold for this address too.
    environment = {**os.environ, "DOCKER_HOST": host}  # noqa: TID251 - Docker's own settings
    return docker.from_env(timeout=timeout_s, environment=environment)


def _listens(host: str) -> bool:
    """Whether a local socket is in use; the client would leave one open that isn't."""
    kind, _, path = host.partition("://")
    if kind != "unix":
        return True
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.connect(path)
        except OSError:
            return False
    return True


def _forbidden() -> str:
    """Say where there is an engine that this user may not use."""
    _, _, path = (_docker_context() or "").partition("unix://")
    if path and os.path.exists(path) and not os.access(path, os.W_OK):  # noqa: PTH110 - raises nothing
        return f" for this user, who may not write to {path} (Docker's group may)"
    return ""


def _docker_context() -> str | None:
    try:
        context = ContextAPI.get_current_context()
    except (DockerException, OSError, ValueError):  # its files are the user's
        return None
    return str(context.Host) if context else None
