"""The function with a drain with small objects and commits in between, to be killed before them."""

from __future__ import annotations

from msk_client import handler
from msk_client.actions.draining import drain
from msk_client.s3 import content

drain.COMMIT_EVERY_S = 1.0
content.CHUNK_BYTES = 20_000
drain.MEMORY_BYTES = 300_000
lambda_handler = handler.lambda_handler
