"""Dead letters: what is kept of a record that has no place where it should go. No I/O.

One JSON object for each record, with the reason why. Replay reads them; their shape is documented
in docs/pipeline.md.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msk_client.errors import MskClientError

VERSION = 1
CONTENT_TYPE = "application/x-ndjson"


def written(
    shown: Mapping[str, Any], reason: MskClientError, source_arn: str | None, servers: str
) -> str:
    """Write a letter; the same record and reason give the same text.

    `shown` is `record` in its JSON form, or `event_record` as a broken event has it; `servers` are
    the cluster's, separated by commas.
    """
    content = {
        "dead_letter": VERSION,
        "error": type(reason).__name__,
        "reason": str(reason),
        "event_source_arn": source_arn,
        "bootstrap_servers": servers,
        **shown,
    }
    return json.dumps(content, separators=(",", ":"))  # ASCII: SQS refuses some characters


def headers(topic: str) -> dict[str, Any]:
    """Say in an object's metadata what it is, so that nobody sends letters as if they were records.

    The fields of PutObject.
    """
    metadata = {"format": "dead-letters", "schema-version": str(VERSION), "topic": topic}
    return {"ContentType": CONTENT_TYPE, "Metadata": metadata}
