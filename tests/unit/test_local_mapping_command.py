"""The command line of the local mapping: what can't work is refused before anything is started."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from local.lambda_runtime import Invocation
from local.mapping.command import command
from local.mapping.telling import Telling, is_shown

if TYPE_CHECKING:
    from local.mapping.command import Command, Log


def given(*arguments: str) -> Command:
    """Read a command line."""
    return command(arguments, "about")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--set", "FOO"], "--set FOO: give NAME=VALUE"),
        (["--set", "ESM_SNIK=log"], "did you mean ESM_SINK?"),
        (["--set", "QQQ=1"], "docs/pipeline.md lists them"),
        (["--set", "KAFKA_ENDPOINT=b:1"], "the cluster is the one that is started here"),
        (["--set", "AWS_ENDPOINT_URL_S3=https://s3.amazonaws.com"], "no such setting"),
        (["--set", "ESM_DECODE=xml"], "ESM_DECODE is 'xml'"),
        (["--set", "ESM_SINK="], "ESM_SINK: give one of"),
        (["--set", "OUTPUT_FORMAT=bogus"], "OUTPUT_FORMAT is 'bogus'"),
        (["--filter", '{"value": bad}'], "--filter[0].Pattern is not JSON"),
        (["--filter", '{"value": ["a"]}', "--filter", '{"key": ["a"]}'], "--filter[1].Pattern"),
        (["--topic", "a/b"], "--topic 'a/b' is no topic's name"),
        (["--batch-size", "0"], "batch_size is 0: give 1 to 10000"),
        (["--batch-size", "many"], "--batch-size"),
        (["--window", "999"], "window_s is 999.0: give 0 to 300"),
        (["--window", "nan"], "window_s is nan"),
        (["--sink", "produce"], "--set ESM_TARGET_TOPIC="),
        (["--set", "ESM_SINK=produce"], "--set ESM_TARGET_TOPIC="),
        (["--sink", "produce", "--set", "ESM_TARGET_TOPIC=orders"], "another topic"),
        (["--sink", "nowhere"], "--sink"),
        (["--retries", "3"], "--retries goes with --provisioned"),
        (["--max-age", "60"], "--max-age goes with --provisioned"),
        (["--bisect"], "--bisect goes with --provisioned"),
        (["--on-failure", "s3"], "--on-failure goes with --provisioned"),
        (["--provisioned", "--max-age", "59"], "max_age_s is 59"),
        (["--provisioned", "--topic", "given-up", "--on-failure", "kafka"], "the source topic"),
    ],
)
def test_what_cant_work_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 2, and one line says what is wrong."""
    with pytest.raises(SystemExit) as ended:
        given(*arguments)
    assert 2 == ended.value.code
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_a_mapping_is_what_its_options_say() -> None:
    """Every option of error handling reaches the mapping."""
    made = given(
        *("--provisioned", "--retries", "3", "--max-age", "60", "--bisect", "--on-failure", "sqs"),
        *("--filter", '{"value": ["a"]}', "--batch-size", "7", "--window", "2"),
    ).options
    assert ("provisioned", True) == (made.mode, made.report_failures)
    assert (3, 60, True) == (made.max_retries, made.max_age_s, made.bisect)
    assert "arn:aws:sqs:us-east-1:123456789012:given-up" == made.on_failure
    assert (7, 2.0, ['{"value": ["a"]}']) == (made.batch_size, made.window_s, made.filters)


def test_settings_reach_the_function() -> None:
    """What is set goes before the mapping's own, and a value may hold an equals sign."""
    made = given("--set", "OUTPUT_COLUMNS=a=value.b", "--set", "OUTPUT_FORMAT=csv")
    assert ("a=value.b", "csv") == (
        made.variables["OUTPUT_COLUMNS"],
        made.variables["OUTPUT_FORMAT"],
    )
    assert "s3" == made.variables["ESM_SINK"]


@pytest.mark.parametrize(
    ("arguments", "log"),
    [
        ([], "problems"),
        (["--sink", "log"], "all"),
        (["--set", "ESM_SINK=log"], "all"),
        (["--sink", "log", "--log", "none"], "none"),
        (["--log", "all"], "all"),
    ],
)
def test_the_log_is_shown_where_it_is_the_sink(arguments: list[str], log: Log) -> None:
    """Records of the log sink are seen without asking; elsewhere what went wrong is."""
    assert log == given(*arguments).log


RECORD = json.dumps({"level": "INFO", "message": "record", "offset": 1})
WRONG = json.dumps({"level": "WARNING", "message": "failed"})
METRICS = json.dumps({"_aws": {}, "Duration": [1]})
RAW = "Traceback (most recent call last):"


@pytest.mark.parametrize(
    ("log", "shown"),
    [("all", [RECORD, WRONG, RAW]), ("problems", [WRONG, RAW]), ("none", [])],
)
def test_lines_of_the_log(log: Log, shown: list[str]) -> None:
    """Metrics are never shown; what isn't one of our lines tells of trouble."""
    assert shown == [line for line in (RECORD, WRONG, METRICS, RAW, "") if is_shown(line, log)]


class Logging:
    """A function that logs."""

    def __init__(self) -> None:
        self.text = "from before\n"

    def invoke(self, event: object, *, timeout_s: float | None = None) -> Invocation:  # noqa: ARG002 - the protocol's
        """See the protocol: the log ends in the middle of a line."""
        self.text += f"{event}\nhalf"
        return Invocation({}, b"{}", 1.0)

    def log(self) -> str:
        """See the protocol."""
        return self.text

    def stop(self) -> None:
        """See the protocol."""

    def __enter__(self) -> Any:  # noqa: ANN401 - the protocol's Self
        return self

    def __exit__(self, *_: object) -> None: ...


def test_each_line_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """What an invocation logged is shown before what came of it; half a line with its rest."""
    telling = Telling(Logging(), "all")
    for event in ("one", "two"):
        telling.invoke(event)
    told = [line.split()[-1] for line in capsys.readouterr().err.splitlines()]
    assert ["one", "{}", "halftwo", "{}"] == told
