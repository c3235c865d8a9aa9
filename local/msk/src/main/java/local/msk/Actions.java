package local.msk;

import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;

/** Which {@code kafka-cluster:} action stands for which Kafka operation, on MSK Serverless. */
final class Actions {
    static final String WRITE_DATA = "kafka-cluster:WriteData";
    static final String WRITE_DATA_IDEMPOTENTLY = "kafka-cluster:WriteDataIdempotently";

    private static final Map<ResourceType, Map<AclOperation, String>> NAMES = Map.of(
        ResourceType.CLUSTER, Map.of(
            AclOperation.DESCRIBE, "DescribeCluster",
            AclOperation.IDEMPOTENT_WRITE, "WriteDataIdempotently"),
        ResourceType.TOPIC, Map.of(
            AclOperation.CREATE, "CreateTopic",
            AclOperation.DESCRIBE, "DescribeTopic",
            AclOperation.ALTER, "AlterTopic",
            AclOperation.DELETE, "DeleteTopic",
            AclOperation.DESCRIBE_CONFIGS, "DescribeTopicDynamicConfiguration",
            AclOperation.ALTER_CONFIGS, "AlterTopicDynamicConfiguration",
            AclOperation.READ, "ReadData",
            AclOperation.WRITE, "WriteData"),
        ResourceType.GROUP, Map.of(
            AclOperation.DESCRIBE, "DescribeGroup",
            AclOperation.READ, "AlterGroup",
            AclOperation.DELETE, "DeleteGroup"),
        ResourceType.TRANSACTIONAL_ID, Map.of(
            AclOperation.DESCRIBE, "DescribeTransactionalId",
            AclOperation.WRITE, "AlterTransactionalId"));

    private Actions() {}

    /** The action, or empty where no policy can grant the operation: AWS grants it on no Serverless cluster. */
    static Optional<String> of(ResourceType type, AclOperation operation) {
        return Optional.ofNullable(NAMES.getOrDefault(type, Map.of()).get(operation)).map("kafka-cluster:"::concat);
    }
}
