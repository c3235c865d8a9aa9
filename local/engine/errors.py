"""Why there is no container engine.

EngineError
├── EngineMissing   none is there yet; `make engine` may help
├── EngineSilent    the one that was asked for doesn't answer
├── NeedMissing     this machine lacks something that our own engine needs; names it
└── EngineFailed    our own engine didn't start; carries the end of its log
"""


class EngineError(Exception):
    """There is no container engine to work with."""


class EngineMissing(EngineError):
    """Neither Docker nor our own engine runs on this machine."""


class EngineSilent(EngineError):
    """`DOCKER_HOST` names an engine that doesn't answer."""


class NeedMissing(EngineError):
    """A privilege, a program, disk space or a feature of the kernel is missing."""


class EngineFailed(EngineError):
    """The service ended or hung before it answered."""
