"""The checkout as an archive, to be tested somewhere else."""

import io
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_MADE_HERE = frozenset(
    {
        ".git",
        ".venv",
        ".hypothesis",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".aws-sam",
        "__pycache__",
        "target",
    }
)


def archive(root: Path = ROOT) -> bytes:
    """Return a tar of the files as they are now, without what was built or installed here."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(root, arcname=".", filter=_source)
    return buffer.getvalue()


def _source(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if Path(member.name).name in _MADE_HERE:
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
