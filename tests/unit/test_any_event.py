"""Whatever event comes: it works, or it fails as one of our classes."""

from __future__ import annotations

from typing import Any

from hypothesis import event as seen
from hypothesis import given
from hypothesis import strategies as st

from msk_client.actions import ACTIONS
from msk_client.errors import MAX_MESSAGE_BYTES, MskClientError
from tests.fake_s3 import FakeS3
from tests.fake_sqs import FakeSqs
from tests.objects import OBJECTS as FILES
from tests.unit.invoking import KeptKafka, invoke, outgoing

TEXT = st.text(st.characters(codec=None), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)
STARTS = st.sampled_from(["beginning", "end", "committed", "-90m", "-1x", "until"])
PLACES = STARTS | st.fixed_dictionaries(
    {},
    optional={
        "offsets": st.dictionaries(st.sampled_from("012x"), st.integers(-1, 9), max_size=3),
        "timestamp": st.integers() | st.sampled_from(["2026-01-31T12:00:00Z", "now"]),
        "tail": st.integers(0, 9),
    },
)
RECORDS = st.fixed_dictionaries(
    {"value": JSON},
    optional={
        "key": JSON,
        "headers": st.lists(st.tuples(TEXT, st.none() | TEXT), max_size=2),
        "partition": st.integers(0, 3),
        "timestamp": st.integers(0, 2**63 - 1),
        "id": st.integers() | TEXT,
        "topic": st.sampled_from(["orders", "new"]),
    },
)
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/failed"
DEAD = [body for key, body in FILES.items() if key.startswith("dead/")]
OBJECTS = [f"s3://my-bucket/{key}" for key in FILES]
PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "topic": st.sampled_from(["orders", "new"]),
    "records": st.lists(RECORDS, max_size=3) | st.just("sample"),
    "create_if_missing": st.booleans(),
    "num_partitions": st.integers(1, 5),
    "on_failure": st.sampled_from(["raise", "report"]),
    "results": st.sampled_from(["all", "failures", "none"]),
    "stamp": st.booleans(),
    "from": PLACES,
    "until": PLACES,
    "partitions": st.lists(st.integers(0, 3), min_size=1, max_size=3),
    "max_records": st.integers(1, 5),
    "max_bytes": st.integers(500, 5_000),
    "wait_ms": st.integers(0, 1),
    "group": st.sampled_from(["bookmark", "live", "new"]),
    "commit": st.booleans(),
    "format": st.sampled_from(["text", "json", "base64"]),
    "isolation": st.sampled_from(["read_committed", "read_uncommitted"]),
    "destination": st.booleans()
    | st.sampled_from(["s3://my-bucket/prefix", "s3://other/", "s3:/", "my-bucket"])
    | st.fixed_dictionaries(
        {"uri": st.just("s3://my-bucket")},
        optional={
            "pattern": st.sampled_from(["{topic}-{p}-{start}.csv", "{prefix}{start}", "{"]) | TEXT,
            "format": st.sampled_from(["ndjson", "csv", "csv.gz", "raw.zst", "bin"]) | TEXT,
            "columns": st.lists(st.sampled_from(["offset", "value.a", "x=key"]) | TEXT, max_size=3),
            "object_bytes": st.integers(0, 100),
            "kms_key_id": TEXT,
        },
    ),
    "source": st.sampled_from(
        [*OBJECTS, "s3://my-bucket/dead/", "s3://", "s3://other/x", QUEUE, ""]
    )
    | st.fixed_dictionaries(
        {"topic": st.sampled_from(["orders", "new"])}, optional={"from": PLACES, "until": PLACES}
    ),
    "source_format": st.sampled_from(["values", "records", "csv"]),
    "key_column": st.sampled_from(["id", "no"]) | TEXT,
    "keep_partitions": st.booleans(),
    "resume": st.fixed_dictionaries(
        {},
        optional={
            "record": st.integers(-1, 5),
            "etag": TEXT,
            "version_id": st.none() | TEXT,
            "after": TEXT,
            "offsets": st.dictionaries(st.sampled_from("012"), st.integers(0, 5), max_size=2),
        },
    ),
    "only": st.fixed_dictionaries(
        {},
        optional={
            "topics": st.lists(st.sampled_from(["orders", "new"]), max_size=2),
            "partitions": st.lists(st.integers(0, 3), max_size=2),
            "from_offset": st.integers(0, 5),
            "until_offset": st.integers(0, 50),
            "from_time": st.sampled_from(["-1h", "2026-01-31", 10**12]) | SCALARS,
            "until_time": st.sampled_from(["-1h", "2026-01-31", 10**12]) | SCALARS,
        },
    ),
    "dry_run": st.booleans(),
    "filter_criteria": st.fixed_dictionaries(
        {
            "Filters": st.lists(
                st.fixed_dictionaries(
                    {"Pattern": st.sampled_from(['{"value": {"a": [1]}}', '{"value": ["x"]}', "{"])}
                ),
                max_size=3,
            )
        }
    ),
    "event": st.just({"eventSource": "aws:kafka", "records": {}}) | JSON,
    "confirm": st.booleans(),
    "replication_factor": st.none() | st.integers(1, 3),
    "config": st.dictionaries(TEXT, SCALARS, max_size=2),
    "if_not_exists": st.booleans(),
    "validate_only": st.booleans(),
    "pattern": st.text("*?[]!-or", min_size=1, max_size=9),
    "include_internal": st.booleans(),
}


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Make an event with some plausible fields, and at times one that holds anything."""
    action = draw(st.sampled_from(list(ACTIONS)))
    names = [f for f in ACTIONS[action].request.__struct_encode_fields__ if f != "action"]
    fields = {name: PLAUSIBLE[name] for name in names}
    required = {"topic": fields.pop("topic")} if "topic" in fields else {}
    event = draw(st.fixed_dictionaries(required, optional=fields))
    if names and draw(st.integers(0, 4)) == 0:
        event[draw(st.sampled_from(names))] = draw(JSON)
    return event | {"action": action}


def cluster() -> KeptKafka:
    """Make a cluster with some records, gaps, a bookmark and a live group."""
    kafka = KeptKafka()
    for log in kafka.add_topic("orders", 3):
        log.gap(2)
        log.append(outgoing(b'{"a": 1}'))
        log.append(outgoing(b"\xff"))
    kafka.logs["orders"][1].delete_before(1)
    kafka.bookmarks["bookmark", "orders"] = {0: 3}
    kafka.members["live"] = 1
    return kafka


def queue() -> FakeSqs:
    """Make a queue with a dead letter, and what is none."""
    letters = [body.decode().splitlines()[0] for body in DEAD]
    return FakeSqs({QUEUE: [*letters, "oops"]})


def outcome_of(event: object) -> str:
    """Answer how an event ended, having checked that it ended well either way."""
    try:
        answer = invoke(event, cluster(), s3=FakeS3.of_events(), sqs=queue())
    except MskClientError as problem:
        message = str(problem).encode()
    else:
        assert {"statusCode", "body"} == answer.keys()
        assert answer["statusCode"] in (200, 207)
        return "works"
    assert 0 < len(message) <= MAX_MESSAGE_BYTES
    return "fails"


@given(events())
def test_any_fields_of_an_action(event: dict[str, Any]) -> None:
    """An action with any values in its fields works, or raises one of our classes."""
    seen(f"{event['action']}: {outcome_of(event)}")


@given(JSON)
def test_any_json(event: object) -> None:
    """Any JSON as an event raises one of our classes, or works."""
    outcome_of(event)


@given(st.dictionaries(TEXT | st.just("topic"), JSON), st.sampled_from(list(ACTIONS)))
def test_any_unknown_fields(fields: dict[str, Any], action: str) -> None:
    """An action with any fields beside it raises one of our classes, or works."""
    outcome_of(fields | {"action": action})
