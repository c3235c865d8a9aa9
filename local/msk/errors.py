"""Why there is no cluster.

MskError
├── ProgramMissing   Java 17 or Maven isn't there; says how to get it
├── BuildFailed      Maven could not build the plugins; carries the end of what it printed
└── StartFailed      a node didn't come up; carries the end of its log
    └── PortTaken    somebody else took a port between its choice and its use
"""

ONLY_HERE = (
    "`make msk` and `make invoke` need it on this machine; `make demo` and `make test` go on in"
    " containers where an engine runs (make engine)"
)
"""What to say where a program is missing for something that has no way in containers."""


class MskError(Exception):
    """The cluster could not be built or started."""


class ProgramMissing(MskError):
    """A program that has to be installed first is missing or too old."""


class BuildFailed(MskError):
    """Maven could not build the plugins."""


class StartFailed(MskError):
    """A node ended or hung before it was ready."""


class PortTaken(StartFailed):
    """A port was free when it was chosen and isn't any more."""
