"""Events that errors show: of the action at hand, with the field that is spoken of. No I/O."""

from __future__ import annotations

import json
from typing import Any

ETAG = '"9bb58f26192e4ba00f01e2e7b136bbd8"'

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "consume": [{"topic": "my_topic", "from": "-1h", "max_records": 10}],
    "create_topic": [{"topic": "my_topic", "num_partitions": 3}],
    "list_topics": [{}],
    "ping": [{}],
    "produce": [
        {"topic": "my_topic", "records": [{"key": "k1", "value": "hello"}]},
        {
            "topic": "my_topic",
            "source": "s3://my-bucket/in/orders.ndjson",
            "resume": {"record": 1000, "etag": ETAG},
        },
    ],
    "replay": [
        {"source": "s3://my-bucket/dead/orders/", "topic": "my_topic"},
        {"source": {"topic": "my_dead_letters"}, "topic": "my_topic"},
    ],
    "test_filter": [
        {
            "filter_criteria": {"Filters": [{"Pattern": {"value": {"status": ["new"]}}}]},
            "records": [{"value": {"status": "new"}}],
        }
    ],
}
"""Fields beside the action; where several are shown of one, the first is the usual one."""


def example(action: str, path: str = "") -> str:
    """Write an event of an action that has what stands at a path, such as `resume.etag`."""
    known = EXAMPLES[action]
    fields = next((fields for fields in known if _has(fields, path)), known[0])
    return json.dumps({"action": action} | fields)


def _has(event: object, path: str) -> bool:
    for name in path.partition("[")[0].split("."):
        if not isinstance(event, dict) or name not in event:
            return False
        event = event[name]
    return True


EXAMPLE = example("produce")
"""Where no action is named yet."""
