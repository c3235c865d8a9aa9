"""What the documentation says of what comes in is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from msk_client import settings_input
from msk_client.settings import read
from msk_client.triggers import MARKS, may_be_of_a_service
from msk_client.triggers.services import TRIGGERS, http_event

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pipeline.md").read_text(encoding="utf-8")
FILES = sorted(path.name for path in (ROOT / "events" / "triggers").glob("*.json"))
HEADINGS = {
    "http": "### HTTP requests",
    "kafka_batch": "## Event source mapping",
    "s3": "### S3 calls the function",
    "sqs": "### SQS calls the function",
}


def section(heading: str) -> str:
    """The text below a heading, up to the next one of its level or above."""
    rest = PAGE[PAGE.index(f"\n{heading}\n") + len(heading) + 2 :]
    level = heading.partition(" ")[0]
    end = re.search(rf"^#{{2,{len(level)}}} ", rest, re.MULTILINE)
    return rest if end is None else rest[: end.start()]


def test_every_setting_is_documented() -> None:
    """The table of what comes in has each variable, and none that isn't one."""
    rows = re.findall(r"^\| `(\w+)` \|", section("### Settings of what comes in"), re.MULTILINE)
    assert list(settings_input.NAMES) == rows


def test_defaults_are_as_documented() -> None:
    """Where nothing is set, it is as the table says."""
    found = read({}).input
    assert ("record", False) == (found.sqs_body, found.sqs_partial_response)
    assert (None, None, ()) == (found.sqs_topic, found.continue_queue_url, found.rules)


@pytest.mark.parametrize("name", FILES)
def test_each_trigger_has_a_paragraph(name: str) -> None:
    """Each trigger's event file is named where it is described, with what it guarantees."""
    kind = next(kind for kind in HEADINGS if name.startswith(kind))
    text = section(HEADINGS[kind])
    assert f"events/triggers/{name}" in text
    assert re.search(r"\*\*(Guarantee|Delivery is at least once)", text)


@pytest.mark.parametrize("name", FILES)
def test_each_event_file_is_taken(name: str) -> None:
    """Each event file is what exactly one trigger recognises."""
    event = json.loads((ROOT / "events" / "triggers" / name).read_text())
    takers = [trigger.NAME for trigger in TRIGGERS if trigger.recognises(event)]
    assert 1 == len(takers) + http_event.recognises(event)
    assert may_be_of_a_service(event)


@pytest.mark.parametrize("name", FILES)
def test_no_event_is_taken_without_a_mark(name: str) -> None:
    """What has none of the marks is a plain action event for every trigger."""
    event = json.loads((ROOT / "events" / "triggers" / name).read_text())
    plain = {field: value for field, value in event.items() if field not in MARKS}
    assert not may_be_of_a_service(plain)
    assert not any(trigger.recognises(plain) for trigger in TRIGGERS)
    assert not http_event.recognises(plain)


@pytest.mark.parametrize(
    "heading", ["### S3 calls the function", "### SQS calls the function", "## Replay"]
)
def test_a_loop_is_warned_of(heading: str) -> None:
    """Where records could go round for ever, the page says so."""
    assert "**Loops:**" in section(heading)
