"""Holding assumptions against AWS: each check tells what it saw, and the whole stays in bounds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from deploy.verify import __main__ as program
from deploy.verify import run
from deploy.verify.subject import MAX_CALLS, Options
from deploy.verify.table import ASSUMPTIONS
from deploy.verify.verdict import Outcome, Verdict
from tests.deploy.verify_cases import CANNOT_BE_REFUTED, CONFIRMING, REFUTING, UNDECIDED
from tests.deploy.verify_stage import BY_NAME, Stage, error, failed
from tests.deploy.verify_stubs import on

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
LOOKED_AT = set(CONFIRMING)


@pytest.mark.parametrize("name", CONFIRMING)
def test_what_holds_is_confirmed(name: str) -> None:
    """Where AWS does what is assumed, the check says so."""
    found = CONFIRMING[name].look(name)
    assert found.outcome is Outcome.CONFIRMED, found.evidence


@pytest.mark.parametrize("name", REFUTING)
def test_what_does_not_hold_is_refuted(name: str) -> None:
    """Where AWS does something else, the check says so."""
    found = REFUTING[name].look(name)
    assert found.outcome is Outcome.REFUTED, found.evidence


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_cannot_be_told_is_left_open(name: str) -> None:
    """A failure that is about something else confirms nothing and refutes nothing."""
    found = UNDECIDED[name].look(name)
    assert found.outcome is Outcome.NOT_CHECKED, found.evidence
    assert "at fault" not in found.evidence


def test_every_check_has_its_cases() -> None:
    """Each assumption can be confirmed and refuted here, or is left to a person."""
    left_to_a_person = {a.name for a in ASSUMPTIONS if a.check.__qualname__.startswith("because.")}
    assert {a.name for a in ASSUMPTIONS} - left_to_a_person == LOOKED_AT
    assert LOOKED_AT - CANNOT_BE_REFUTED == REFUTING.keys()


@pytest.mark.parametrize("name", sorted({a.name for a in ASSUMPTIONS} - LOOKED_AT))
def test_what_is_left_to_a_person_says_why(name: str) -> None:
    """It is not checked, and reason and way are told."""
    stage = Stage()
    subject = stage.subject()
    found = stage.look_with(subject, name)
    told = "\n".join(run.report(BY_NAME[name], found))
    assert found.outcome is Outcome.NOT_CHECKED
    assert BY_NAME[name].by_hand in told
    assert BY_NAME[name].by_hand
    assert found.evidence in told
    assert subject.num_calls == 0


# Whatever goes wrong


def test_the_callers_own_missing_permission_is_named() -> None:
    """A refusal of AWS to the caller says whose permission is missing."""
    stage = Stage(stubs={"logs": [("filter_log_events", "AccessDeniedException")]})
    found = stage.look("cold-start")
    assert found.outcome is Outcome.NOT_CHECKED
    assert "your own credentials" in found.evidence


@pytest.mark.parametrize(
    "problem",
    [ReadTimeoutError(endpoint_url="https://lambda"), error("Invoke", "TooManyRequestsException")],
)
def test_trouble_on_the_way_leaves_it_open(problem: Exception) -> None:
    """A timeout and a throttled call are no verdict."""

    def fail(_: object) -> dict[str, Any]:
        raise problem

    found = Stage(fail).look("host-names")
    assert found.outcome is Outcome.NOT_CHECKED


def test_a_check_at_fault_hides_nothing() -> None:
    """An answer of an unknown shape is told as the check's own fault, and the run goes on."""
    found = Stage(on("ping", {"answer": {"body": {}}})).look("host-names")
    assert found.outcome is Outcome.NOT_CHECKED
    assert "at fault" in found.evidence
    assert "KeyError" in found.evidence


def test_a_topic_that_cannot_be_made_is_asked_for_once() -> None:
    """Where making the topic failed, the checks that need it don't try again."""
    stage = Stage(on("create_topic", failed("NotAuthorized", "no CreateTopic")))
    subject = stage.subject()
    for name in ("replication-left-out", "usable-at-once", "round-trip", "bookmark"):
        found = stage.look_with(subject, name)
        assert found.outcome is Outcome.NOT_CHECKED
        assert "no CreateTopic" in found.evidence
    assert subject.num_calls == 1


# In bounds


def test_a_whole_run_keeps_to_its_calls_and_names() -> None:
    """No call beyond the limit; only this run's own names are written to, and they are told."""
    stage = Stage(variables={"MSK_CLUSTER_ARN": ""}, cluster_arn=None)
    subject = stage.subject()
    for assumption in ASSUMPTIONS:
        if assumption.name in LOOKED_AT - {"answer-limit", "large-record", "before-the-kill"}:
            stage.look_with(subject, assumption.name)
    assert subject.num_calls < MAX_CALLS
    events = [e for e in subject.clients["lambda"].events if isinstance(e, dict)]
    topics = {event["topic"] for event in events if "topic" in event}
    groups = {event["group"] for event in events if "group" in event}
    assert all("verify-aws-1" in topic for topic in topics)
    assert groups == {"verify-aws-2"}
    assert set(subject.clients["lambda"].kafka.logs) == {"verify-aws-1"}
    assert subject.left_behind == ["topic verify-aws-1", "consumer group verify-aws-2"]


def test_calls_end_at_the_limit() -> None:
    """A run that has made its calls checks no further."""
    stage = Stage()
    subject = stage.subject()
    subject.num_calls = MAX_CALLS
    assert "120 calls" in stage.look_with(subject, "login").evidence
    assert subject.clients["lambda"].events == []


def test_topic_requests_keep_to_the_quota() -> None:
    """Between two create_topic events a second passes."""
    stage = Stage()
    subject = stage.subject()
    stage.look_with(subject, "replication-two")
    stage.look_with(subject, "replication-three")
    assert stage.slept_s == [pytest.approx(1.0)]


def test_slow_checks_are_left_out_unless_asked_for() -> None:
    """Without --slow nothing waits for minutes, and the way to have it is told."""
    stage = Stage()
    subject = stage.subject()
    subject.options = Options("client", "t", "g")
    for assumption in (a for a in ASSUMPTIONS if a.slow):
        found = stage.look_with(subject, assumption.name)
        assert found.outcome is Outcome.NOT_CHECKED
        assert "SLOW=1" in "\n".join(run.report(assumption, found))
    assert stage.slept_s == []


# The program


def call(*arguments: str, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> int:
    """Run the program with clients of the stage."""
    clients = stage.subject().clients

    def make(name: str, **_: object) -> Any:  # noqa: ANN401 - as boto3
        return clients[name]

    monkeypatch.setattr("boto3.client", make)
    return program.main(["client", *arguments])


def only(*names: str) -> list[str]:
    """Choose assumptions."""
    return [word for name in names for word in ("--only", name)]


def test_the_exit_code_tells_a_refutation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 where nothing is refuted, 1 where something is; the summary names it."""
    names = only("login", "unescaped", "quotas")
    assert call(*names, monkeypatch=monkeypatch, stage=CONFIRMING["unescaped"]) == 0
    assert "2 confirmed, 0 refuted, 1 not checked" in capsys.readouterr().out
    assert call(*names, monkeypatch=monkeypatch, stage=REFUTING["unescaped"]) == 1
    told = capsys.readouterr().out
    assert "1 confirmed, 1 refuted, 1 not checked" in told
    assert "refuted: unescaped" in told


def test_the_plan_asks_nothing_of_aws(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--plan tells what would be made and sent, with the prefixes, and makes no client."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a client was made")

    monkeypatch.setattr("boto3.client", refuse)
    prefixes = ["--topic-prefix", "team-", "--group-prefix", "ours-"]
    assert program.main(["client", "--plan", *prefixes]) == 0
    told = capsys.readouterr().out
    assert re.search(r"topic team-verify-aws-[0-9a-f]{8} ", told)
    assert re.search(r"group ours-verify-aws-[0-9a-f]{8}\.", told)
    assert all(f"\n{a.name}: {a.title}\n" in told for a in ASSUMPTIONS if not a.slow)
    assert "has not met AWS yet" in told


def test_a_function_that_is_not_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the function can't be looked at, the program ends with 2 and says why."""

    def absent(**_: str) -> Mapping[str, Any]:
        raise error("GetFunctionConfiguration", "ResourceNotFoundException", 404)

    stage = Stage()
    monkeypatch.setattr(
        "tests.deploy.verify_stage.FakeLambda.get_function_configuration", staticmethod(absent)
    )
    assert call(monkeypatch=monkeypatch, stage=stage) == 2
    assert "'client' can't be looked at" in capsys.readouterr().err


def test_what_is_left_behind_is_told_at_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends the run; the topic that was made is named all the same."""

    def interrupt(event: dict[str, Any]) -> None:
        if event.get("action") == "produce":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(*only("usable-at-once"), monkeypatch=monkeypatch, stage=Stage(interrupt))
    assert re.search(r"left behind.*topic verify-aws-[0-9a-f]{8}\n", capsys.readouterr().out)


def test_calls_are_never_sent_twice() -> None:
    """boto3 doesn't repeat a call by itself: an invocation would run again."""
    assert program.PATIENCE.retries == {"total_max_attempts": 1}
    assert program.PATIENCE.read_timeout > 900


def test_verdicts_tell_their_place() -> None:
    """A refutation names the page that has to be changed."""
    told = list(run.report(BY_NAME["login"], Verdict(Outcome.REFUTED, "no")))
    assert told[0].startswith("! refuted")
    assert f"    assumed in {BY_NAME['login'].where}" in told
