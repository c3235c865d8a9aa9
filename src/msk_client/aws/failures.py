"""What it means that MSK's own API gave no brokers: a class of ours, why, and what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msk_client import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msk_client.arn import ClusterArn, Connectivity

BAD_LOGIN = frozenset(
    {
        *("UnrecognizedClientException", "InvalidClientTokenId", "InvalidToken"),
        *("InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"),
        *("ExpiredToken", "ExpiredTokenException", "MissingAuthenticationToken"),
        *("MissingAuthenticationTokenException", "UnauthorizedException"),
    }
)
THROTTLED = frozenset({"TooManyRequestsException", "ThrottlingException", "ConflictException"})
STATE = re.compile(r"in (?:the )?([A-Z_]+) state")
"""MSK gives the brokers of a cluster only while it works: "... for a cluster in X state"."""

FOR_EVER = frozenset({"FAILED", "DELETING"})


def unreachable(cluster: ClusterArn, host: str, why: str) -> errors.BrokerUnreachable:
    """Make the exception for an API that doesn't answer."""
    return errors.BrokerUnreachable(
        f"MSK's API at {host or f'kafka.{cluster.region}.amazonaws.com'} could not be asked for the"
        f" brokers of {cluster.text}: {why}. A function in a VPC reaches it only by an interface"
        f" endpoint for aws.api.{cluster.region}.kafka-api, with port 443 open to the function's"
        " security group and AWS_USE_DUALSTACK_ENDPOINT=true, or by a NAT gateway. Or set"
        " KAFKA_ENDPOINT, which needs neither."
    )


def no_listener(
    cluster: ClusterArn, connectivity: Connectivity, offered: Sequence[Connectivity]
) -> errors.InvalidSetting:
    """Make the exception for a cluster that can't be reached in the way that is set."""
    remedy = (
        f"it has one for {' and '.join(offered)}."
        if offered
        else "turn on IAM role-based authentication of the cluster, or wait until it is active."
    )
    return errors.InvalidSetting(
        f"{cluster.name} is {cluster.text}, a cluster without a listener for IAM by the"
        f" connectivity {connectivity}: {remedy}"
    )


def refused(cluster: ClusterArn, response: dict[str, Any]) -> errors.MskClientError:
    """Make the exception for an answer that is an error."""
    code = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"[{code}, HTTP {status}: {response.get('Error', {}).get('Message', '')}]"
    if code in BAD_LOGIN:
        return errors.AuthenticationFailed(
            f"MSK's API in {cluster.region} refused the function's credentials while asked for the"
            f" brokers of {cluster.text}: they are wrong or have expired, or this machine's clock"
            f" is off. {said}"
        )
    if status in {401, 403} or code == "AccessDeniedException":
        return errors.NotAuthorized(
            f"The role may not look up the cluster's brokers: it lacks kafka:GetBootstrapBrokers on"
            f" {cluster.text}, or an endpoint's policy forbids it. Add it to the role's policy, or"
            f" set KAFKA_ENDPOINT, which needs no look-up. {said}"
        )
    state = STATE.search(said)
    passing = state is not None and state[1] not in FOR_EVER
    if passing or code in THROTTLED or status == 429 or status >= 500:  # noqa: PLR2004 - HTTP
        return errors.ThrottledOrBusy(
            f"MSK can't tell the brokers of {cluster.text} now: try again in a few seconds, or once"
            f" the cluster is active. {said}"
        )
    return errors.InvalidSetting(
        f"{cluster.name} is {cluster.text}, for which MSK's API in {cluster.region} has no"
        f" brokers: compare it with `aws kafka list-clusters-v2`. {said}"
    )
