"""The function's container image, built on AWS's base or, where that can't be had, a stand-in."""

from local.image.base import AWS_BASE, base_image
from local.image.build import build_image
from local.image.errors import ImageFailed

__all__ = ["AWS_BASE", "ImageFailed", "base_image", "build_image"]
