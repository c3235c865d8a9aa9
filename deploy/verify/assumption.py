"""One thing that the project takes for granted about AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.verify.subject import Subject
    from deploy.verify.verdict import Verdict


OPERATIONS = "docs/operations.md#"
DECISIONS = "docs/decisions.md#"
DEPLOYMENT = "docs/deployment.md#"
DESIGN = "docs/design.md#"
PIPELINE = "docs/pipeline.md#"
PIPELINES = "docs/pipeline-deployment.md#"
LOCAL_MSK = "local/msk/README.md#"


@dataclass(frozen=True)
class Assumption:
    """What is assumed, where, and how it is held against AWS."""

    name: str
    title: str
    where: str
    """The page, and its heading, that relies on it."""
    check: Callable[[Subject], Verdict]
    by_hand: str = ""
    """How to look at it where the check can't tell."""
    slow: bool = False
    """Whether the check waits for minutes, and so is left out unless it is asked for."""
