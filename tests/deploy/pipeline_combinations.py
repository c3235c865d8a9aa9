"""Parameters of the pipeline's template together: what a rule refuses, and what is deployed."""

from __future__ import annotations

from local.msk.roles import CLUSTER_ARN
from tests.deploy.pipeline_template import (
    CA_SECRET,
    CONNECTION,
    COPY,
    DRAIN,
    GLUE,
    JOBS,
    KEY,
    LOAD,
    MAPPING,
    NETWORK,
    OTHER_CLUSTER,
    OWN,
    OWN_NETWORK,
    QUEUE,
    QUEUED,
    REGISTRY_CA_SECRET,
    REGISTRY_SECRET,
    SECRET,
    TOPIC,
)

SNS = "arn:aws:sns:us-east-1:123456789012:failed"
PROVISIONED = MAPPING | {"ProvisionedMode": "on"}
SCHEMA_URL = {"SchemaRegistryUrl": "https://registry.example.com"}
CONNECTED = MAPPING | {"VpcConnectionArn": CONNECTION}


def without(given: dict[str, str], *names: str) -> dict[str, str]:
    """Leave some parameters out."""
    return {name: value for name, value in given.items() if name not in names}


WRONG: list[tuple[str, int, dict[str, str]]] = [
    ("GroupIsNamed", 0, without(MAPPING, "GroupId")),
    ("GroupIsNamed", 0, without(DRAIN, "GroupId")),
    *(
        ("FunctionReachesItsCluster", i, without(job, name))
        for i, name in enumerate(NETWORK)
        for job in (DRAIN, LOAD, COPY)
    ),
    ("FunctionReachesS3", 0, without(DRAIN, "S3PrefixListId")),
    ("FunctionReachesS3", 0, without(LOAD, "S3PrefixListId")),
    ("FunctionReachesS3", 0, COPY | {"DeadLetters": "s3"}),
    ("GatewayEndpointIsReached", 0, QUEUED | {"RouteTableIds": "rtb-01234567"}),
    (
        "GatewayEndpointIsReached",
        1,
        MAPPING | {"RouteTableIds": "rtb-01234567", "S3PrefixListId": "pl-01234567"},
    ),
    *(
        ("EndpointsHaveANetwork", i, MAPPING | {"VpcEndpoints": "sts"} | without(NETWORK, name))
        for i, name in enumerate(("VpcId", "SubnetIds", "SecurityGroupIds"))
    ),
    ("TopicIsOfOneCluster", 0, without(MAPPING, "ClusterArn")),
    ("TopicIsOfOneCluster", 0, without(DRAIN, "ClusterArn")),
    ("TopicIsOfOneCluster", 1, OWN | {"ClusterArn": CLUSTER_ARN}),
    ("OwnKafkaIsForAMapping", 0, without(DRAIN, "ClusterArn") | without(OWN, "Job")),
    ("OwnKafkaIsForAMapping", 1, without(OWN, "SecretArn", "Authentication")),
    ("OwnKafkaIsForAMapping", 2, without(OWN, "SecretArn") | {"Authentication": "none"}),
    *(("OwnKafkaIsForAMapping", 3, OWN | without(OWN_NETWORK, name)) for name in OWN_NETWORK),
    ("OwnKafkaIsForAMapping", 4, OWN | {"VpcConnectionArn": CONNECTION}),
    ("OwnKafkaIsForAMapping", 5, OWN | NETWORK | {"Sink": "produce", "TargetTopic": "copies"}),
    *(
        ("MskIsMsk", 0, MAPPING | {"Authentication": login, "SecretArn": SECRET})
        for login in ("scram256", "plain")
    ),
    ("MskIsMsk", 0, MAPPING | {"Authentication": "none"}),
    *(("MskIsMsk", 1, MAPPING | {name: value}) for name, value in OWN_NETWORK.items()),
    ("MskIsMsk", 1, MAPPING | {"RootCaSecretArn": CA_SECRET}),
    ("ConnectionIsForAMapping", 0, DRAIN | {"VpcConnectionArn": CONNECTION}),
    ("ConnectionIsForAMapping", 1, COPY | {"VpcConnectionArn": CONNECTION}),
    ("ProduceHasATarget", 0, without(COPY, "TargetTopic")),
    ("ProduceHasATarget", 1, COPY | {"TargetTopic": TOPIC}),
    ("ProduceHasATarget", 2, COPY | {"TargetClusterArn": CLUSTER_ARN}),
    ("OnlyProduceHasATarget", 0, MAPPING | {"TargetTopic": "copies"}),
    ("OnlyProduceHasATarget", 0, MAPPING | {"TargetClusterArn": OTHER_CLUSTER}),
    ("TimeIsGivenWhereItCounts", 0, MAPPING | {"StartingPosition": "AT_TIMESTAMP"}),
    ("TimeCountsNowhereElse", 0, MAPPING | {"StartingTimestamp": "1767225600"}),
    ("LoginHasItsSecret", 0, MAPPING | {"Authentication": "scram"}),
    ("LoginHasItsSecret", 0, MAPPING | {"Authentication": "mtls"}),
    ("LoginHasItsSecret", 0, without(OWN, "SecretArn")),
    ("LoginHasItsSecret", 0, without(OWN, "SecretArn") | {"Authentication": "scram256"}),
    ("IamHasNoSecret", 0, MAPPING | {"SecretArn": SECRET}),
    ("IamHasNoSecret", 0, OWN | OWN_NETWORK | {"Authentication": "none"}),
    ("KeyIsOfASecret", 0, MAPPING | {"SecretKeyArn": KEY}),
    ("KeyIsOfFilters", 0, MAPPING | {"FilterKeyArn": KEY}),
    ("SchemasAreOfOneRegistry", 0, PROVISIONED | SCHEMA_URL | {"SchemaRegistryArn": GLUE}),
    *(
        ("OnlyAUrlHasALogin", 0, PROVISIONED | {"SchemaRegistryArn": GLUE, **given})
        for given in (
            {"SchemaAuthentication": "basic"},
            {"SchemaSecretArn": REGISTRY_SECRET},
            {"SchemaRootCaSecretArn": REGISTRY_CA_SECRET},
        )
    ),
    ("RegistryHasItsSecret", 0, PROVISIONED | SCHEMA_URL | {"SchemaAuthentication": "mtls"}),
    ("RegistryHasItsSecret", 0, PROVISIONED | SCHEMA_URL | {"SchemaSecretArn": REGISTRY_SECRET}),
    (
        "FailedBatchesGoToOnePlace",
        0,
        MAPPING | {"OnFailureQueueArn": QUEUE, "OnFailureBucket": "b-1"},
    ),
    (
        "FailedBatchesGoToOnePlace",
        0,
        PROVISIONED | {"OnFailureKafkaTopic": "failed", "OnFailureTopicArn": SNS},
    ),
    ("FailedBatchesGoToOnePlace", 1, PROVISIONED | {"OnFailureKafkaTopic": TOPIC}),
    ("ProvisionedModeIsNeeded", 0, MAPPING | {"OnFailureKafkaTopic": "failed"}),
    ("ProvisionedModeIsNeeded", 1, MAPPING | {"PollerGroup": "lake"}),
    ("ProvisionedModeIsNeeded", 2, MAPPING | {"MaximumRetries": "3"}),
    ("ProvisionedModeIsNeeded", 3, MAPPING | {"MaximumRecordAge": "3600"}),
    ("ProvisionedModeIsNeeded", 4, MAPPING | {"BisectOnError": "on"}),
    ("ProvisionedModeIsNeeded", 5, MAPPING | {"ReportBatchItemFailures": "on"}),
    ("ProvisionedModeIsNeeded", 6, MAPPING | {"MappingLogLevel": "INFO"}),
    ("ProvisionedModeIsNeeded", 7, MAPPING | {"SchemaRegistryArn": GLUE}),
    ("ProvisionedModeIsNeeded", 7, OWN | SCHEMA_URL),
    ("DrainKeepsItsLettersInS3", 0, DRAIN | {"DeadLetters": "queue"}),
    (
        "DrainKeepsItsLettersInS3",
        1,
        DRAIN | {"DeadLetters": "s3", "DeadLetterPrefix": "lake/", "BucketPrefix": "lake/"},
    ),
    ("ColumnsAreOfCsv", 0, MAPPING | {"OutputColumns": "offset,key"}),
    ("OnlyADrainIsScheduled", 0, MAPPING | {"ScheduleExpression": "rate(1 hour)"}),
    ("OnlyADrainIsScheduled", 0, LOAD | {"DrainFields": '"partitions": [0]'}),
    ("LoadHasASource", 0, without(LOAD, "S3Events")),
    ("OnlyLoadHasASource", 0, DRAIN | {"S3Events": "eventbridge"}),
    ("OnlyLoadHasASource", 0, MAPPING | {"SourceQueueArn": QUEUE}),
    ("OnlyLoadHasASource", 0, MAPPING | {"S3EventTopics": '{"in/": "orders"}'}),
    ("OnlyLoadHasASource", 0, MAPPING | {"TopicPrefix": "orders"}),
    ("TheBucketTellsByItself", 0, LOAD | {"S3Events": "direct"}),
]
"""Rule, number of its assertion, and parameters that are right each, but that it refuses."""

RIGHT = [
    *JOBS.values(),
    without(DRAIN, "S3PrefixListId") | {"HttpsEgress": "on"},
    COPY | {"DeadLetters": "queue"},
    DRAIN | {"DeadLetters": "s3", "BucketPrefix": "lake/"},
    COPY | {"TargetTopic": TOPIC, "TargetClusterArn": OTHER_CLUSTER},
    CONNECTED,
    COPY | {"VpcConnectionArn": CONNECTION, "TargetClusterArn": OTHER_CLUSTER},
    MAPPING | NETWORK | {"VpcEndpoints": "lambda,sts,sqs"},
    MAPPING | {"StartingPosition": "AT_TIMESTAMP", "StartingTimestamp": "1767225600"},
    MAPPING | {"Authentication": "scram", "SecretArn": SECRET, "SecretKeyArn": KEY},
    MAPPING | {"FilterPattern5": '{"value": ["a"]}', "FilterKeyArn": KEY},
    *(OWN | {"Authentication": login} for login in ("scram", "scram256", "mtls")),
    OWN | OWN_NETWORK | {"RootCaSecretArn": CA_SECRET, "SecretKeyArn": KEY},
    without(OWN, "SecretArn") | OWN_NETWORK | {"Authentication": "none"},
    OWN | OWN_NETWORK | {"VpcEndpoints": "lambda,sts"} | without(NETWORK, "SecurityGroupIds"),
    OWN | NETWORK | {"Sink": "produce", "TargetTopic": TOPIC, "TargetClusterArn": OTHER_CLUSTER},
    PROVISIONED | {"SchemaRegistryArn": GLUE},
    OWN | {"ProvisionedMode": "on"} | SCHEMA_URL,
    PROVISIONED
    | SCHEMA_URL
    | {
        "SchemaAuthentication": "basic",
        "SchemaSecretArn": REGISTRY_SECRET,
        "SchemaRootCaSecretArn": REGISTRY_CA_SECRET,
        "SecretKeyArn": KEY,
    },
    PROVISIONED
    | {
        "OnFailureKafkaTopic": "failed",
        "PollerGroup": "lake",
        "MaximumRetries": "3",
        "MaximumRecordAge": "3600",
        "BisectOnError": "on",
        "ReportBatchItemFailures": "on",
        "MappingLogLevel": "INFO",
    },
    MAPPING | {"OutputFormat": "csv.gz", "OutputColumns": "offset,key"},
    LOAD | {"SourceQueueArn": QUEUE, "S3Events": "direct", "Bucket": "my-bucket"},
]
