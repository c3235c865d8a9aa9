"""Which base image the function is built on, here."""

import os
import sys
from contextlib import suppress

import docker
from docker.errors import APIError, ImageNotFound

from local.image.standin import stand_in

AWS_BASE = "public.ecr.aws/lambda/python:3.13"
_WARNING = """\
******************************************************************************************
* {aws} can't be had here:
*   {why}
* The image is built on a STAND-IN: {name}
* It is Debian with AWS's runtime client and emulator, NOT what Lambda runs. Never deploy it.
******************************************************************************************"""


def base_image(engine: docker.DockerClient) -> str:
    """Return the base to build on: `BASE_IMAGE`, else AWS's, else the stand-in with a loud word.

    Raises ImageFailed or NeedMissing where the stand-in is needed and can't be made.
    """
    wanted = os.environ.get("BASE_IMAGE")  # noqa: TID251 - the developer's choice
    if wanted:
        return wanted
    why = why_not(engine, AWS_BASE)
    if why is None:
        return AWS_BASE
    name = stand_in(engine)
    print(_WARNING.format(aws=AWS_BASE, why=why, name=name), file=sys.stderr)
    return name


def why_not(engine: docker.DockerClient, image: str) -> str | None:
    """Return why the engine can't have this image; None where it has it, now at the latest."""
    with suppress(ImageNotFound):
        engine.images.get(image)
        return None
    try:
        said = list(engine.api.pull(image, stream=True, decode=True))
    except APIError as error:
        return _short(str(error.explanation or error))
    # An engine may answer 200 and tell the failure at the end.
    return next((_short(line["error"]) for line in said if "error" in line), None)


def _short(words: str) -> str:
    return words.strip().splitlines()[-1][-300:]
