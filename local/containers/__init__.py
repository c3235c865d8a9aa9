"""The local MSK and the function in containers, for machines that lack Java but have an engine."""

from local.containers.errors import ContainerFailed
from local.containers.function import ContainerFunction
from local.containers.images import function_image, msk_image
from local.containers.msk import ContainerMsk
from local.containers.network import open_network

__all__ = [
    "ContainerFailed",
    "ContainerFunction",
    "ContainerMsk",
    "function_image",
    "msk_image",
    "open_network",
]
