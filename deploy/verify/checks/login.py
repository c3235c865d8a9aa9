"""Network, login, and what the cluster says of itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from deploy.verify.assumption import DECISIONS, LOCAL_MSK, OPERATIONS, Assumption
from deploy.verify.verdict import Verdict, confirmed, give_up, not_checked, refuted, settled
from msk_client.settings import MSK_HOST

if TYPE_CHECKING:
    from deploy.verify.subject import Subject

PING = {"action": "ping"}
CLUSTER_ARN = re.compile(
    r"arn:aws[a-z-]*:kafka:(?P<region>[a-z0-9-]+):\d{12}:cluster/[^/]+/[0-9a-f-]{36}(?P<end>-\w+)"
)


def login(subject: Subject) -> Verdict:
    """Ping: TLS, token, `Connect`; unlike elsewhere, a refusal is the answer looked for."""
    reply = subject.invoke(PING)
    if reply.error_type == "AuthenticationFailed":
        return refuted(reply.quoted)
    if reply.error_type is not None:
        return not_checked(f"ping failed otherwise: {reply.quoted}")
    return confirmed(f"ping reached {reply.body['endpoint']} in {reply.body['times_ms']}")


def public_certificate(subject: Subject) -> Verdict:
    """Ping without a certificate file."""
    if subject.environment.get("KAFKA_CA_FILE"):
        give_up("KAFKA_CA_FILE is set")
    reply = subject.invoke(PING)
    if reply.error_type is None:
        return confirmed("ping got through with the system's certificates")
    if "trusted authority" in reply.error_message:
        return refuted(reply.quoted)
    return not_checked(f"ping failed otherwise: {reply.quoted}")


def host_names(subject: Subject) -> Verdict:
    """The region in the endpoint's and the brokers' names."""
    body = subject.body(PING)
    hosts = {server.rpartition(":")[0] for server in body["endpoint"].split(",")}
    hosts |= {broker["host"] for broker in body["brokers"]}
    regions = {host: MSK_HOST.search(host) for host in hosts}
    unlike = sorted(host for host, found in regions.items() if found is None)
    if unlike:
        return refuted(f"no region can be told from {', '.join(unlike)}")
    told = {found[1] for found in regions.values() if found}
    return settled(told == {subject.region}, f"{', '.join(sorted(hosts))} in {subject.region}")


def cluster_identity(subject: Subject) -> Verdict:
    """What ping answers of the cluster."""
    body = subject.body(PING)
    evidence = f"cluster_id {body['cluster_id']!r}, controller_id {body['controller_id']!r}"
    return settled(body["cluster_id"] and body["controller_id"] is not None, evidence)


def bootstrap_brokers(subject: Subject) -> Verdict:
    """GetBootstrapBrokers and the endpoint that is set."""
    found = subject.clients["kafka"].get_bootstrap_brokers(ClusterArn=subject.cluster_arn)
    told = found.get("BootstrapBrokerStringSaslIam")
    if told is None:
        return refuted(f"GetBootstrapBrokers answers only {sorted(found)}")
    endpoint = subject.environment.get("KAFKA_ENDPOINT")
    if not endpoint:
        return confirmed(f"GetBootstrapBrokers answers {told}")
    same = set(told.split(",")) & set(endpoint.split(","))
    return settled(same, f"GetBootstrapBrokers answers {told}, KAFKA_ENDPOINT is {endpoint}")


def brokers_looked_up(subject: Subject) -> Verdict:
    """Ping of a function that knows the cluster's ARN only."""
    environment = subject.environment
    if not environment.get("MSK_CLUSTER_ARN") or environment.get("KAFKA_ENDPOINT"):
        give_up("the function is not deployed with MSK_CLUSTER_ARN in the place of KAFKA_ENDPOINT")
    reply = subject.invoke(PING)
    return settled(reply.error_type is None, f"ping: {reply.quoted}")


def arn_form(subject: Subject) -> Verdict:
    """The form of the cluster's ARN, on which policies rest."""
    arn = subject.cluster_arn
    serverless = _cluster(subject)["ClusterType"] == "SERVERLESS"
    match = CLUSTER_ARN.fullmatch(arn)
    ends = match is not None and (not serverless or re.fullmatch(r"-s\d", match["end"]))
    return settled(ends, f"{'Serverless' if serverless else 'Provisioned'}: {arn}")


def kafka_version(subject: Subject) -> Verdict:
    """The version, which only MSK Provisioned tells."""
    cluster = _cluster(subject)
    if cluster["ClusterType"] == "SERVERLESS":
        return not_checked("MSK Serverless doesn't tell its Kafka version")
    version = cluster["Provisioned"]["CurrentBrokerSoftwareInfo"]["KafkaVersion"]
    major = int(re.match(r"\d+", version)[0])  # type: ignore[index] # every version begins so
    return settled(major in {2, 3, 4}, f"Kafka {version}")


def _cluster(subject: Subject) -> dict[str, Any]:
    found: dict[str, Any] = subject.clients["kafka"].describe_cluster_v2(
        ClusterArn=subject.cluster_arn
    )["ClusterInfo"]
    return found


ASSUMPTIONS = (
    Assumption(
        "login",
        "The cluster takes the token that the function signs itself.",
        DECISIONS + "our-own-signer-for-every-source-of-credentials",
        login,
        "Send events/ping.json and go through the causes in its message.",
    ),
    Assumption(
        "public-certificate",
        "The cluster's certificate is signed by an authority that the base image trusts.",
        OPERATIONS + "settings",
        public_certificate,
        "Take KAFKA_CA_FILE away and send events/ping.json.",
    ),
    Assumption(
        "host-names",
        "The names of endpoint and brokers hold the region that tokens are signed for.",
        OPERATIONS + "settings",
        host_names,
        "Compare the hosts in ping's answer with the region.",
    ),
    Assumption(
        "cluster-identity",
        "The cluster tells its id and a controller.",
        OPERATIONS + "ping",
        cluster_identity,
        "Look at ping's answer.",
    ),
    Assumption(
        "bootstrap-brokers",
        "GetBootstrapBrokers tells the endpoint as BootstrapBrokerStringSaslIam.",
        OPERATIONS + "something-is-wrong",
        bootstrap_brokers,
        "aws kafka get-bootstrap-brokers --cluster-arn ARN",
    ),
    Assumption(
        "brokers-looked-up",
        "Given MSK_CLUSTER_ARN, the function finds the brokers from inside the VPC.",
        DECISIONS + "the-clusters-arn-instead-of-its-brokers",
        brokers_looked_up,
        "Deploy without BootstrapBrokers, with the kafka endpoint or NAT, and send"
        " events/ping.json.",
    ),
    Assumption(
        "arn-form",
        "A cluster's ARN ends in name and id, a Serverless one's id in -s and a digit.",
        OPERATIONS + "iam-permissions",
        arn_form,
        "aws kafka list-clusters-v2",
    ),
    Assumption(
        "kafka-version",
        "The cluster runs a Kafka between 2 and 4, as the local one does.",
        LOCAL_MSK + "how-it-differs",
        kafka_version,
        "Serverless doesn't tell: compare the protocol's versions, see api-versions.",
    ),
)
