"""Lambda's event source mapping for Kafka, on this machine: see `Poller`."""

from local.mapping.options import Options
from local.mapping.poller import Poller

__all__ = ["Options", "Poller"]
