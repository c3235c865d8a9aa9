"""Builds the function's image from the Dockerfile, as `sam build` does."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, ImageNotFound
from docker.models.images import Image
from docker.utils import exclude_paths

from local.image.errors import ImageFailed

NAME = "localhost/msk-lambda-client:latest"
ROOT = Path(__file__).resolve().parents[2]
_LAST_LINES = 15
_LABEL = "build.key"


def build_image(engine: docker.DockerClient, base: str, name: str = NAME) -> Image:
    """Build the function's image on this base; raises as `build` does."""
    return build(engine, ROOT, {"BASE_IMAGE": base}, name)


def build(
    engine: docker.DockerClient, folder: Path, arguments: Mapping[str, str], name: str
) -> Image:
    """Build the folder's Dockerfile, or return the image that it made from the same parts.

    Raises ImageFailed with the end of the build's log.
    """
    key = _key(engine, folder, arguments)
    with suppress(ImageNotFound):
        image = engine.images.get(name)
        if image.labels.get(_LABEL) == key:
            return image
    try:
        image, _ = engine.images.build(
            path=str(folder), buildargs=dict(arguments), labels={_LABEL: key}, tag=name, rm=True
        )
    except BuildError as error:
        raise ImageFailed(f"the build failed: {error}\n{_end(error.build_log)}") from error
    except APIError as error:
        raise ImageFailed(f"the engine refused the build: {error.explanation or error}") from error
    return image


def _key(engine: docker.DockerClient, folder: Path, arguments: Mapping[str, str]) -> str:
    """Return a hash of the files that the engine is sent, the arguments, and the base."""
    ignored = (folder / ".dockerignore").read_text(encoding="utf-8").splitlines()
    digest = hashlib.sha256(json.dumps(dict(arguments)).encode())
    with suppress(ImageNotFound):  # the engine fetches it
        digest.update(str(engine.images.get(arguments["BASE_IMAGE"]).id).encode())
    for name in sorted(exclude_paths(str(folder), ignored, dockerfile="Dockerfile")):
        path = folder / name
        if path.is_file():
            digest.update(f"{name}\0{path.stat().st_mode:o}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _end(log: Iterable[dict[str, str]]) -> str:
    lines = "".join(entry.get("stream", "") for entry in log).splitlines()
    return "\n".join(lines[-_LAST_LINES:])
