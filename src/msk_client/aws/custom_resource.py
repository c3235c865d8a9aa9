"""A CloudFormation custom resource that tells a template the brokers of a cluster.

`AWS::MSK::ServerlessCluster` has no attribute for them. Properties: `ClusterArn`, and
`Connectivity` (`private`, `vpc_connection` or `public`). Attribute: `BootstrapBrokers`. The
function runs outside the VPC, where it reaches MSK's own API without an endpoint.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from msk_client import arn, errors
from msk_client.aws import brokers, failures
from msk_client.deadline import Deadline
from msk_client.settings import settings
from msk_client.telemetry import logger

if TYPE_CHECKING:
    from msk_client.deadline import LambdaContext

Event = dict[str, Any]

POLL_S = 5.0
"""How often a cluster is asked that has no brokers yet."""

NEWS_S = 60.0
"""How long a role just made may be refused: IAM's changes take that long to be known everywhere."""

ANSWER_S = 20.0
"""Looking up ends this much (or a third of the time) before the function's own time."""

ATTEMPT_S = 5.0
RETRY_S = 1.0
SERVER_ERROR = 500
MAX_REASON_BYTES = 1_500
"""CloudFormation takes an answer of 4 KB, in which a quotation mark takes two bytes."""

MAX_ID = 200
"""Characters of a resource's id; an ARN is shorter."""


def on_event(event: Event, context: LambdaContext) -> Event:
    """Carry out CloudFormation's request and PUT the answer, which is also what is returned.

    Every failure is answered, so that no stack waits for it. One to answer is raised: Lambda then
    calls again.
    """
    deadline = Deadline.of(context)
    url = event.get("ResponseURL")
    if not isinstance(url, str) or urlsplit(url).scheme not in {"https", "http"}:
        raise errors.InvalidRequest(
            "The event has no 'ResponseURL': this function is called by CloudFormation, for a"
            " custom resource of a template."
        )
    answer = _common(event) | _outcome(event, deadline)
    logger().info("answered", extra={"request": event.get("RequestType"), **answer})
    _put(url, answer, deadline)
    return answer


def _common(event: Event) -> Event:
    """What every answer repeats. A new resource is called by the cluster that it is for."""
    properties = event.get("ResourceProperties") or {}
    resource_id = event.get("PhysicalResourceId") or properties.get("ClusterArn") or "no-cluster"
    names = ("StackId", "RequestId", "LogicalResourceId")
    return {"PhysicalResourceId": str(resource_id)[:MAX_ID]} | {n: event.get(n) for n in names}


def _outcome(event: Event, deadline: Deadline) -> Event:
    """Look up, or say why not; there is nothing to delete."""
    if event.get("RequestType") == "Delete":
        return {"Status": "SUCCESS"}
    try:
        cluster, found = _look_up(event.get("ResourceProperties") or {}, deadline)
    except Exception as problem:  # noqa: BLE001 - a stack must not wait an hour for a bug
        if not isinstance(problem, errors.MskClientError):
            logger().exception("a bug")
        reason = f"{type(problem).__name__}: {problem}"
        cut = reason.encode("utf-8", "backslashreplace")[:MAX_REASON_BYTES]
        return {"Status": "FAILED", "Reason": cut.decode("utf-8", "ignore")}
    data = {"BootstrapBrokers": found}
    return {"Status": "SUCCESS", "PhysicalResourceId": cluster, "Data": data}


def _look_up(properties: Event, deadline: Deadline) -> tuple[str, str]:
    """Ask until the cluster has brokers, or the time is up; answers its ARN and them."""
    cluster = arn.cluster_arn(str(properties.get("ClusterArn") or ""), "ClusterArn")
    way = arn.connectivity(str(properties.get("Connectivity") or "private"), "Connectivity")
    until = deadline.earlier(min(ANSWER_S, deadline.left_s / 3))
    news = until.within(NEWS_S)
    while True:
        found = _ask(cluster, way, until)
        if isinstance(found, str):
            return cluster.text, found
        patience = news if isinstance(found, errors.NotAuthorized) else until
        if patience.left_s <= POLL_S:
            raise found
        time.sleep(POLL_S)


def _ask(
    cluster: arn.ClusterArn, way: arn.Connectivity, until: Deadline
) -> str | errors.MskClientError:
    """Answer the brokers, or what stands in the way and may pass."""
    limit = until.within(settings().connect_timeout_s)
    try:
        answer = brokers.ask(cluster, settings().credentials, limit)
    except (errors.NotAuthorized, errors.ThrottledOrBusy, errors.BrokerUnreachable) as problem:
        return problem
    found = brokers.listener(answer, way)
    return failures.no_listener(cluster, way, brokers.offered(answer)) if found is None else found


def _put(url: str, answer: Event, deadline: Deadline) -> None:
    """Send the answer to the presigned URL, which is signed for an empty content type."""
    request = Request(  # noqa: S310 - the scheme is checked
        url, _encode(answer), {"Content-Type": ""}, method="PUT"
    )
    while True:
        timeout_s = max(0.1, min(ATTEMPT_S, deadline.left_s))
        try:
            with urlopen(request, timeout=timeout_s):  # noqa: S310 - same
                return
        except HTTPError as problem:
            problem.close()
            why, passes = f"HTTP {problem.code}", problem.code >= SERVER_ERROR
        except OSError as problem:  # URLError is one
            why, passes = str(problem), True
        if not passes or deadline.left_s <= RETRY_S:
            raise _unanswered(url, why)
        time.sleep(RETRY_S)


def _encode(answer: Event) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _unanswered(url: str, why: str) -> errors.BrokerUnreachable:
    """The URL's query is its signature, and stays out of the log."""
    return errors.BrokerUnreachable(
        f"CloudFormation's answer could not be sent to {urlsplit(url).netloc}: {why}. This function"
        " needs the internet, so it must not be in a VPC without a NAT gateway."
    )
