"""What an event source mapping can be told, and in which mode."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from local.lambda_runtime.invocation import REQUEST_LIMIT
from local.msk.roles import CLUSTER_ARN

Mode = Literal["on_demand", "provisioned"]
StartingPosition = Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]
INFINITE = -1
RETRIES_WITH_DESTINATION = 10
"""Lambda's own limit where retries are infinite and there is somewhere to give records up to."""

MAX_BATCH_SIZE = 10_000
MAX_WINDOW_S = 300
MAX_RETRIES = 10_000
MIN_AGE_S, MAX_AGE_S = 60, 604_800


@dataclass(frozen=True)
class Options:
    """A mapping; names and limits are those of Lambda's API, in our spelling.

    Raises ValueError for what Lambda would refuse.
    """

    topic: str
    mode: Mode = "on_demand"
    consumer_group: str = field(default_factory=lambda: str(uuid.uuid4()))
    starting_position: StartingPosition = "TRIM_HORIZON"
    starting_timestamp_s: float | None = None
    batch_size: int = 100
    window_s: float = 0.5
    filters: Sequence[str] = ()
    """`FilterCriteria.Filters[].Pattern`."""
    max_retries: int = INFINITE
    max_age_s: int = INFINITE
    bisect: bool = False
    report_failures: bool = False
    """`FunctionResponseTypes: [ReportBatchItemFailures]`."""
    on_failure: str | None = None
    """The ARN of a queue, an SNS topic or a bucket, or `kafka://topic`."""
    source_arn: str | None = CLUSTER_ARN
    """None: a self-managed cluster."""
    payload_bytes: int = REQUEST_LIMIT
    first_pause_s: float = 0.1
    """Before the first retry; each doubles, up to `longest_pause_s`. Lambda's own are unknown."""
    longest_pause_s: float = 10.0

    def __post_init__(self) -> None:
        _within("batch_size", self.batch_size, 1, MAX_BATCH_SIZE)
        _within("window_s", self.window_s, 0, MAX_WINDOW_S)
        if (self.starting_position == "AT_TIMESTAMP") != (self.starting_timestamp_s is not None):
            raise ValueError("starting_timestamp_s goes with starting_position AT_TIMESTAMP")
        if self.max_retries != INFINITE:
            _within("max_retries", self.max_retries, 0, MAX_RETRIES)
        if self.max_age_s != INFINITE:
            _within("max_age_s", self.max_age_s, MIN_AGE_S, MAX_AGE_S)
        if self.on_failure == f"kafka://{self.topic}":
            raise ValueError("on_failure is the source topic: records would come back for ever")
        if self.mode == "on_demand":
            self._refuse_what_needs_pollers()

    def _refuse_what_needs_pollers(self) -> None:
        needs = {
            "max_retries": self.max_retries != INFINITE,
            "max_age_s": self.max_age_s != INFINITE,
            "bisect": self.bisect,
            "report_failures": self.report_failures,
            "on_failure": self.on_failure is not None,
        }
        given = [name for name, is_set in needs.items() if is_set]
        if given:
            raise ValueError(f"only in provisioned mode: {', '.join(given)}")

    @property
    def retries(self) -> int | None:
        """How often a batch is tried again at most; None: without end."""
        if self.max_retries != INFINITE:
            return self.max_retries
        return RETRIES_WITH_DESTINATION if self.on_failure is not None else None

    @property
    def event_source(self) -> str:
        """What events say where they come from."""
        return "SelfManagedKafka" if self.source_arn is None else "aws:kafka"


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}: give {least} to {most}")
