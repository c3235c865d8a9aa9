"""The table of metrics, and what a mapping and S3 are answered, are the code's."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fake_s3 import FakeS3
from tests.unit.batches import batch_event
from tests.unit.invoking import KeptKafka, invoke_set
from tests.unit.invoking import invoke as bring
from tests.unit.test_docs import blocks, named, reference, section, table
from tests.unit.test_docs_input import PAGE
from tests.unit.test_mapping import PRODUCE, S3, target
from tests.unit.test_s3_event import FILES, created, file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SOURCE = Path(__file__).parents[2] / "src" / "msk_client"
NAME = re.compile("(?:[A-Z][a-z]+)+")


def counted(tree: ast.Module) -> Iterator[str]:
    """Find what a module counts: keys of `counts`, and what it hands to CloudWatch itself."""
    for node in ast.walk(tree):
        found: Sequence[ast.expr | None] = []
        if isinstance(node, ast.Dict):
            found = list(node.keys)
        elif isinstance(node, ast.Subscript) and "counts" in ast.unparse(node.value):
            found = [node.slice]
        elif isinstance(node, ast.Call) and re.search(
            "(add|single)_metric$", ast.unparse(node.func)
        ):
            found = node.args[:1]
        for one in found:
            if isinstance(one, ast.Constant) and NAME.fullmatch(str(one.value)):
                yield str(one.value)


def metrics() -> set[str]:
    """Every metric of the code."""
    modules = [path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")]
    counting = [text for text in modules if ".counts" in text or "_metric(" in text]
    return {name for text in counting for name in counted(ast.parse(text))}


def test_the_table_of_metrics_is_the_codes() -> None:
    """It has each metric that the code counts, and none that it doesn't."""
    listed = table(section(reference(), "Logs and metrics"), "metric", "dimensions", "unit")
    names = {name: row for name, row in listed.items() if name in row[0]}
    assert metrics() == names.keys()
    for name, row in names.items():
        assert row[2].startswith("bytes") == name.startswith("Bytes"), name
        assert row[3], name


POISON = b"a\nb"
"""A value that has no place in lines of values."""

SINKS: list[dict[str, Any]] = [
    S3 | {"OUTPUT_FORMAT": "raw", "ESM_DEAD_LETTER": "s3://my-bucket/dead"},
    PRODUCE,
    {"ESM_SINK": "log"},
]


@pytest.mark.parametrize("sink", SINKS, ids=lambda sink: sink["ESM_SINK"])
def test_the_answer_to_a_batch_is_documented(sink: dict[str, Any]) -> None:
    """Every field of it, whichever the sink is, and the partial response's only one."""
    listed = named(section(PAGE, "What a batch is answered"))
    event = batch_event({0: [b"a", POISON]})
    answer = bring(event, target(), s3=FakeS3(), **sink)
    assert answer["body"].keys() <= listed
    assert bring(event, target(), s3=FakeS3(), **sink, ESM_PARTIAL_RESPONSE="true").keys() <= listed


def test_the_answer_that_is_shown_is_one() -> None:
    """Its numbers are those of a batch of three records, one of them a dead letter."""
    (block,) = blocks(section(PAGE, "What a batch is answered"))
    answer = bring(batch_event({0: [b"a", POISON, b"c"]}), target(), s3=FakeS3(), **SINKS[0])
    shown = json.loads(block.text)
    sizes = shown["body"].pop("BytesWritten"), answer["body"].pop("BytesWritten")
    assert all(sizes)
    assert shown == answer


def test_the_answer_to_s3_is_documented() -> None:
    """Every field of it: of an object that was sent, and of one that was written anew."""
    listed = named(section(PAGE, "S3 calls the function"))
    s3 = FakeS3.of_events()
    sent = invoke_set(file(FILES[0]), KeptKafka(), s3=s3, S3_EVENT_TOPIC="orders")
    event = created("in/x", s3)
    created("in/x", s3, b"anew\n")
    anew = invoke_set(event, KeptKafka(), s3=s3, S3_EVENT_TOPIC="orders")
    (first,), (second,) = sent["body"]["objects"], anew["body"]["objects"]
    assert second == {"source": "s3://my-bucket/in/x", "written_anew": True}
    assert {"objects", *first, *second} <= listed
