"""Why there is no container."""


class ContainerFailed(RuntimeError):
    """A container ended or hung before it was ready; carries the end of its log."""
