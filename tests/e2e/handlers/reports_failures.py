"""A handler as many are written: it reports records that it can't use, and keeps the others."""

from __future__ import annotations

import base64
from typing import Any


def lambda_handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    """Answer the coordinates of the records whose value is `bad`, printing the others."""
    failures = []
    for key, records in event["records"].items():
        for record in records:
            if base64.b64decode(record["value"]) == b"bad":
                item = {"partition": key, "offset": record["offset"]}
                failures.append({"itemIdentifier": item})
            else:
                print(f"kept {key} {record['offset']}", flush=True)  # noqa: T201 - Lambda's log
    return {"batchItemFailures": failures}
