"""For each parameter of the main template: values to take and values to refuse."""

from __future__ import annotations

from local.msk.roles import CLUSTER_ARN
from tests.deploy.main_template import BROKERS

PROVISIONED = (
    "arn:aws-cn:kafka:cn-north-1:123456789012:cluster/a-b/5c6f2a1e-7d3b-4e0a-9b52-0d1f6c8e4a37-12"
)
NUMBERED_KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed-batches"
NAME = ("", "orders", "team.a_b-", "A" * 249)
NO_NAME = ("orders*", "a b", "a/b", "ä", "A" * 250)

GOOD: dict[str, tuple[str, ...]] = {
    "ClusterArn": ("", CLUSTER_ARN, PROVISIONED),
    "BootstrapBrokers": ("", BROKERS, "b-1.x.kafka.us-east-1.amazonaws.com:9098,b-2.x:9098"),
    "ClientOptions": ("", "{}", '{"linger.ms": 50}'),
    "SecurityGroupIds": ("", "sg-01234567", "sg-0123456789abcdef0,sg-0123456789abcdef1"),
    "VpcEndpoints": ("", "kafka", "kafka,lambda,sts,secretsmanager,sqs"),
    "RouteTableIds": ("", "rtb-01234567", "rtb-0123456789abcdef0,rtb-01234567"),
    "S3PrefixListId": ("", "pl-6da54004"),
    "AllowedActions": (
        "ping",
        "consume,ping",
        "ping,list_topics,create_topic,produce,consume,replay,test_filter",
    ),
    "TopicPrefix": NAME,
    "GroupPrefix": NAME,
    "Bucket": ("", "my-bucket", "my.bucket.2"),
    "BucketPrefix": ("", "lake/", "a/b=c/"),
    "BucketKeyArn": ("", NUMBERED_KEY),
    "ReplayQueueArn": ("", QUEUE),
    "FunctionUrl": ("off", "on"),
    "ScheduleExpression": (
        "",
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(12 hours)",
        "cron(0 6 * * ? *)",
        "cron(0/15 8-17 ? * MON-FRI *)",
        "cron(0 0 L * ? 2030)",
        "cron(30 9 ? JAN,JUL 2#1 *)",
        "at(2030-01-31T06:00:00)",
    ),
    "ScheduleAction": (
        "ping",
        "list_topics",
        "create_topic",
        "produce",
        "consume",
        "replay",
        "test_filter",
    ),
    "ScheduleTopic": NAME,
    "ScheduleFields": (
        "",
        '"records": [{"value": "tick"}], "stamp": true',
        '"num_partitions":3',
        '"group": "nightly", "commit": true',
    ),
    "MemorySize": ("256", "1024", "10240"),
    "Timeout": ("10", "60", "900"),
    "Architecture": ("x86_64", "arm64"),
    "ReservedConcurrency": ("-1", "0", "5"),
    "AsynchronousRetries": ("0", "1", "2"),
    "LogRetentionDays": ("1", "30", "3653"),
    "LogLevel": ("INFO", "DEBUG"),
    "Tracing": ("off", "on"),
    "AlarmTopicArn": ("", "arn:aws:sns:us-east-1:123456789012:alarms"),
}

BAD: dict[str, tuple[str, ...]] = {
    "ClusterArn": (
        "my-cluster",
        "arn:aws:lambda:us-east-1:123456789012:function:kafka",
        "arn:aws:kafka:us-east-1:123456789012:cluster/my-cluster",
        CLUSTER_ARN.replace(":cluster/", ":topic/") + "/orders",
        CLUSTER_ARN.replace("123456789012", "12345"),
        CLUSTER_ARN + "\n",
        "arn:aws:kafka:us-east-1:123456789012:vpc-connection/210987654321/x/5c6f2a1e-7d3b-4e0a-9b52-0d1f6c8e4a37-1",
    ),
    "BootstrapBrokers": (
        "boot-abc.c2.kafka-serverless.us-east-1.amazonaws.com",
        "b-1.x:9098,b-2.x",
        "https://b-1.x:9098",
        "b-1.x:9092",
        "b-1.x:9198",
        "b-1.x:9098, b-2.x:9098",
        "b-1.x:9098,",
        ",".join(["b-1.x:9098"] * 100),
    ),
    "ClientOptions": ("linger.ms=50", "[]"),
    "SecurityGroupIds": ("default", "sg-1", "sg-01234567, sg-01234568", "subnet-01234567"),
    "VpcEndpoints": ("s3", "kafka lambda", "all", "kafka,"),
    "RouteTableIds": ("main", "rtb-01234567;rtb-01234568"),
    "S3PrefixListId": ("com.amazonaws.us-east-1.s3", "pl-1"),
    "AllowedActions": ("", "all", "prodce", "ping, produce", "ping,", "*", "create-topic"),
    "TopicPrefix": NO_NAME,
    "GroupPrefix": NO_NAME,
    "Bucket": ("s3://my-bucket", "My-Bucket", "my-bucket/lake", "ab"),
    "BucketPrefix": ("lake", "/lake/", "la*ke/", "s3://my-bucket/"),
    "BucketKeyArn": ("alias/aws/s3", "1234abcd-12ab-34cd-56ef-1234567890ab"),
    "ReplayQueueArn": ("failed-batches", f"{QUEUE}.fifo", QUEUE.replace(":sqs:", ":sns:")),
    "FunctionUrl": ("", "NONE"),
    "ScheduleExpression": (
        "5 minutes",
        "rate(0 minutes)",
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(10 seconds)",
        "cron(0 6 * * *)",
        "cron(0 6 * * * *)",
        "cron(0 6 ? * ? *)",
        "cron(0 6 * * ?)",
        "at(2030-13-31T06:00:00)",
        "at(2030-01-32T06:00:00)",
        "at(2030-01-31T24:00:00)",
        "at(2030-01-31T06:00)",
        "rate(5 minutes) ",
    ),
    "ScheduleAction": ("", "delete_topic", "create-topic"),
    "ScheduleTopic": NO_NAME,
    "ScheduleFields": (
        '{"records": []}',
        "records: []",
        '"records"',
        ', "stamp": true',
        "x" * 4000,
    ),
    "MemorySize": ("128", "10241", "1 GB"),
    "Timeout": ("5", "901", "1m"),
    "Architecture": ("", "amd64"),
    "ReservedConcurrency": ("-2", "none"),
    "AsynchronousRetries": ("-1", "3"),
    "LogRetentionDays": ("0", "2"),
    "LogLevel": ("ERROR", "debug"),
    "Tracing": ("Active", "true"),
    "AlarmTopicArn": (
        "alarms",
        "arn:aws:sqs:us-east-1:123456789012:alarms",
        "arn:aws:sns:us-east-1:123456789012:alarms.fifo",
    ),
}
