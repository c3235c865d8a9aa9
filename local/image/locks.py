"""Single packages out of a lock file, with their hashes."""

import re
from collections.abc import Collection
from pathlib import Path

_ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==\S+.*(?:\n +.*)*", re.MULTILINE)


def entries(lock: Path, names: Collection[str]) -> str:
    """Return the lock's lines for these packages; KeyError names one that it doesn't pin."""
    found = {match[1]: match[0] for match in _ENTRY.finditer(lock.read_text())}
    return "\n".join(found[name] for name in names) + "\n"
