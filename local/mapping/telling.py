"""Shows what came of each invocation, and what the function logged meanwhile."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.lambda_runtime import Function, Invocation
    from local.mapping.command import Log

PROBLEMS = ("WARNING", "ERROR", "CRITICAL")


class Telling:
    """The mapping's function, with somebody who watches."""

    def __init__(self, function: Function, log: Log) -> None:
        self._function = function
        self._log = log
        self._seen = len(function.log())

    def invoke(self, event: object) -> Invocation:
        """See the mapping's function."""
        invocation = self._function.invoke(event)
        told = invocation.raw.decode(errors="replace")
        if invocation.error_type is not None:
            told = f"{invocation.error_type}: {invocation.error_message}"
        for line in self._new_lines():
            if is_shown(line, self._log):
                say(f"    log    {line}")
        say(f"{invocation.duration_ms:6.0f} ms  {told}")
        return invocation

    def _new_lines(self) -> Iterator[str]:
        """Take whole lines; the beginning of one waits for its end."""
        text = self._function.log()
        end = text.rfind("\n") + 1
        new, self._seen = text[self._seen : end], max(self._seen, end)
        return iter(new.splitlines())


def is_shown(line: str, log: Log) -> bool:
    """Tell whether somebody wants to see a line; what isn't one of ours tells of trouble."""
    if log == "none" or not line:
        return False
    try:
        parsed = json.loads(line)
    except ValueError:
        return True
    if not isinstance(parsed, dict):
        return True
    return "_aws" not in parsed and (log == "all" or parsed.get("level") in PROBLEMS)


def say(line: str) -> None:
    """Tell the person at the terminal."""
    print(line, file=sys.stderr, flush=True)
