"""The documentation is true: what it shows and names is there, and what is there it names."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import msgspec.inspect
import pytest

from msk_client import errors, settings
from msk_client.actions import ACTIONS
from msk_client.client_options import OUR_PROPERTIES
from msk_client.records import RecordInput
from tests.fake_s3 import FakeS3
from tests.unit.invoking import KeptKafka, invoke

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OPERATIONS = ROOT / "docs" / "operations.md"
README = ROOT / "README.md"
DOCS = [
    README,
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "local").glob("*/README.md")),
]
FILES = {path.name: json.loads(path.read_bytes()) for path in (ROOT / "events").glob("*.json")}
EVENTS = {name: event for name, event in FILES.items() if "action" in event}
ENVELOPES = {name: event for name, event in FILES.items() if "action" not in event}

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]+\]\((?P<path>[^)#\s]*)(?:#(?P<anchor>[^)]*))?\)")
TARGET = re.compile(r"\bmake (?P<name>[a-z][a-z0-9-]*)")
EVENT_FILE = re.compile(r"events/(?P<name>\w+\.json)")
CODE = re.compile(r"`([^`\n]+)`")

each_page = pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.relative_to(ROOT)))
each_action = pytest.mark.parametrize("action", ACTIONS)


@dataclass(frozen=True)
class Block:
    """A fenced block, and the last line of prose before it."""

    language: str
    text: str
    before: str


def blocks(text: str) -> list[Block]:
    """Find a page's fenced blocks."""
    return [
        Block(m["language"], m["text"], text[: m.start()].rstrip().rpartition("\n")[2])
        for m in FENCE.finditer(text)
    ]


def prose(text: str) -> str:
    """Leave the fenced blocks out."""
    return FENCE.sub("", text)


def section(text: str, title: str) -> str:
    """Find the part below a heading, up to the next one of its level or above."""
    found = re.search(rf"^(?P<level>#+) {re.escape(title)}$", text, re.MULTILINE)
    assert found is not None, f"no heading {title!r}"
    end = re.search(rf"^#{{1,{len(found['level'])}}} ", text[found.end() :], re.MULTILINE)
    return text[found.end() : found.end() + end.start()] if end else text[found.end() :]


def named(text: str) -> set[str]:
    """Find the words in code type."""
    return {word for code in CODE.findall(prose(text)) for word in re.findall(r"[\w.-]+", code)}


def tables(text: str) -> list[list[list[str]]]:
    """Find the tables, as rows of cells; the first row is the head."""
    found = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
        for table in found
    ]


def table(text: str, *head: str) -> dict[str, list[str]]:
    """Find the one table with this beginning of a head: name in code type -> cells."""
    (found,) = (t for t in tables(text) if t[0][: len(head)] == list(head))
    return {name: row for row in found[2:] for name in CODE.findall(row[0])}


def within(value: object) -> Iterator[dict[str, Any]]:
    """Find all objects in a JSON value, but for those that a record carries."""
    inner: list[Any] = []
    if isinstance(value, dict):
        yield value
        inner = [one for name, one in value.items() if name != "value"]
    elif isinstance(value, list):
        inner = value
    for one in inner:
        yield from within(one)


def is_event(value: dict[str, Any]) -> bool:
    """Tell whether an object is what the function is called with, and no log line."""
    return "action" in value and "service" not in value


# Events


@each_page
def test_every_event_shown_is_a_file(page: Path) -> None:
    """An event, alone or as a payload, equals the file that is named just before it."""
    text = page.read_text(encoding="utf-8")
    for block in blocks(text):
        if block.language != "json":
            continue
        shown = json.loads(block.text)
        for event in [shown] if "detail-type" in shown else filter(is_event, within(shown)):
            name = EVENT_FILE.search(block.before)
            assert name is not None, f"no event file named before {block.text}"
            assert FILES[name["name"]] == event
    for code in CODE.findall(prose(text)):
        if code.startswith('{"action"'):
            assert json.loads(code) in EVENTS.values()


@each_page
def test_every_event_file_named_exists(page: Path) -> None:
    """Commands and sentences name event files that are there."""
    for name in EVENT_FILE.findall(page.read_text(encoding="utf-8")):
        assert name in FILES


@pytest.mark.parametrize("name", ENVELOPES)
def test_every_envelope_is_shown(name: str) -> None:
    """The reference shows each event file that wraps an action, as it is."""
    shown = [b for b in blocks(section(reference(), "Calling it")) if b.language == "json"]
    assert [ENVELOPES[name]] == [json.loads(b.text) for b in shown if name in b.before]


@each_action
def test_every_action_is_shown(action: str) -> None:
    """The README and the reference name an event file of each action."""
    of_action = {n for n, e in EVENTS.items() if e["action"].replace("-", "_") == action}
    assert of_action & set(EVENT_FILE.findall(README.read_text(encoding="utf-8")))
    assert of_action & set(EVENT_FILE.findall(section(reference(), action)))


def test_the_answers_shown_have_the_form_of_true_ones() -> None:
    """Each answer in the README has the fields that the event before it is answered with."""
    kafka = KeptKafka()
    text = section(page_text(README), "What it does")
    shown = [json.loads(b.text) for b in blocks(text) if b.language == "json"]
    pairs = list(zip(shown[::2], shown[1::2], strict=True))
    assert len(ACTIONS) == len(pairs)
    for event, answer in pairs:
        assert form(invoke(event, kafka)) == form(answer)


def form(value: object) -> object:
    """Reduce an answer to the names and types of its fields; lists to their first item."""
    if isinstance(value, dict):
        return {name: form(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [form(inner) for inner in value[:1]]
    return type(value).__name__


# The reference


def page_text(page: Path) -> str:
    """Read a page."""
    return page.read_text(encoding="utf-8")


def reference() -> str:
    """Read the operations page."""
    return page_text(OPERATIONS)


def structs(one: msgspec.inspect.Type) -> Iterator[msgspec.inspect.StructType]:
    """Find the structs of a type, wherever they are nested."""
    if isinstance(one, msgspec.inspect.StructType):
        yield one
    for name in ("types", "item_types"):
        for inner in getattr(one, name, ()):
            yield from structs(inner)
    for inner in (getattr(one, n, None) for n in ("item_type", "key_type", "value_type")):
        if inner is not None:
            yield from structs(inner)
    for field in getattr(one, "fields", ()):
        yield from structs(field.type)


def choices(one: msgspec.inspect.Type) -> Iterator[str]:
    """Find the words that a field may be."""
    for inner in getattr(one, "types", (one,)):
        if isinstance(inner, msgspec.inspect.LiteralType):
            yield from map(str, inner.values)


def fields_of(action: str) -> list[msgspec.inspect.Field]:
    """Find every field of an action's request, nested ones too."""
    request = msgspec.inspect.type_info(ACTIONS[action].request)
    return [field for struct in structs(request) for field in struct.fields]


@each_action
def test_every_field_is_documented(action: str) -> None:
    """An action's section names each field of its request, and each word that a field may be."""
    words = named(section(reference(), action))
    for field in fields_of(action):
        if action != "ping" or field.encode_name != "action":  # ping has no other, and no table
            assert field.encode_name in words
        assert set(choices(field.type)) <= words


FIELDS = ("field", "type", "default", "meaning")


@pytest.mark.parametrize("action", sorted(ACTIONS.keys() - {"ping"}))  # which has no fields
def test_every_default_is_documented(action: str) -> None:
    """The table of an action's fields has their defaults, as JSON writes them."""
    listed = table(section(reference(), action).split("\nA record:")[0], *FIELDS)
    (request, *_) = structs(msgspec.inspect.type_info(ACTIONS[action].request))
    assert {field.encode_name for field in request.fields} == listed.keys()
    for field in request.fields:
        assert listed[field.encode_name][2] == default_of(field)


def default_of(field: msgspec.inspect.Field) -> str:
    """Write a field's default as the tables do; a dash where it goes without."""
    if field.required:
        return "required"
    value = {} if field.default_factory is dict else field.default
    return "-" if value in (None, msgspec.NODEFAULT) else f"`{json.dumps(value)}`"


def test_every_field_of_a_record_is_documented() -> None:
    """The table of a record's fields has them all, and none that isn't one."""
    listed = table(section(reference(), "produce").split("\nA record:")[1], *FIELDS)
    known = {field.encode_name for field in msgspec.structs.fields(RecordInput)}
    assert known == listed.keys()


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_field_of_an_answer_is_documented(name: str) -> None:
    """An action's section names each field that its events are answered with."""
    kafka = KeptKafka()
    event = EVENTS[name]
    if "create" not in event["action"]:
        kafka.add_topic("orders", 3)
        kafka.add_topic("my_topic")
    if event["action"] == "consume":
        for filled in ("produce.json", "produce_records.json"):
            invoke(EVENTS[filled], kafka)
    answer = invoke(event, kafka, s3=FakeS3.of_events())
    words = named(section(reference(), event["action"].replace("-", "_")))
    partitions = {str(partition) for partition in range(3)}
    told = {field for inner in within(answer["body"]) for field in inner} - partitions
    assert told <= words


CLASSES = [
    c for c in vars(errors).values() if isinstance(c, type) and c.__module__ == "msk_client.errors"
]


@pytest.mark.parametrize("kind", [c for c in CLASSES if c is not errors.MskClientError])
def test_every_error_is_documented(kind: type[errors.MskClientError]) -> None:
    """The table of errors has each class, with its status and whether it is retriable."""
    row = table(section(reference(), "Errors"), "class", "HTTP")[kind.__name__]
    assert row[1:3] == [str(kind.http_status), "yes" if kind.retriable else "no"]
    assert all(row[3:])


def test_every_setting_is_documented() -> None:
    """The table of settings has each variable, and none that isn't one."""
    assert list(settings.NAMES) == list(table(section(reference(), "Settings"), "name"))


@pytest.mark.parametrize("name", settings.NAMES)
def test_the_examples_of_settings_are_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each setting takes the example that is given for it."""
    (example,) = CODE.findall(table(section(reference(), "Settings"), "name")[name][3])
    if name == "KAFKA_CA_FILE":
        monkeypatch.setattr(Path, "is_file", lambda path: str(path) == example)
    assert settings.read({name: example}) != settings.read({})


def test_the_refused_client_options_are_refused() -> None:
    """The properties that are said to be refused are those on which guarantees rest."""
    text = section(reference(), "Settings")
    (refused,) = (line for line in text.splitlines() if "it refuses it by name" in line)
    (taken,) = (line for line in text.splitlines() if line.endswith("may be set."))
    for name in CODE.findall(refused)[1:]:
        assert OUR_PROPERTIES.fullmatch(name)
    for name in CODE.findall(taken):
        assert not OUR_PROPERTIES.fullmatch(name)


RESOURCES = {
    "Connect": "cluster",
    "WriteDataIdempotently": "cluster",
    "DescribeTopic": "topic",
    "CreateTopic": "topic",
    "WriteData": "topic",
    "ReadData": "topic",
    "DescribeGroup": "group",
    "AlterGroup": "group",
}
"""IAM action -> what it is allowed on (AWS: semantics of IAM authorization policy actions)."""


@pytest.mark.parametrize("action", sorted(ACTIONS.keys() - {"test_filter"}))  # asks no cluster
def test_policies_name_actions_on_their_resources(action: str) -> None:
    """Each action has a policy whose permissions stand on the kind of resource that they need."""
    text = section(reference(), f"Policy for {action}")
    (block,) = (b for b in blocks(text) if b.language == "json")
    for statement in json.loads(block.text)["Statement"]:
        listed = statement["Action"]
        kinds = {
            RESOURCES[name.removeprefix("kafka-cluster:")]
            for name in ([listed] if isinstance(listed, str) else listed)
        }
        name = r"[\w*-]+"
        below = "" if kinds == {"cluster"} else f"/{name}"
        arn = rf"arn:aws:kafka:[a-z0-9-]+:\d{{12}}:{'|'.join(kinds)}/{name}/[0-9a-f-]+-s\d{below}"
        assert re.fullmatch(arn, statement["Resource"])


def test_every_metric_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    """The page names each metric, dimension and log field that invocations write."""
    kafka = KeptKafka()
    for name in ("produce.json", "consume.json", "create_topic.json"):
        invoke(EVENTS[name], kafka)
    invoke(EVENTS["consume_drain_to_s3.json"], kafka)
    with pytest.raises(errors.InvalidRequest):
        invoke({}, kafka)
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fields = {field for line in written for field in line} - {"_aws"}
    usual = {"level", "location", "timestamp"}  # of every line that Powertools writes
    assert fields - usual <= named(section(reference(), "Logs and metrics"))


# All pages


@each_page
def test_every_make_target_exists(page: Path) -> None:
    """Each `make` command that a page gives is a target of the Makefile."""
    makefile = page_text(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", makefile, re.MULTILINE))
    text = page_text(page)
    commands = [*CODE.findall(prose(text)), *(b.text for b in blocks(text))]
    assert {name for command in commands for name in TARGET.findall(command)} <= targets


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links name files that are there, and headings that they have."""
    for link in LINK.finditer(prose(page_text(page))):
        if "://" in link["path"]:
            continue
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        assert target.exists(), link[0]
        if link["anchor"]:
            assert link["anchor"] in anchors(page_text(target)), link[0]


def anchors(text: str) -> set[str]:
    """Make the anchors of a page's headings as GitHub does."""
    titles = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@each_page
def test_json_is_json(page: Path) -> None:
    """What is marked as JSON can be copied and parsed."""
    for block in blocks(page_text(page)):
        if block.language == "json":
            json.loads(block.text)
