"""The container engine of this machine: Docker where it runs, else a podman of our own."""

from local.engine.errors import EngineError, EngineFailed, EngineMissing, EngineSilent, NeedMissing
from local.engine.find import connect, docker_host

__all__ = [
    "EngineError",
    "EngineFailed",
    "EngineMissing",
    "EngineSilent",
    "NeedMissing",
    "connect",
    "docker_host",
]
