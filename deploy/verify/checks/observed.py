"""What the logs and metrics of the function's life so far show."""

from __future__ import annotations

import re
from statistics import median
from typing import TYPE_CHECKING

from deploy.verify.assumption import DESIGN, LOCAL_MSK, OPERATIONS, Assumption
from deploy.verify.verdict import Verdict, confirmed, give_up, not_checked, refuted, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.verify.subject import Subject

DAYS = 7
MAX_PAGES = 5
MAX_INIT_MS = 10_000
LONG_LIFE_MS = 3_600_000
INIT = re.compile(r'Init Duration: ([\d.]+) ms|"initDurationMs":\s*([\d.]+)')
MEMORY = re.compile(r'Max Memory Used: (\d+) MB|"maxMemoryUsedMB":\s*(\d+)')
API_VERSION = re.compile(r"ApiKey (\w+) \(\d+\) Versions (\d+)\.\.(\d+)")


def cold_start(subject: Subject) -> Verdict:
    """The initialisations that Lambda reported."""
    lines = _messages(subject, '?"Init Duration" ?"initDurationMs"')
    times = [float(found[1] or found[2]) for line in lines if (found := INIT.search(line))]
    if not times:
        give_up(f"no cold start in the last {DAYS} days of {subject.log_group}")
    told = f"{len(times)} cold starts: median {median(times):.0f} ms, longest {max(times):.0f} ms"
    return settled(max(times) < MAX_INIT_MS, told)


def memory(subject: Subject) -> Verdict:
    """The most memory that Lambda reported, against what the function has."""
    lines = _messages(subject, '?"Max Memory Used" ?"maxMemoryUsedMB"')
    used = [int(found[1] or found[2]) for line in lines if (found := MEMORY.search(line))]
    if not used:
        give_up(f"no report in the last {DAYS} days of {subject.log_group}")
    has = int(subject.configuration["MemorySize"])
    return settled(max(used) < has, f"{max(used)} MB of {has} MB at most, {len(used)} reports")


def log_line(subject: Subject) -> Verdict:
    """The one line of JSON that a ping logs."""
    reply = subject.invoke({"action": "ping"})
    lines = [line for line in reply.log_lines() if line.get("action") == "ping"]
    done = [line for line in lines if line.get("message") == "done"]
    if not reply.log_tail:
        give_up("Lambda returned no log with the answer")
    return settled(len(done) == 1, f"{len(done)} line(s) with message 'done' in the log's tail")


def metrics(subject: Subject) -> Verdict:
    """The metrics that CloudWatch took from the log."""
    namespace = subject.environment.get("POWERTOOLS_METRICS_NAMESPACE", "MskLambdaClient")
    found = subject.clients["cloudwatch"].list_metrics(Namespace=namespace, MetricName="Duration")
    if not found["Metrics"]:
        give_up(f"no metric in {namespace} yet: they appear some minutes after the first event")
    return confirmed(f"{len(found['Metrics'])} series of Duration in {namespace}")


def credentials_renewed(subject: Subject) -> Verdict:
    """Failures for want of fresh credentials, and environments that lived for long without any."""
    ended = _messages(subject, '"AuthenticationFailed" "ended"')
    if first := next(ended, None):
        return refuted(f"credentials ended while an environment lived: {first[:300]}")
    age_ms = _longest_life_ms(subject)
    told = f"the oldest environment logged for {age_ms / 3_600_000:.1f} h without such a failure"
    return confirmed(told) if age_ms >= LONG_LIFE_MS else not_checked(told)


def api_versions(subject: Subject) -> Verdict:
    """The versions that librdkafka logged, where it was told to."""
    lines = _messages(subject, '"ApiKey" "Versions"')
    offered = {m[1]: (int(m[2]), int(m[3])) for line in lines for m in API_VERSION.finditer(line)}
    if not offered:
        give_up("librdkafka logs them only when it is told to")
    lacking = [n for n, needed in NEEDED.items() if not _within(needed, offered.get(n))]
    told = ", ".join(f"{name} {low}-{high}" for name, (low, high) in sorted(offered.items()))
    return refuted(f"{lacking} lacking in {told}") if lacking else confirmed(told)


NEEDED = {
    "Produce": 7, "Fetch": 11, "ListOffsets": 5, "Metadata": 7, "OffsetCommit": 7,
    "OffsetFetch": 7, "FindCoordinator": 2, "DescribeGroups": 0, "CreateTopics": 4,
    "InitProducerId": 1,
}  # fmt: skip
"""Protocol requests that the function sends -> a version that it speaks."""


def _within(version: int, offered: tuple[int, int] | None) -> bool:
    return offered is not None and offered[0] <= version <= offered[1]


def _messages(subject: Subject, pattern: str) -> Iterator[str]:
    """Return log lines of the last days that match, a few pages at most."""
    since_ms = int((subject.clock() - DAYS * 86_400) * 1000)
    where = {"logGroupName": subject.log_group, "filterPattern": pattern, "startTime": since_ms}
    for _ in range(MAX_PAGES):
        page = subject.clients["logs"].filter_log_events(**where)
        yield from (str(event["message"]) for event in page["events"])
        if "nextToken" not in page:
            return
        where["nextToken"] = page["nextToken"]


def _longest_life_ms(subject: Subject) -> int:
    """Each environment has a log stream of its own."""
    found = subject.clients["logs"].describe_log_streams(
        logGroupName=subject.log_group, orderBy="LastEventTime", descending=True, limit=50
    )
    lives = [
        stream["lastEventTimestamp"] - stream["firstEventTimestamp"]
        for stream in found["logStreams"]
        if "lastEventTimestamp" in stream
    ]
    return max(lives, default=0)


ASSUMPTIONS = (
    Assumption(
        "api-versions",
        "The cluster offers the versions of the protocol that the function speaks.",
        LOCAL_MSK + "how-it-differs",
        api_versions,
        'Set KAFKA_CLIENT_OPTIONS to {"debug": "feature"} and POWERTOOLS_LOG_LEVEL to DEBUG, send'
        " events/ping.json, run this again, and take both settings away.",
    ),
    Assumption(
        "log-line",
        "The function's line of JSON comes through Lambda's log as it is.",
        OPERATIONS + "logs-and-metrics",
        log_line,
        "Look at the log after events/ping.json.",
    ),
    Assumption(
        "metrics",
        "CloudWatch takes the metrics out of the log.",
        OPERATIONS + "logs-and-metrics",
        metrics,
        "Look for the namespace MskLambdaClient some minutes after the first event.",
    ),
    Assumption(
        "cold-start",
        "An environment is initialised within Lambda's 10 s.",
        DESIGN + "how-a-client-is-made",
        cold_start,
        "Look for Init Duration in the log.",
    ),
    Assumption(
        "memory",
        "What the function has used of its memory stays below what it has.",
        OPERATIONS + "something-is-wrong",
        memory,
        "Look for Max Memory Used in the log.",
    ),
    Assumption(
        "credentials-renewed",
        "Lambda gives an environment fresh credentials before the old ones end, or a new life.",
        OPERATIONS + "something-is-wrong",
        credentials_renewed,
        "Send events/ping.json every 5 minutes for a day, then run this again.",
    ),
)
