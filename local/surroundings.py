"""What `make invoke` sends an event to: what the shell names, and for the rest what it starts."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from local.aws import LocalAws, start_aws
from local.aws.look import list_objects
from local.msk import DEFAULT_ROLE, start_msk
from local.samples import BUCKET, stock
from local.settings import defaults, for_local_cluster, of_shell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EVENTS = Path(__file__).parents[1] / "events"
SAMPLES = ("create_topic.json", "produce.json", "produce_records.json")
READING = ("consume", "replay")


@dataclass(frozen=True)
class Plan:
    """What has to be started, and what the function is told."""

    starts_msk: bool
    starts_aws: bool
    taken: Mapping[str, str]
    """From the shell."""
    added: Mapping[str, str]
    """What the shell leaves open; a cluster and services come on top."""


def plan(shell: Mapping[str, str]) -> Plan:
    """Tell what is needed: with our local cluster goes a local S3 and SQS, never AWS itself."""
    named = bool(shell.get("KAFKA_ENDPOINT") or shell.get("MSK_CLUSTER_ARN"))
    is_local = not named or shell.get("AWS_ACCESS_KEY_ID") == DEFAULT_ROLE.access_key_id
    endpoints = [shell.get(f"AWS_ENDPOINT_URL_{service}") for service in ("S3", "SQS")]
    has_aws = bool(shell.get("AWS_ENDPOINT_URL")) or all(endpoints)
    return Plan(
        starts_msk=not named,
        starts_aws=is_local and not has_aws,
        taken=of_shell(shell) if named else for_local_cluster(shell),
        added=defaults(shell) if is_local else {},
    )


@dataclass
class Surroundings:
    """A context manager: starts what the plan says, and ends it."""

    plan: Plan
    tell: Callable[[str], None]
    variables: dict[str, str] = field(default_factory=dict)
    """The function's."""
    _aws: LocalAws | None = None
    _running: ExitStack = field(default_factory=ExitStack)
    _stocked: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._start(starting)
            self._running = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _start(self, running: ExitStack) -> None:
        if self.plan.starts_msk:
            self.tell("Starting a local MSK ...")
            self.variables |= running.enter_context(start_msk()).environment()
        if self.plan.starts_aws:
            self.variables |= self._started_aws(running).environment()
        self.variables |= {**self.plan.added, **self.plan.taken}
        if self.plan.added:
            added = " ".join(f"{name}={value}" for name, value in self.plan.added.items())
            self.tell(f"Not exported, so set here: {added}")

    def _started_aws(self, running: ExitStack) -> LocalAws:
        self.tell(f"Starting a local S3 and SQS, with events/objects in s3://{BUCKET} ...")
        self._aws = running.enter_context(start_aws())
        stock(self._aws)
        self._stocked = set(self._objects())
        return self._aws

    def samples_for(self, event: object) -> list[Any]:
        """Return what to send first, so that a new cluster has what the event reads."""
        if not self.plan.starts_msk or not _needs_topics(event):
            return []
        self.tell(f"The cluster is new, so first come {', '.join(SAMPLES)} of events/.")
        return [json.loads((EVENTS / name).read_bytes()) for name in SAMPLES]

    def written(self) -> list[str]:
        """Return the objects that were added to the S3 started here."""
        return [uri for uri in self._objects() if uri not in self._stocked]

    def _objects(self) -> list[str]:
        if self._aws is None:
            return []
        return [line.uri for line in list_objects(self._aws.client("s3"))]


def _needs_topics(event: object) -> bool:
    """Tell whether an event fails where its topic isn't there: what is read, and SQS's messages."""
    if not isinstance(event, dict):
        return False
    return event.get("action") in READING or '"aws:sqs"' in json.dumps(event.get("Records"))
