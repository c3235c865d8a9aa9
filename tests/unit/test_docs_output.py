"""The pages on objects and drains are true: names, defaults and examples are the code's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from msk_client import settings_output
from msk_client.actions.draining import drain, run
from msk_client.deadline import Deadline
from msk_client.errors import InvalidRequest
from msk_client.s3 import columns, formats
from msk_client.s3.keys import DEFAULT_PATTERN, PARTS, Pattern, Start
from msk_client.s3.objects import OBJECT_BYTES, Destination, Objects, Source
from tests.fake_s3 import FakeS3
from tests.unit.invoking import cluster, invoke
from tests.unit.test_docs import CODE, EVENTS, blocks, named, prose, section, table, tables
from tests.unit.test_s3_objects import record

PAGE = (Path(__file__).parents[2] / "docs" / "pipeline.md").read_text(encoding="utf-8")
"""The page."""


def test_every_setting_is_documented() -> None:
    """The table has each variable, and none that isn't one."""
    listed = table(section(PAGE, "Settings of the output"), "name", "default")
    assert list(listed) == list(settings_output.NAMES)
    assert listed["OUTPUT_FORMAT"][1] == f"`{formats.DEFAULT}`"
    assert listed["OUTPUT_OBJECT_BYTES"][1] == f"`{OBJECT_BYTES}`"


def test_every_part_of_a_key_is_documented() -> None:
    """The table has each part that a pattern may have, and says which are needed."""
    (rows,) = tables(section(PAGE, "Keys"))
    parts = [CODE.findall(row[0])[0].strip("{}") for row in rows[2:]]
    assert parts == list(PARTS)
    needed = [part for part, row in zip(parts, rows[2:], strict=True) if "Needed." in row[1]]
    for part in needed:
        pattern = DEFAULT_PATTERN.replace(f"{{{part}", "{prefix").replace(":020", "")
        with pytest.raises(InvalidRequest, match=f"lacks {{{part}}}"):
            Pattern.parse(pattern, "x")


def test_the_key_shown_is_made_by_the_pattern_shown() -> None:
    """The example is what the default makes."""
    (block, *_) = blocks(section(PAGE, "Keys"))
    pattern, key = block.text.split()
    assert pattern == f"{DEFAULT_PATTERN}.{formats.DEFAULT}"
    assert Pattern.parse(pattern, "x").key("lake/", Start("orders", 0, 41, 0)) == key
    (other,) = (code for code in CODE.findall(prose(PAGE)) if code.endswith(".csv"))
    Pattern.parse(other, "x")


def test_every_format_is_documented() -> None:
    """The table has each format with its content type."""
    listed = table(section(PAGE, "Formats"), "`format`", "content", "content type")
    assert {name: row[2].strip("`") for name, row in listed.items() if name in row[0]} == {
        kind: formats.CONTENT_TYPES[kind] for kind in formats.CONTENT_TYPES
    }
    words = named(section(PAGE, "Formats"))
    assert set(columns.PLAIN) <= words
    assert set(formats.ENCODINGS.values()) <= words


def test_all_metadata_is_documented() -> None:
    """The table has each field of an object's metadata."""
    s3 = FakeS3()
    objects = Objects(s3, Destination("my-bucket"), Source("orders", 2, "id", "read_committed"))
    (one,) = objects.write(0, [record(0)], 1, Deadline.after(5))
    listed = table(section(PAGE, "What an object says of itself"), "metadata", "meaning")
    assert set(listed) == set(s3.objects[one.key].headers["Metadata"])


def test_the_limits_are_those_of_the_code() -> None:
    """Numbers in the text are the code's."""
    text = section(PAGE, "Drain")
    assert f"at most {drain.AT_ONCE} partitions" in text
    assert run.WRITE_RESERVE_S > run.COMMIT_RESERVE_S


def test_the_permissions_are_a_policy() -> None:
    """The policy names the two actions that the code asks for."""
    (block,) = blocks(section(PAGE, "Permissions for S3"))
    (statement,) = json.loads(block.text)["Statement"]
    assert statement["Action"] == ["s3:PutObject", "s3:GetObject"]


def test_the_examples_of_exports_do_not_overlap() -> None:
    """None begins elsewhere with each call, and no two go into one prefix."""
    exports = [e for e in EVENTS.values() if "destination" in e and "group" not in e]
    assert exports
    kafka = cluster("r")
    told = [invoke(event, kafka, s3=FakeS3())["body"] for event in exports]
    assert not any("note" in one for one in told)
    assert len({one["destination"] for one in told}) == len(told)
