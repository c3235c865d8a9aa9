"""How much memory a process took."""

from __future__ import annotations

import re
from pathlib import Path

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_kb(process: int | str = "self") -> int:
    """Return the most memory that a process had resident so far, in kB."""
    found = _PEAK.search(Path(f"/proc/{process}/status").read_text())
    if found is None:
        raise LookupError("this kernel doesn't tell a process's peak of resident memory")
    return int(found[1])
