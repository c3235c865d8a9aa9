"""What a pipeline rests on: Lambda's mapping, its network, its role, and CloudFormation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deploy.verify.assumption import DECISIONS, OPERATIONS, PIPELINE, PIPELINES, Assumption
from deploy.verify.checks.by_hand import because
from deploy.verify.run import DENIED
from deploy.verify.verdict import Verdict, give_up, refuted, settled

if TYPE_CHECKING:
    from deploy.verify.subject import Subject

CROSS_ACCOUNT = "docs/cross-account.md#"
NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
NO_MAPPING = "the function isn't called by a mapping here"
DEPLOYS = "it would deploy"
TWO_ACCOUNTS = "it takes two accounts"


def offset_lag(subject: Subject) -> Verdict:
    """The dimensions under which CloudWatch has the mapping's lag."""
    name = str(subject.configuration["FunctionArn"]).split(":")[6]
    found = subject.clients["cloudwatch"].list_metrics(
        Namespace="AWS/Lambda",
        MetricName="OffsetLag",
        Dimensions=[{"Name": "FunctionName", "Value": name}],
    )
    series = [sorted(d["Name"] for d in each["Dimensions"]) for each in found["Metrics"]]
    if not series:
        give_up(f"{name} has no OffsetLag: it has no mapping, or none that has read yet")
    return settled(["FunctionName"] in series, f"OffsetLag of {name} has {series}")


def unknown_cluster(subject: Subject) -> Verdict:
    """Ask for the brokers of a cluster whose id nobody has."""
    stem, _, last = subject.cluster_arn.rpartition("/")
    absent = f"{stem}/{NOBODYS_ID}{last[len(NOBODYS_ID) :]}"
    try:
        subject.clients["kafka"].get_bootstrap_brokers(ClusterArn=absent)
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] in DENIED:
            raise
        status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
        return settled(status in {400, 404}, f"HTTP {status}: {refusal}")
    return refuted(f"it has brokers for {absent}")


ASSUMPTIONS = (
    Assumption(
        "offset-lag",
        "CloudWatch has OffsetLag by FunctionName alone, as the alarm looks for it.",
        PIPELINES + "alarms",
        offset_lag,
        "Run this with FUNCTION=the function of a mapping, or list-metrics --namespace AWS/Lambda"
        " --metric-name OffsetLag.",
    ),
    Assumption(
        "unknown-cluster",
        "GetBootstrapBrokers answers 400 or 404 for a cluster that isn't there, no server's fault.",
        OPERATIONS + "something-is-wrong",
        unknown_cluster,
        "aws kafka get-bootstrap-brokers --debug with the ARN's id changed.",
    ),
    Assumption(
        "partial-response",
        "Lambda takes batchItemFailures whose itemIdentifier has partition (topic-number) and"
        " offset; one of its guides says topic-partition.",
        PIPELINE + "what-cant-be-stored",
        because(NO_MAPPING),
        "Deploy a mapping with ReportBatchItemFailures and DecodeValues=json, write a good record"
        " and no JSON: only the second may come again. The whole batch again is the other name.",
    ),
    Assumption(
        "on-demand-retries",
        "On demand a batch that failed comes again without end, after pauses that grow.",
        PIPELINE + "try-it-here",
        because(NO_MAPPING),
        "Let the function of a mapping fail (ESM_SINK=nowhere) for an hour, and compare the times"
        " of its calls with local.mapping's.",
    ),
    Assumption(
        "silent-mapping",
        "A mapping that can't reach its cluster tells so in LastProcessingResult, and has no lag.",
        PIPELINES + "alarms",
        because(NO_MAPPING),
        "Shut port 9098 to a mapping's group: see its state, and whether OffsetLag goes on.",
    ),
    Assumption(
        "split-in-conditions",
        "CloudFormation works out Fn::Select of Fn::Split within a condition, of a blank list too.",
        DECISIONS + "the-template-refuses-what-it-can-as-early-as-it-can",
        because(DEPLOYS),
        "Deploy template.yaml with VpcEndpoints blank and with sts, and deploy/pipeline.yaml with"
        " one and with two of SourceSubnetIds.",
    ),
    Assumption(
        "narrow-network-permissions",
        "Lambda makes a mapping's interfaces with the EC2 permissions on this account's ARNs, while"
        " the function's own code is denied them by lambda:SourceFunctionArn.",
        PIPELINES + "permissions",
        because("it would make a mapping"),
        "Deploy a mapping, and a drain: both must become active. Then let a function with that role"
        " call ec2:DescribeSubnets, which must be refused.",
    ),
    Assumption(
        "endpoints-after-the-mapping",
        "A mapping that is made before its endpoints tries again, and works once they are there.",
        DECISIONS + "a-pipeline-has-a-template-of-its-own-and-the-others-contain-it",
        because(DEPLOYS),
        "Deploy template.yaml in subnets without NAT with PipelineJob=mapping and"
        " VpcEndpoints=lambda,sts,sqs: LastProcessingResult must turn to OK.",
    ),
    Assumption(
        "own-kafka-network",
        "Lambda takes subnets and groups of a self-managed Kafka as subnet:ID and"
        " security_group:ID.",
        PIPELINES + "a-kafka-of-your-own",
        because("it would make a mapping"),
        "Deploy a mapping with SourceSubnetIds, and look at its SourceAccessConfigurations.",
    ),
    Assumption(
        "filter-key",
        "Lambda decrypts filters as lambda.amazonaws.com, so that the role needs no key.",
        PIPELINES + "a-key-for-the-filters",
        because("it would make a key"),
        "Deploy a mapping with FilterKeyArn, whose policy lets only that service decrypt.",
    ),
    Assumption(
        "glue-schema-version",
        "Lambda reads Glue's schemas with GetRegistry and GetSchemaVersion, the second on any ARN.",
        PIPELINES + "permissions",
        because("it takes a registry"),
        "Deploy a mapping with SchemaRegistryArn, write a record with a schema of it.",
    ),
    Assumption(
        "conditional-write",
        "Of conditional writes of one key at once S3 lets one succeed, and answers 412 or 409 to"
        " the others.",
        PIPELINE + "when-an-object-is-in-the-way",
        because("it would write to a bucket"),
        "Send the same consume with a destination and no group twice at once, on a topic of"
        " millions of records: each offset must stand in one object.",
    ),
    Assumption(
        "on-failure-forms",
        "An on-failure object has the event as text in payload, a record of a Kafka topic as an"
        " object; a message of SQS or SNS has the offsets in KafkaBatchInfo.",
        PIPELINE + "replay",
        because(NO_MAPPING),
        "Let a batch of a mapping fail for good, and replay what is told of it with dry_run: found"
        " must be its records.",
    ),
    Assumption(
        "filters-left-open",
        "A filter keeps a tombstone, and takes a number or quoted text that stands alone as text.",
        PIPELINE + "filters",
        because(NO_MAPPING),
        "Write such records to the topic of a mapping with FilterPattern1, and compare what comes"
        " with what test_filter says.",
    ),
    Assumption(
        "recursive-loop",
        "With RecursiveLoop=Allow a function calls itself through a queue as often as it needs.",
        PIPELINE + "s3-calls-the-function",
        because("it takes a large object"),
        "Load an object that takes more than 16 calls (Timeout=60): the topic must get it all.",
    ),
    Assumption(
        "http-forms",
        "Function URLs, API Gateway and load balancers send requests as in events/triggers/, and"
        " take the answers.",
        PIPELINE + "http-requests",
        because(DEPLOYS),
        "Deploy template.yaml with FunctionUrl=on, and post events/ping.json to it.",
    ),
    Assumption(
        "cross-account-network",
        "A mapping over a private connection uses its subnets and groups, and ports 14001-14100.",
        CROSS_ACCOUNT + "when-it-goes-wrong",
        because(TWO_ACCOUNTS),
        "Follow docs/cross-account.md, then shut the ports in the connection's group: the mapping"
        " must say connection error.",
    ),
    Assumption(
        "cluster-policy-principal",
        "A cluster policy for the account lets the mapping's role in, whose own policy allows it.",
        CROSS_ACCOUNT + "what-each-side-allows",
        because(TWO_ACCOUNTS),
        "Follow docs/cross-account.md. Where the login is refused name the role, and"
        " lambda.amazonaws.com, as principals too.",
    ),
    Assumption(
        "kafka-api-name",
        "The endpoint aws.api.REGION.kafka-api answers for the name that botocore asks with"
        " AWS_USE_DUALSTACK_ENDPOINT.",
        "docs/deployment.md#network",
        because("it would change the function"),
        "With VpcEndpoints=kafka give the function MSK_CLUSTER_ARN and that variable in the place"
        " of KAFKA_ENDPOINT, and send events/ping.json.",
    ),
)
