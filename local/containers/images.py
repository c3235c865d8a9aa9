"""The two images, built where they are needed; what didn't change is taken again."""

import os
from contextlib import closing
from pathlib import Path

import docker

from local.engine import connect
from local.image import base_image, build_image
from local.image.base import why_not
from local.image.build import build
from local.image.standin import stand_in

DEBIAN = "debian:trixie-slim"
MSK_NAME = "localhost/local-msk:latest"
_MSK_FOLDER = Path(__file__).resolve().parents[1] / "msk"


def msk_image() -> str:
    """Return the name of the local MSK's image; the first build takes minutes.

    Its base is `MSK_BASE_IMAGE`, else Debian, else the stand-in for AWS's base, which is one too.
    Raises EngineError, and ImageFailed with the end of the build's log.
    """
    with closing(connect()) as engine:
        arguments = {"BASE_IMAGE": _msk_base(engine)}
        build(engine, _MSK_FOLDER, arguments, MSK_NAME)
    return MSK_NAME


def _msk_base(engine: docker.DockerClient) -> str:
    wanted = os.environ.get("MSK_BASE_IMAGE")  # noqa: TID251 - the developer's choice
    if wanted:
        return wanted
    return DEBIAN if why_not(engine, DEBIAN) is None else stand_in(engine)


def function_image() -> str:
    """Return the id of the function's image; raises as `msk_image` does."""
    with closing(connect()) as engine:
        return str(build_image(engine, base_image(engine)).id)
