"""What came of looking at an assumption."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn


class Outcome(StrEnum):
    """The three things that can be said of an assumption."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Verdict:
    """An outcome, and in one sentence what it rests on."""

    outcome: Outcome
    evidence: str


def confirmed(evidence: str) -> Verdict:
    """AWS did what is assumed."""
    return Verdict(Outcome.CONFIRMED, evidence)


def refuted(evidence: str) -> Verdict:
    """AWS did something else."""
    return Verdict(Outcome.REFUTED, evidence)


def not_checked(reason: str) -> Verdict:
    """Nothing can be said, for this reason."""
    return Verdict(Outcome.NOT_CHECKED, reason)


def settled(holds: object, evidence: str) -> Verdict:
    """Confirm if `holds`, else refute."""
    return confirmed(evidence) if holds else refuted(evidence)


class Settled(Exception):
    """Ends a check with a verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.evidence)
        self.verdict = verdict


def give_up(reason: str) -> NoReturn:
    """End a check because it can't say anything."""
    raise Settled(not_checked(reason))
