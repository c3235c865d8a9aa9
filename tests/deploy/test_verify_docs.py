"""The page on verification has every assumption, and says who looks at it."""

from __future__ import annotations

import re
from pathlib import Path

from deploy.verify.table import ASSUMPTIONS
from tests.deploy.verify_cases import CONFIRMING
from tests.deploy.verify_stage import BY_NAME

PAGE = Path(__file__).parents[2] / "docs" / "verification.md"
LOOKED_AT = set(CONFIRMING)


def rows() -> dict[str, list[str]]:
    """Read the page's table: name -> cells."""
    lines = re.findall(r"^\| `([\w-]+)` \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in lines}


def test_the_page_has_every_assumption() -> None:
    """docs/verification.md lists each assumption with its title and place, and no other."""
    assert list(rows()) == [a.name for a in ASSUMPTIONS]
    for assumption in ASSUMPTIONS:
        title, where, how = rows()[assumption.name]
        assert title == assumption.title
        page, _, anchor = assumption.where.partition("#")
        link = f"../{page}" if not page.startswith("docs/") else page.removeprefix("docs/")
        assert f"({link}#{anchor})" in where
        assert how == kind(assumption.name)


def kind(name: str) -> str:
    """Say who looks at it."""
    assumption = BY_NAME[name]
    if name not in LOOKED_AT:
        return "a person"
    return "the script, slowly" if assumption.slow else "the script"


def test_the_page_says_that_it_has_not_met_aws() -> None:
    """Nobody may take the table for results."""
    assert "has not met AWS yet" in PAGE.read_text(encoding="utf-8")
