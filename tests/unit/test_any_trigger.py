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
EVENTS = {
    path.stem: json.loads(path.read_text())
    for path in sorted(FOLDER.glob("*.json"))
    if not path.stem.startswith("kafka")
}
SETTINGS = {"S3_EVENT_TOPIC": "orders", "SQS_TOPIC": "orders"}
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
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Take an event file, and replace or remove something in it."""
    name = draw(st.sampled_from(sorted(EVENTS)))
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


@given(events(), st.sampled_from(["record", "value", "action"]), st.booleans())
def test_any_event_of_a_trigger(event: dict[str, Any], body: str, partial: bool) -> None:  # noqa: FBT001 - drawn
    """A broken event is told as such, and an HTTP request is always answered."""
    settings = SETTINGS | {"SQS_BODY": body, "SQS_PARTIAL_RESPONSE": str(partial)}
    answer: dict[str, Any] = {}
    with suppress(MskClientError):
        answer = invoke_set(event, cluster(""), s3=FakeS3.of_events(), sqs=FakeSqs(), **settings)
    assert isinstance(answer.get("statusCode", 200), int)
