"""The deployed function, the caller's way to it, and what the checks made there."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from deploy.verify.reply import Reply, read_reply
from deploy.verify.verdict import Settled, give_up, refuted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_CALLS = 120
"""Events sent in one run at most."""

SECONDS_BETWEEN_TOPIC_CALLS = 1.0
"""MSK Serverless takes two topic requests in a second; a create_topic event may make two."""

TOPIC_CONFIG = {"max.message.bytes": 8 * 1024 * 1024, "retention.ms": 3_600_000}

SAYS_NOTHING = frozenset(
    {
        "AuthenticationFailed",
        "BrokerUnreachable",
        "DeadlineExceeded",
        "InvalidSetting",
        "NotAuthorized",
        "Sandbox.Timedout",
        "ThrottledOrBusy",
    }
)
"""Failures that say nothing about an assumption that isn't about them."""


@dataclass(frozen=True)
class Options:
    """What the caller decides."""

    function: str
    topic: str
    """The one topic that may be made."""
    group: str
    """The one consumer group that may get an offset."""
    cluster_arn: str | None = None
    slow: bool = False


@dataclass
class Subject:
    """A deployed function under verification."""

    options: Options
    clients: Mapping[str, Any]
    """boto3 clients by service name."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    num_calls: int = 0
    left_behind: list[str] = field(default_factory=list)
    """What was made and can't be removed by this function."""
    _topic_call_at_s: float = 0.0
    _first_failure: Settled | None = None

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """Lambda's own description of the function."""
        found: dict[str, Any] = self.clients["lambda"].get_function_configuration(
            FunctionName=self.options.function
        )
        return found

    @property
    def environment(self) -> dict[str, str]:
        """The variables that the function is deployed with."""
        variables: dict[str, str] = self.configuration.get("Environment", {}).get("Variables", {})
        return variables

    @property
    def region(self) -> str:
        """The region that the function runs in."""
        return str(self.configuration["FunctionArn"]).split(":")[3]

    @property
    def cluster_arn(self) -> str:
        """The cluster's ARN; ends the check where nobody has told it."""
        arn = self.options.cluster_arn or self.environment.get("MSK_CLUSTER_ARN")
        return arn or give_up("the cluster's ARN is not known: give CLUSTER_ARN=arn:aws:kafka:...")

    @property
    def log_group(self) -> str:
        """Where the function logs."""
        told = self.configuration.get("LoggingConfig", {}).get("LogGroup")
        return str(told or f"/aws/lambda/{self.options.function}")

    def invoke(self, event: object, *, asynchronously: bool = False) -> Reply:
        """Send an event (bytes as they are) and return what came of it, good or bad."""
        if self.num_calls >= MAX_CALLS:
            give_up(f"this run has made its {MAX_CALLS} calls")
        self.num_calls += 1
        payload = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False)
        kind = {"InvocationType": "Event"} if asynchronously else {"LogType": "Tail"}
        answer = self.clients["lambda"].invoke(
            FunctionName=self.options.function,
            Payload=payload if isinstance(payload, bytes) else payload.encode(),
            **kind,
        )
        return read_reply(answer)

    def ask(self, event: Mapping[str, Any]) -> Reply:
        """Send an event; a failure that can't be about the assumption ends the check."""
        if event["action"] == "create_topic":
            self._pace()
        reply = self.invoke(event)
        if reply.error_type in SAYS_NOTHING:
            give_up(f"{event['action']} failed otherwise: {reply.quoted}")
        return reply

    def body(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Send an event that must succeed; any failure about it refutes the assumption."""
        reply = self.ask(event)
        if reply.error_type is not None:
            raise Settled(refuted(f"{event['action']} failed: {reply.quoted}"))
        return reply.body

    def _pace(self) -> None:
        wait_s = self._topic_call_at_s + SECONDS_BETWEEN_TOPIC_CALLS - self.clock()
        if wait_s > 0:
            self.sleep(wait_s)
        self._topic_call_at_s = self.clock()

    @property
    def topic(self) -> str:
        """The topic of this run, made by the first check that needs it."""
        if self._first_failure is not None:
            give_up(f"the topic could not be made ({self._first_failure})")
        return str(self.made_topic["topic"])

    @cached_property
    def made_topic(self) -> dict[str, Any]:
        """What making the topic answered."""
        event = {"action": "create_topic", "topic": self.options.topic, "config": TOPIC_CONFIG}
        try:
            made = self.body(event)
        except Settled as failure:
            self._first_failure = failure
            raise
        self.left_behind.append(f"topic {self.options.topic}")
        return made

    def plan_topic(self, **fields: object) -> Reply:
        """Ask whether the cluster would make a topic; none is made."""
        event = {"action": "create_topic", "topic": self.options.topic + "-plan"}
        return self.ask({**event, "validate_only": True, **fields})

    def produce(self, *records: Mapping[str, Any], **fields: object) -> dict[str, Any]:
        """Write records to this run's topic."""
        event = {"action": "produce", "topic": self.topic, "records": list(records)}
        return self.body({**event, **fields})
