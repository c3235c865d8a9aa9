"""What the function's layers add to the base, and what in them is large."""

import tarfile
import tempfile
from collections import Counter

import docker
from docker.models.images import Image

_SHOWN = 10
_MB = 1_000_000


def report(engine: docker.DockerClient, image: Image, base: str) -> str:
    """Return the text that tells a person how large the image is and why."""
    parts = sizes(task_files(engine, image)).most_common(_SHOWN)
    lines = [
        f"{base} has {_mb(engine.images.get(base).attrs['Size'])}",
        f"our layers add {_mb(added_bytes(engine, image, base))}; the largest parts:",
        *(f"{_mb(size)}  {name}" for name, size in parts),
    ]
    return "\n".join(lines)


def added_bytes(engine: docker.DockerClient, image: Image, base: str) -> int:
    """Return the bytes, uncompressed, that the image has beyond its base."""
    return int(image.attrs["Size"]) - int(engine.images.get(base).attrs["Size"])


def task_files(engine: docker.DockerClient, image: Image) -> dict[str, tarfile.TarInfo]:
    """Return all that is in the function's folder: path in it -> size, mode and so on."""
    container = engine.containers.create(image)
    try:
        chunks, _ = container.get_archive("/var/task")
        with tempfile.TemporaryFile() as file:
            file.writelines(chunks)
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                members = archive.getmembers()
    finally:
        container.remove()
    return {member.name.partition("/")[2]: member for member in members}


def sizes(files: dict[str, tarfile.TarInfo]) -> Counter[str]:
    """Return the bytes of each package; `x.libs` are libraries that the package x brings."""
    found: Counter[str] = Counter()
    for path, member in files.items():
        found[path.partition("/")[0].removesuffix(".libs")] += member.size
    return found


def _mb(size: int) -> str:
    return f"{size / _MB:6.1f} MB"
