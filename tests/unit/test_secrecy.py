"""No message, log line or metric holds what is in a record, and none holds a secret."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msk_client.errors import MskClientError, RecordTooLarge
from msk_client.ports import Outcome
from tests.unit.invoking import ENVIRON, KeptKafka, invoke

MARKER = "m4rk3r"
TEXTS = st.sampled_from([MARKER, f"{MARKER}\ud800", f"a\0{MARKER}", f"{MARKER}\n`", MARKER * 5_000])
SCALARS = TEXTS | st.integers() | st.none() | st.booleans() | st.floats()
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(TEXTS, SCALARS, max_size=2)
HEADER_VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.fixed_dictionaries({"base64": SCALARS})
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "value": VALUES,
        "value_base64": VALUES,
        "key": VALUES,
        "key_base64": VALUES,
        "headers": SCALARS
        | st.dictionaries(TEXTS, HEADER_VALUES, max_size=2)
        | st.lists(st.lists(HEADER_VALUES, max_size=3), max_size=2),
        "partition": VALUES,
        "timestamp": VALUES,
        "topic": VALUES,
        "error": VALUES,
    },
)


@given(st.lists(RECORDS | SCALARS, max_size=3) | SCALARS, st.sampled_from(["", "rejects"]))
@example([{"value": f"\ud800{MARKER}", "key": MARKER}], "")
def test_refusals_hold_no_record_content(records: object, broker: str) -> None:
    """Whatever is wrong with records, the failure's text repeats nothing of their contents."""
    kafka = KeptKafka()
    kafka.add_topic("orders")
    if broker and isinstance(records, list):
        kafka.outcomes = [Outcome("rejected", error=RecordTooLarge("too large"))] * len(records)
    event = {"action": "produce", "topic": "orders", "records": records}
    problem: object = None
    try:
        invoke(event, kafka)
    except MskClientError as caught:
        problem = caught
    assert MARKER not in str(problem)


SECRETS = [ENVIRON["AWS_SECRET_ACCESS_KEY"], ENVIRON["AWS_SESSION_TOKEN"]]
CONTENT: dict[str, Any] = {"key": MARKER, "value": MARKER, "headers": [[MARKER, MARKER]]}


@pytest.mark.parametrize(
    "event",
    [
        {"action": "produce", "topic": "orders", "records": [CONTENT], "stamp": True},
        {"action": "produce", "topic": "orders", "records": [CONTENT | {"partition": 9}]},
        {"action": "produce", "topic": "orders", "records": [CONTENT | {"timestamp": 0}]},
        {"action": "consume", "topic": "orders"},
        {"action": "consume", "topic": "orders", "format": "json"},
    ],
)
def test_the_log_holds_no_content(event: object, capsys: pytest.CaptureFixture[str]) -> None:
    """At the default level neither output nor error output holds content or secrets."""
    kafka = KeptKafka()
    kafka.add_topic("orders")
    invoke({"action": "produce", "topic": "orders", "records": [CONTENT]}, kafka)
    with suppress(MskClientError):
        invoke(event, kafka)
    written = "".join(capsys.readouterr())
    assert '"action":"produce"' in written
    assert not [text for text in [MARKER, *SECRETS] if text in written]
