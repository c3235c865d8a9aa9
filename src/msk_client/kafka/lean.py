"""Imports confluent_kafka without asyncio, by which a cold start is some 25 ms shorter.

Only its (de)serializing clients use asyncio, and this function has none of them; but their module
is imported with the package. While that happens a stand-in takes asyncio's place. Whoever asks the
stand-in for something gets the real one's, so nothing breaks; a version for which it isn't enough
is imported plainly.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from types import ModuleType

ASYNCIO = "asyncio"
LIBRARY = "confluent_kafka"


class StandIn(ModuleType):
    """Imports the module that it stands for when something of it is used."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)  # an import that looks for a package finds none, and fails
        if sys.modules.get(ASYNCIO) is self:
            del sys.modules[ASYNCIO]
        return getattr(importlib.import_module(ASYNCIO), name)


def import_library() -> ModuleType:
    """Import confluent_kafka; this must come before anything else does."""
    if ASYNCIO not in sys.modules:
        stand_in = sys.modules[ASYNCIO] = StandIn(ASYNCIO)
        with suppress(ImportError):  # then the import below is a plain one
            importlib.import_module(LIBRARY)
        if sys.modules.get(ASYNCIO) is stand_in:
            del sys.modules[ASYNCIO]
    return importlib.import_module(LIBRARY)


library = import_library()
