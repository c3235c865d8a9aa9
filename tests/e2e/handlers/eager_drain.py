"""The function with a drain that commits and bounds its memory often, to be killed in between."""

from __future__ import annotations

from msk_client import handler
from msk_client.actions.draining import drain

drain.COMMIT_EVERY_S = 0.1
drain.LOOK_EVERY = 200
drain.MEMORY_BYTES = 300_000
lambda_handler = handler.lambda_handler
