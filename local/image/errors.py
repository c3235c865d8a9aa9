"""What can go wrong with images."""


class ImageFailed(Exception):
    """An image could not be made; says which step failed and ends with its last words."""
