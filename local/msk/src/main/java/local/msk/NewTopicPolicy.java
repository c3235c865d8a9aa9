package local.msk;

import java.util.Map;
import org.apache.kafka.server.policy.CreateTopicPolicy;

/** Refuses the topics that MSK Serverless refuses. */
public final class NewTopicPolicy implements CreateTopicPolicy {
    @Override
    public void configure(Map<String, ?> configs) {}

    @Override
    public void validate(RequestMetadata request) {
        int partitions = request.replicasAssignments() == null
            ? request.numPartitions() : request.replicasAssignments().size();
        TopicRules.checkNew(request.topic(), partitions, request.configs());
    }

    @Override
    public void close() {}
}
