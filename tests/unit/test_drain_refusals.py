"""What doesn't go with a destination is refused, named, before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest

from msk_client.errors import InvalidSetting
from tests.unit.invoking import KeptKafka, body, cluster, invoke, refusal

EXPORT = {"action": "consume", "topic": "orders", "destination": "s3://my-bucket/lake"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"max_records": 5}, "Field 'max_records' doesn't go with 'destination'"),
        ({"max_bytes": 5000}, "Field 'max_bytes' doesn't go with 'destination'"),
        ({"wait_ms": 5}, "Field 'wait_ms' doesn't go with 'destination'"),
        ({"destination": False}, "Field 'destination' is false"),
        ({"group": "g", "from": "beginning"}, "Field 'from' doesn't go with 'destination' and"),
        ({"group": "g", "from": {"tail": 3}}, "Field 'from' doesn't go with 'destination' and"),
        ({"group": "g", "commit": False}, "Leave out 'commit' to drain, or 'group' to export a"),
        ({"commit": True}, "'commit' is true, which needs 'group'"),
        ({"from": "committed"}, "'from' is 'committed', which needs 'group'"),
        ({"destination": "my-bucket"}, "Field 'destination' is 'my-bucket': give s3://"),
        ({"destination": {"url": "s3://x"}}, "'destination.url' is unknown: did you mean 'uri'?"),
        ({"destination": {"object_bytes": 0}}, "'destination.object_bytes'"),
        ({"destination": {"columns": []}}, "'destination.columns'"),
        ({"destination": 5}, "Field 'destination' is wrong"),
        (
            {"destination": {"uri": "s3://my-bucket", "format": "raw"}, "format": "json"},
            "'json' goes with ndjson",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(fields: dict[str, Any], message: str) -> None:
    """The message names the field, and says why or what to do."""
    assert message in refusal(EXPORT | fields)


def test_true_needs_a_bucket() -> None:
    """`true` without a bucket in the settings names the setting."""
    kafka = KeptKafka()
    with pytest.raises(InvalidSetting, match="OUTPUT_BUCKET is not set"):
        invoke(EXPORT | {"destination": True}, kafka)
    assert kafka.calls == []


def test_an_export_may_say_that_it_commits_nothing() -> None:
    """Without a group there is no bookmark that could move."""
    assert "committed" not in body(EXPORT | {"commit": False}, cluster("r"))


@pytest.mark.parametrize("fields", [{"commit": True}, {"from": "committed"}, {"partitions": [0]}])
def test_what_goes_without_saying_may_be_said(fields: dict[str, Any]) -> None:
    """A drain takes `commit`, its own start, and a choice of partitions."""
    assert body(EXPORT | {"group": "g"} | fields, cluster("r"))["committed"]
