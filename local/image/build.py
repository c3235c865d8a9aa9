"""Builds the function's image from the Dockerfile, as `sam build` does."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import docker
from docker.errors import APIError, BuildError
from docker.models.images import Image

from local.image.errors import ImageFailed

NAME = "localhost/msk-lambda-client:latest"
ROOT = Path(__file__).resolve().parents[2]
_LAST_LINES = 15


def build_image(engine: docker.DockerClient, base: str, name: str = NAME) -> Image:
    """Build the function's image on this base; raises as `build` does."""
    return build(engine, ROOT, {"BASE_IMAGE": base}, name)


def build(
    engine: docker.DockerClient, folder: Path, arguments: Mapping[str, str], name: str
) -> Image:
    """Build the folder's Dockerfile, and return the image; what didn't change is taken again.

    Raises ImageFailed with the end of the build's log.
    """
    try:
        image, _ = engine.images.build(
            path=str(folder), buildargs=dict(arguments), tag=name, rm=True
        )
    except BuildError as error:
        raise ImageFailed(f"the build failed: {error}\n{_end(error.build_log)}") from error
    except APIError as error:
        raise ImageFailed(f"the engine refused the build: {error.explanation or error}") from error
    return image


def _end(log: Iterable[dict[str, str]]) -> str:
    lines = "".join(entry.get("stream", "") for entry in log).splitlines()
    return "\n".join(lines[-_LAST_LINES:])
