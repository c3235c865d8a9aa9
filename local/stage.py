"""Where the function meets a local MSK: processes of this machine, or containers without Java."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from local.engine import EngineError, docker_host
from local.lambda_runtime import Function, open_function
from local.msk import LocalMsk, ProgramMissing, start_msk


@dataclass(frozen=True)
class Stage:
    """A running cluster and a function that knows it."""

    bootstrap: str
    function: Function


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Start both, and end both; say so where it happens in containers.

    Raises MskError, of which ProgramMissing means that there is no engine either; with one,
    EngineError, ImageFailed and ContainerFailed.
    """
    msk = _processes()
    if isinstance(msk, ProgramMissing):
        print(f"{msk}. Going on in containers; building their images takes minutes, once.")
        with _containers() as stage:
            yield stage
        return
    with msk, open_function(msk.environment()) as function:
        yield Stage(msk.bootstrap, function)


def _processes() -> LocalMsk | ProgramMissing:
    """Start the cluster, or return what is missing for it where there is an engine instead."""
    try:
        return start_msk()
    except ProgramMissing as missing:
        try:
            docker_host()
        except EngineError:
            raise ProgramMissing(
                f"{missing}. Java and Maven (openjdk-17-jdk-headless, maven) aren't needed where a"
                " container engine runs: start Docker, or run `make engine`."
            ) from None
        return missing


@contextmanager
def _containers() -> Iterator[Stage]:
    # Only here, because a machine with Java has no use for them.
    from local.containers.function import ContainerFunction  # noqa: PLC0415
    from local.containers.images import function_image, msk_image  # noqa: PLC0415
    from local.containers.msk import ContainerMsk  # noqa: PLC0415
    from local.containers.network import open_network  # noqa: PLC0415

    images = msk_image(), function_image()
    with (
        open_network() as network,
        ContainerMsk(images[0], network) as msk,
        ContainerFunction(images[1], network, msk.environment()) as function,
    ):
        yield Stage(msk.bootstrap, function)
