"""Alarms and dashboard look at metrics that are there; logs are JSON and end some day."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msk_client.errors import UnknownTopic
from tests.deploy.main_template import at_existing
from tests.unit.invoking import KeptKafka, invoke
from tests.unit.written import dimensions_of, lines, metrics_of

if TYPE_CHECKING:
    import pytest

    from tests.deploy.expand import Stack

NAMESPACE = "MskLambdaClient"
LAMBDA = {"Invocations", "Errors", "Throttles", "Duration"}
SQS = {"ApproximateNumberOfMessagesVisible"}
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"
PRODUCE = {"action": "produce", "topic": "orders", "records": [{"value": "v"}]}
CONSUME = {"action": "consume", "topic": "orders"}
SEARCH = re.compile(
    r"SEARCH\('\{(?P<schema>[^}]*)\} service=\"(?P<service>[^\"]*)\""
    r" MetricName=\"(?P<name>\w+)\"', '(Sum|Average|p99)', 300\)"
)


def written(capsys: pytest.CaptureFixture[str], stack: Stack) -> dict[str, set[tuple[str, ...]]]:
    """What the function really writes in its own namespace: metric -> names of dimensions."""
    kafka = KeptKafka()
    invoke(PRODUCE, kafka)
    invoke(CONSUME, kafka)
    with suppress(UnknownTopic):
        invoke(CONSUME | {"topic": "none"}, kafka)
    assert stack.environment("Function")["POWERTOOLS_METRICS_NAMESPACE"] == NAMESPACE
    found: dict[str, set[tuple[str, ...]]] = {}
    for line in lines(capsys):
        if "_aws" in line:
            assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == NAMESPACE
            for name in metrics_of(line):
                found.setdefault(name, set()).add(tuple(dimensions_of(line)))
    return found


def alarms(**given: str) -> dict[str, dict[str, Any]]:
    """The alarms that would be deployed."""
    return at_existing(**given).of_type("AWS::CloudWatch::Alarm")


def widgets(stack: Stack) -> list[dict[str, Any]]:
    """The dashboard's widgets."""
    (dashboard,) = stack.of_type("AWS::CloudWatch::Dashboard").values()
    return [widget["properties"] for widget in json.loads(dashboard["DashboardBody"])["widgets"]]


def plain_metrics(stack: Stack) -> list[list[str]]:
    """The metrics that the dashboard names, with its dots for "as above" filled in."""
    found = []
    for widget in widgets(stack):
        above: list[str] = []
        for metric in widget["metrics"]:
            names = [part for part in metric if isinstance(part, str)]
            above = [above[i] if part == "." else part for i, part in enumerate(names)]
            found += [above] if above else []
    return found


def test_alarms_look_at_metrics_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """Lambda's, the queue's, and what the function itself writes, with all its dimensions."""
    ours = written(capsys, at_existing())
    for alarm in alarms().values():
        metric = alarm
        if "Metrics" in alarm:
            metric = alarm["Metrics"][1]["MetricStat"]["Metric"]
        name = metric["MetricName"]
        dimensions = tuple(dimension["Name"] for dimension in metric["Dimensions"])
        if metric["Namespace"] == NAMESPACE:
            assert set(dimensions) in map(set, ours[name])
        else:
            known = {"AWS/Lambda": (LAMBDA, "FunctionName"), "AWS/SQS": (SQS, "QueueName")}
            names, dimension = known[metric["Namespace"]]
            assert name in names
            assert dimensions == (dimension,)


def test_the_duration_is_held_against_the_timeout() -> None:
    """The alarm works a share of the timeout out, which is in seconds where Lambda counts ms."""
    share, duration = alarms(Timeout="840")["DurationAlarm"]["Metrics"]
    assert share["Expression"] == "100 * duration / 840000"
    assert (duration["Id"], duration["MetricStat"]["Stat"]) == ("duration", "Maximum")
    assert alarms()["DurationAlarm"]["Threshold"] == 90


def test_failed_records_are_watched_where_records_are_produced() -> None:
    """A function that may not produce has no such alarm."""
    assert "RecordsFailedAlarm" in alarms()
    assert "RecordsFailedAlarm" not in alarms(AllowedActions="ping,consume")


def test_alarms_are_told_to_whom_it_concerns() -> None:
    """All go to the topic that is given, also when it is over; without one they tell nobody."""
    for alarm in alarms(AlarmTopicArn=TOPIC).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]
    for alarm in alarms().values():
        assert "AlarmActions" not in alarm


def test_silence_is_no_alarm() -> None:
    """A function that isn't called has no data, and that is no fault."""
    assert all(alarm["TreatMissingData"] == "notBreaching" for alarm in alarms().values())


def test_the_dashboard_shows_what_the_function_writes(capsys: pytest.CaptureFixture[str]) -> None:
    """Every metric of its own is on the dashboard, under the dimensions that it really has."""
    stack = at_existing()
    ours = written(capsys, stack)
    shown: set[str] = set()
    for _, name, *dimensions in (m for m in plain_metrics(stack) if m[0] == NAMESPACE):
        assert set(dimensions[::2]) in map(set, ours[name])
        shown.add(name)
    for text in re.findall(r"SEARCH.*?\)(?=\")", json.dumps(widgets(stack)).replace('\\"', '"')):
        search = SEARCH.fullmatch(text)
        assert search is not None, text
        namespace, *dimensions = search["schema"].split(",")
        assert namespace == NAMESPACE
        assert set(dimensions) in map(set, ours[search["name"]])
        assert search["service"] == stack.environment("Function")["POWERTOOLS_SERVICE_NAME"]
        shown.add(search["name"])
    assert shown == set(ours)


def test_the_dashboard_shows_lambda_and_the_queue() -> None:
    """Calls, errors, throttles and the failed events stand together."""
    others = [metric for metric in plain_metrics(at_existing()) if metric[0] != NAMESPACE]
    assert {metric[1] for metric in others} <= LAMBDA | SQS
    assert {"Errors", "Throttles"} | SQS <= {metric[1] for metric in others}


def test_logs_are_json_and_end() -> None:
    """Both functions log JSON into a group of their own, kept as long as it says."""
    stack = at_existing(LogRetentionDays="7", LogLevel="DEBUG")
    groups = stack.of_type("AWS::Logs::LogGroup")
    assert {group["RetentionInDays"] for group in groups.values()} == {"7"}
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        logging = function["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        group = groups[logging["LogGroup"]]
        assert group["LogGroupName"] == f"/aws/lambda/{function['FunctionName']}", name
    told = stack.of_type("AWS::Lambda::Function")["Function"]["LoggingConfig"]
    # Lambda drops what is below its own level, so the two must be the same.
    assert told["ApplicationLogLevel"] == "DEBUG"
    assert stack.environment("Function")["POWERTOOLS_LOG_LEVEL"] == "DEBUG"
