"""Whatever is in a trigger's event, it works, fails as one of our classes, or gets a status."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from msk_client.errors import MskClientError
from tests.fake_s3 import FakeS3
from tests.fake_sqs import FakeSqs
from tests.unit.invoking import cluster, invoke_set

FOLDER = Path(__file__).parents[2] / "events" / "triggers"
EVENTS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
BATCHES = sorted(name for name in EVENTS if name.startswith("kafka"))
OTHERS = sorted(EVENTS.keys() - set(BATCHES))
SETTINGS = {"S3_EVENT_TOPIC": "orders", "SQS_TOPIC": "orders"}
MAPPING = {"OUTPUT_BUCKET": "my-bucket", "ESM_TARGET_TOPIC": "orders"}
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just("aws:sqs")
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Answer where in an event something stands."""
    inner: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


PLACES = {name: [place for place in places(event) if place] for name, event in EVENTS.items()}


@st.composite
def events(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Take one of these event files, and replace or remove something in it."""
    name = draw(st.sampled_from(names))
    event: dict[str, Any] = copy.deepcopy(EVENTS[name])
    for _ in range(draw(st.integers(1, 2))):
        *path, last = draw(st.sampled_from(PLACES[name]))
        holder: Any = event
        try:
            for key in path:
                holder = holder[key]
            if draw(st.booleans()):
                del holder[last]
            else:
                holder[last] = draw(JSON)
        except (KeyError, IndexError, TypeError):
            pass  # what was replaced before isn't there any more
    return event


@given(events(OTHERS), st.sampled_from(["record", "value", "action"]), st.booleans())
def test_any_event_of_a_trigger(event: dict[str, Any], body: str, partial: bool) -> None:  # noqa: FBT001 - drawn
    """A broken event is told as such, and an HTTP request is always answered."""
    settings = SETTINGS | {"SQS_BODY": body, "SQS_PARTIAL_RESPONSE": str(partial)}
    answer: dict[str, Any] = {}
    with suppress(MskClientError):
        answer = invoke_set(event, cluster(""), s3=FakeS3.of_events(), sqs=FakeSqs(), **settings)
    assert isinstance(answer.get("statusCode", 200), int)


@given(
    event=events(BATCHES),
    sink=st.sampled_from(["s3", "produce", "log"]),
    letters=st.sampled_from(["", "s3://my-bucket/dead"]),
    decode=st.sampled_from(["", "json"]),
)
def test_any_batch_of_a_mapping(event: Any, sink: str, letters: str, decode: str) -> None:  # noqa: ANN401
    """A broken batch is told as such; else every failure that is answered is of a record in it.

    Lambda would retry the whole batch for any other.
    """
    settings = MAPPING | {"ESM_SINK": sink, "ESM_DEAD_LETTER": letters, "ESM_DECODE": decode}
    answer: dict[str, Any] = {}
    with suppress(MskClientError):
        answer = invoke_set(
            event, cluster(""), s3=FakeS3(), sqs=FakeSqs(), ESM_PARTIAL_RESPONSE="true", **settings
        )
    named = [one["itemIdentifier"] for one in answer.get("batchItemFailures", [])]
    known = [
        {"partition": key, "offset": record["offset"]}
        for key, records in (event["records"].items() if named else ())
        for record in records
    ]
    assert all(one in known for one in named)
