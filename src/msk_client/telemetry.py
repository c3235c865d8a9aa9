"""One structured log line and one set of CloudWatch metrics (EMF) for each invocation.

Neither holds credentials, tokens or record content. The failure's text is logged by Lambda's own
runtime, once; the line here says its class. librdkafka's log comes as JSON lines too.
"""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import TYPE_CHECKING, Self

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from msk_client.settings import telemetry_names

if TYPE_CHECKING:
    from types import TracebackType

    from msk_client.deadline import LambdaContext

LOGS = ("msk_client.librdkafka", "msk_client.mapping", "msk_client.records")
NONE_YET = "none"


@cache
def logger() -> Logger:
    """Make the logger, and let the others' lines pass through its formatter."""
    service, _ = telemetry_names()
    ours = Logger(service=service)
    for name in LOGS:
        other = logging.getLogger(name)
        other.handlers = ours.handlers
        other.propagate = False
        other.setLevel(ours.log_level)
    return ours


@cache
def metrics() -> Metrics:
    """Make the metrics of this environment."""
    service, namespace = telemetry_names()
    return Metrics(namespace=namespace, service=service)


class Telemetry:
    """Watches one invocation: a context manager that never swallows anything."""

    _cold = True

    def __init__(self, context: LambdaContext) -> None:
        self.request_id = context.aws_request_id
        self.action = NONE_YET
        self.topic: str | None = None
        self.counts: dict[str, int] = {}

    def __enter__(self) -> Self:
        logger()  # before librdkafka logs anything
        self.cold, Telemetry._cold = Telemetry._cold, False
        self.started = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _problem: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        duration_ms = round((time.perf_counter() - self.started) * 1000, 1)
        self._log(kind, duration_ms)
        self._measure(kind, duration_ms)

    def _log(self, kind: type[BaseException] | None, duration_ms: float) -> None:
        fields: dict[str, object] = {
            "action": self.action,
            "topic": self.topic,
            "request_id": self.request_id,
            "cold_start": self.cold,
            "duration_ms": duration_ms,
            **self.counts,
        }
        if kind is None:
            logger().info("done", extra=fields)
        else:
            logger().warning("failed", extra=fields | {"error": kind.__name__})

    def _measure(self, kind: type[BaseException] | None, duration_ms: float) -> None:
        into = metrics()
        into.add_dimension("action", self.action)
        into.add_metric("Duration", MetricUnit.Milliseconds, duration_ms)
        into.add_metric("ColdStart", MetricUnit.Count, int(self.cold))
        for name, count in self.counts.items():
            unit = MetricUnit.Bytes if name.startswith("Bytes") else MetricUnit.Count
            into.add_metric(name, unit, count)
        into.flush_metrics()
        if kind is not None:
            self._count_failure(kind.__name__)

    def _count_failure(self, error: str) -> None:
        service, namespace = telemetry_names()
        with single_metric("Failures", MetricUnit.Count, 1, namespace=namespace) as failures:
            failures.add_dimension("service", service)
            failures.add_dimension("action", self.action)
            failures.add_dimension("error", error)
