"""Goes through the assumptions and tells what came of each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from deploy.verify.subject import MAX_CALLS
from deploy.verify.verdict import Outcome, Settled, Verdict, not_checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deploy.verify.assumption import Assumption
    from deploy.verify.subject import Subject

MARKS = {Outcome.CONFIRMED: "+", Outcome.REFUTED: "!", Outcome.NOT_CHECKED: "-"}
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedException"})


def verdict(assumption: Assumption, subject: Subject) -> Verdict:
    """Look at one assumption; whatever goes wrong on the way leaves it unchecked."""
    if assumption.slow and not subject.options.slow:
        return not_checked("it takes minutes")
    try:
        return assumption.check(subject)
    except Settled as early:
        return early.verdict
    except ClientError as refusal:
        denied = refusal.response["Error"]["Code"] in DENIED
        whose = "your own credentials may not do this" if denied else "AWS refused a call"
        return not_checked(f"{whose}: {refusal}")
    except BotoCoreError as problem:
        return not_checked(f"AWS could not be asked: {problem}")
    except Exception as bug:  # noqa: BLE001 - one check that is at fault must not hide the others
        return not_checked(f"the check itself is at fault, please report it: {bug!r}")


def plan(subject: Subject, assumptions: Iterable[Assumption]) -> Iterator[str]:
    """Say what is going to happen, before anything does."""
    options = subject.options
    chosen = [a for a in assumptions if options.slow or not a.slow]
    yield f"Function {options.function}: {len(chosen)} assumptions, at most {MAX_CALLS} calls."
    yield f"It may make the topic {options.topic} (retention 1 h) and write some 12 MB to it,"
    yield f"and commit offsets for the consumer group {options.group}. It changes nothing else:"
    yield "it reads configuration, logs and metrics, and sends events that fail, which count in"
    yield "the function's Errors."
    if options.slow:
        yield "Slow checks are in: half an hour, and one failed asynchronous event, which goes"
        yield "where the function sends its failures."


def report(assumption: Assumption, found: Verdict) -> Iterator[str]:
    """Tell one verdict."""
    yield f"{MARKS[found.outcome]} {found.outcome:<12}{assumption.name}: {assumption.title}"
    yield f"    {found.evidence}"
    if found.outcome is not Outcome.CONFIRMED:
        yield f"    assumed in {assumption.where}"
    if found.outcome is Outcome.NOT_CHECKED:
        hint = "make verify-aws ... SLOW=1" if assumption.slow else assumption.by_hand
        yield f"    to check it: {hint}"


def summary(subject: Subject, verdicts: Mapping[str, Verdict]) -> Iterator[str]:
    """Tell the whole in a few lines."""
    counts = Counter(found.outcome for found in verdicts.values())
    yield ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
    for name, found in verdicts.items():
        if found.outcome is Outcome.REFUTED:
            yield f"refuted: {name}"
    for thing in subject.left_behind:
        yield f"left behind, to be removed with Kafka's own tools: {thing}"


def is_refuted(verdicts: Mapping[str, Verdict]) -> bool:
    """Tell whether anything was refuted."""
    return any(found.outcome is Outcome.REFUTED for found in verdicts.values())
