"""The function, letting only a few records be on their way at once, so that its time runs out."""

from msk_client.actions.sourcing import lines
from msk_client.handler import lambda_handler
from msk_client.kafka import window

__all__ = ["lambda_handler"]

vars(window)["PLACES"] = 64
vars(lines)["BATCH"] = 16
