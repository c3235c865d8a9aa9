"""Every assumption about AWS. A new one is a function in `checks/` and an entry here."""

from __future__ import annotations

from deploy.verify.assumption import Assumption
from deploy.verify.checks import limits, login, observed, permissions, records, slow, topics
from deploy.verify.checks.by_hand import because, other_partition

OPERATIONS = "docs/operations.md#"
DECISIONS = "docs/decisions.md#"
DESIGN = "docs/design.md#"
LOCAL_MSK = "local/msk/README.md#"

_ASK_THE_CLUSTER = "Make such a topic with Kafka's own tools from a machine in the VPC."

REACHING = (
    Assumption(
        "login",
        "The cluster takes the token that the function signs itself.",
        DECISIONS + "our-own-signer-for-every-source-of-credentials",
        login.login,
        "Send events/ping.json and go through the causes in its message.",
    ),
    Assumption(
        "public-certificate",
        "The cluster's certificate is signed by an authority that the base image trusts.",
        OPERATIONS + "settings",
        login.public_certificate,
        "Take KAFKA_CA_FILE away and send events/ping.json.",
    ),
    Assumption(
        "host-names",
        "The names of endpoint and brokers hold the region that tokens are signed for.",
        OPERATIONS + "settings",
        login.host_names,
        "Compare the hosts in ping's answer with the region.",
    ),
    Assumption(
        "cluster-identity",
        "The cluster tells its id and a controller.",
        OPERATIONS + "ping",
        login.cluster_identity,
        "Look at ping's answer.",
    ),
    Assumption(
        "bootstrap-brokers",
        "GetBootstrapBrokers tells the endpoint as BootstrapBrokerStringSaslIam.",
        OPERATIONS + "something-is-wrong",
        login.bootstrap_brokers,
        "aws kafka get-bootstrap-brokers --cluster-arn ARN",
    ),
    Assumption(
        "arn-form",
        "A cluster's ARN ends in name and id, a Serverless one's id in -s and a digit.",
        OPERATIONS + "iam-permissions",
        login.arn_form,
        "aws kafka list-clusters-v2",
    ),
    Assumption(
        "kafka-version",
        "The cluster runs a Kafka between 2 and 4, as the local one does.",
        LOCAL_MSK + "how-it-differs",
        login.kafka_version,
        "Serverless doesn't tell: compare the protocol's versions, see api-versions.",
    ),
    Assumption(
        "api-versions",
        "The cluster offers the versions of the protocol that the function speaks.",
        LOCAL_MSK + "how-it-differs",
        observed.api_versions,
        'Set KAFKA_CLIENT_OPTIONS to {"debug": "feature"} and POWERTOOLS_LOG_LEVEL to DEBUG, send'
        " events/ping.json, run this again, and take both settings away.",
    ),
)

TOPICS = (
    Assumption(
        "replication-left-out",
        "A topic without replication factor gets the cluster's own.",
        OPERATIONS + "create_topic",
        topics.replication_left_out,
        _ASK_THE_CLUSTER,
    ),
    Assumption(
        "replication-three",
        "A replication factor of 3 is taken.",
        LOCAL_MSK + "how-it-differs",
        topics.replication_three,
        _ASK_THE_CLUSTER,
    ),
    Assumption(
        "replication-two",
        "A replication factor of 2 is taken.",
        LOCAL_MSK + "how-it-differs",
        topics.replication_two,
        _ASK_THE_CLUSTER,
    ),
    Assumption(
        "validate-only",
        "A request to validate a topic makes nothing.",
        OPERATIONS + "create_topic",
        topics.validate_only,
        "Send create_topic with validate_only, then events/list_topics.json.",
    ),
    Assumption(
        "no-auto-creation",
        "Writing to a topic that isn't there doesn't make it.",
        OPERATIONS + "produce",
        topics.no_auto_creation,
        "Send produce with create_if_missing false, then events/list_topics.json.",
    ),
    Assumption(
        "settable-configs",
        "The seven topic configs may be set.",
        OPERATIONS + "create_topic",
        topics.settable_configs,
        _ASK_THE_CLUSTER,
    ),
    Assumption(
        "fixed-configs",
        "Other topic configs are refused as InvalidRequest.",
        OPERATIONS + "create_topic",
        topics.fixed_configs,
        "MSK Provisioned takes more configs. " + _ASK_THE_CLUSTER,
    ),
    Assumption(
        "message-limit",
        "max.message.bytes goes up to 8 MiB and no further.",
        OPERATIONS + "errors",
        topics.message_limit,
        _ASK_THE_CLUSTER,
    ),
    Assumption(
        "partition-limit",
        "More than 2400 partitions are refused as InvalidRequest.",
        LOCAL_MSK + "how-it-differs",
        topics.partition_limit,
        _ASK_THE_CLUSTER,
    ),
    Assumption(
        "compacted-limit",
        "More than 120 compacted partitions are refused as InvalidRequest.",
        LOCAL_MSK + "how-it-differs",
        topics.compacted_limit,
        _ASK_THE_CLUSTER,
    ),
    Assumption(
        "usable-at-once",
        "A topic just made can be written to and read.",
        DECISIONS + "a-topic-just-made-is-waited-for",
        topics.usable_at_once,
        "Send events/create_topic.json and events/produce_records.json.",
    ),
    Assumption(
        "listed",
        "The role sees the topic that it has made.",
        OPERATIONS + "list_topics",
        topics.listed,
        "Send events/list_topics.json.",
    ),
)

RECORDS = (
    Assumption(
        "round-trip",
        "An idempotent write works, and keys, headers, tombstones and bytes come back as sent.",
        OPERATIONS + "guarantees",
        records.round_trip,
        "Send events/produce_records.json, then consume the topic.",
    ),
    Assumption(
        "large-record",
        "A topic for 8 MiB takes and returns a record of 4 MiB.",
        OPERATIONS + "errors",
        records.large_record,
        "Send an event with such a record.",
    ),
    Assumption(
        "bookmark",
        "Committed offsets can be written and read by a client that never joins.",
        DECISIONS + "groups-are-asked-through-a-consumer-not-through-the-adminclient",
        records.bookmark,
        "Send events/consume_with_bookmark.json twice.",
    ),
    Assumption(
        "answer-limit",
        "Lambda lets an answer of 6,291,556 bytes through.",
        OPERATIONS + "consume",
        records.answer_limit,
        "Consume a topic of more than 7 MB and count the answer's bytes.",
    ),
    Assumption(
        "unescaped",
        "The base image sets AWS_EXECUTION_ENV, so that answers aren't escaped.",
        DECISIONS + "answers-measured-with-the-runtimes-own-encoder",
        records.unescaped,
        "Consume a record with a letter beyond ASCII and look at the answer's bytes.",
    ),
)

PERMISSIONS = (
    Assumption(
        "read-without-group",
        "Reading without a group needs no AlterGroup.",
        OPERATIONS + "iam-permissions",
        permissions.read_without_group,
        "Take AlterGroup out of the role's policy, wait two minutes, send events/consume.json.",
    ),
    Assumption(
        "idempotence-permission",
        "An idempotent write needs WriteDataIdempotently on the cluster.",
        OPERATIONS + "policy-for-produce",
        permissions.idempotence_permission,
        "Take it out of the role's policy, wait two minutes, send events/produce.json.",
    ),
    Assumption(
        "hidden-topic",
        "A topic that the role may not describe is NotAuthorized, also where it doesn't exist.",
        DECISIONS + "a-missing-topic-permission-on-create",
        permissions.hidden_topic,
        "Limit the role to a prefix and consume a topic outside of it.",
    ),
    Assumption(
        "refused-connect",
        "A role without Connect is refused at the login, with Access denied.",
        OPERATIONS + "something-is-wrong",
        because("it would change the role's policy"),
        "Take Connect out of the role's policy, wait two minutes, send events/ping.json: it must"
        " be AuthenticationFailed. Put it back.",
    ),
    Assumption(
        "policy-delay",
        "A policy's change holds within about a minute.",
        OPERATIONS + "something-is-wrong",
        because("it would change the role's policy"),
        "While you do refused-connect, send events/ping.json every 5 s and take the time.",
    ),
    Assumption(
        "other-partitions",
        "In China and GovCloud a token is signed for kafka.REGION.amazonaws.com too.",
        OPERATIONS + "iam-permissions",
        other_partition,
        "Run this against a function there.",
    ),
)

LAMBDA = (
    Assumption(
        "error-type",
        "A failure reaches the caller as FunctionError, with our class as errorType.",
        OPERATIONS + "errors",
        limits.error_type,
        "Send the console's hello-world event.",
    ),
    Assumption(
        "request-limit",
        "An event of 6 MiB is taken, and one byte more is refused with 413.",
        OPERATIONS + "something-is-wrong",
        limits.request_limit,
        "Send a ping padded with spaces.",
    ),
    Assumption(
        "asynchronous-limit",
        "An asynchronous event goes up to 1 MiB.",
        OPERATIONS + "something-is-wrong",
        limits.asynchronous_limit,
        "Send a ping padded with spaces, with --invocation-type Event.",
    ),
    Assumption(
        "asynchronous-retries",
        "Lambda repeats a failed asynchronous event twice, unless that is set otherwise.",
        OPERATIONS + "calling-it",
        limits.asynchronous_retries,
        "aws lambda get-function-event-invoke-config --function-name NAME",
    ),
    Assumption(
        "libraries",
        "The wheels of the lock load in the base image.",
        DECISIONS + "dependencies-of-the-function",
        limits.libraries,
        "Compare versions in ping's answer with requirements/runtime.lock.",
    ),
    Assumption(
        "log-line",
        "The function's line of JSON comes through Lambda's log as it is.",
        OPERATIONS + "logs-and-metrics",
        observed.log_line,
        "Look at the log after events/ping.json.",
    ),
    Assumption(
        "metrics",
        "CloudWatch takes the metrics out of the log.",
        OPERATIONS + "logs-and-metrics",
        observed.metrics,
        "Look for the namespace MskLambdaClient some minutes after the first event.",
    ),
    Assumption(
        "cold-start",
        "An environment is initialised within Lambda's 10 s.",
        DESIGN + "how-a-client-is-made",
        observed.cold_start,
        "Look for Init Duration in the log.",
    ),
    Assumption(
        "memory",
        "What the function has used of its memory stays below what it has.",
        OPERATIONS + "something-is-wrong",
        observed.memory,
        "Look for Max Memory Used in the log.",
    ),
    Assumption(
        "credentials-renewed",
        "Lambda gives an environment fresh credentials before the old ones end, or a new life.",
        OPERATIONS + "something-is-wrong",
        observed.credentials_renewed,
        "Send events/ping.json every 5 minutes for a day, then run this again.",
    ),
)

SLOW = (
    Assumption(
        "idle-connection",
        "The cluster leaves a connection open that is idle for 45 s.",
        DESIGN + "freeze-and-thaw",
        slow.idle_connection,
        slow=True,
    ),
    Assumption(
        "long-session",
        "A connection lives on past its token, by logging in again.",
        DESIGN + "how-a-token-is-made",
        slow.long_session,
        slow=True,
    ),
    Assumption(
        "before-the-kill",
        "The function answers before Lambda ends it, when its time runs out.",
        DESIGN + "deadlines",
        slow.before_the_kill,
        slow=True,
    ),
    Assumption(
        "retries-observed",
        "A repeated asynchronous event keeps its request id, on which stamp rests.",
        OPERATIONS + "guarantees",
        slow.retries_observed,
        slow=True,
    ),
)

BY_HAND = (
    Assumption(
        "quotas",
        "The quotas of MSK Serverless are those of its documentation, and exceeding them is"
        " ThrottledOrBusy.",
        LOCAL_MSK + "how-it-differs",
        because("it would load the cluster"),
        "Compare with the page on Amazon MSK quotas and with Service Quotas in the console.",
    ),
    Assumption(
        "restored-credentials",
        "With SnapStart the credentials come from the container's endpoint.",
        DECISIONS + "our-own-signer-for-every-source-of-credentials",
        because("SnapStart isn't used"),
        "Publish a version with SnapStart and send events/ping.json to it.",
    ),
    Assumption(
        "no-shutdown-signal",
        "Nothing may rest on SIGTERM: without an extension Lambda sends none.",
        DESIGN + "freeze-and-thaw",
        because("the function has no way to tell"),
        "Nothing rests on it: nothing needs to be done.",
    ),
    Assumption(
        "base-image",
        "public.ecr.aws/lambda/python:3.13 can be pulled for both architectures.",
        OPERATIONS + "iam-permissions",
        because("it is a matter of building, not of the deployed function"),
        "docker manifest inspect public.ecr.aws/lambda/python:3.13",
    ),
    Assumption(
        "tombstones-of-the-mapping",
        "An event source mapping tells a tombstone as a null value or leaves the value out.",
        OPERATIONS + "consume",
        because("the function isn't called by a mapping"),
        "Attach a mapping, write a record with a null value, and look at the event.",
    ),
    Assumption(
        "schedule-input",
        "EventBridge Scheduler sends exactly its Input.",
        OPERATIONS + "calling-it",
        because("it would make a schedule"),
        "Give a schedule events/ping.json as Input and look for its line in the log.",
    ),
    Assumption(
        "step-functions",
        "Step Functions matches Catch and Retry with our classes.",
        OPERATIONS + "calling-it",
        because("it would make a state machine"),
        "Run the state machine of docs/operations.md on a topic that isn't there.",
    ),
    Assumption(
        "expired-credentials",
        "Changing an environment variable gives the function new credentials.",
        OPERATIONS + "something-is-wrong",
        because("it would change the function"),
        "Change POWERTOOLS_LOG_LEVEL: the next ping must be a cold start.",
    ),
    Assumption(
        "out-of-memory",
        "A function out of memory fails as Runtime.ExitError.",
        OPERATIONS + "something-is-wrong",
        because("it would change the function's memory"),
        "Give a copy of the function 128 MB and consume a topic of more than 6 MB.",
    ),
)

ASSUMPTIONS = (*REACHING, *TOPICS, *RECORDS, *PERMISSIONS, *LAMBDA, *SLOW, *BY_HAND)
