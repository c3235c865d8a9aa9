package local.msk;

import java.util.Map;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.server.policy.AlterConfigPolicy;

/** Refuses the changes to a topic's configs that MSK Serverless refuses. */
public final class ChangedConfigPolicy implements AlterConfigPolicy {
    @Override
    public void configure(Map<String, ?> configs) {}

    @Override
    public void validate(RequestMetadata request) {
        if (request.resource().type() == ConfigResource.Type.TOPIC && !topicIsBeingCreated()) {
            TopicRules.checkChange(request.resource().name(), request.configs());
        }
    }

    /** Kafka asks this policy about a new topic's configs too, and the request doesn't tell; only the caller does. */
    private static boolean topicIsBeingCreated() {
        return StackWalker.getInstance()
            .walk(frames -> frames.anyMatch(frame -> frame.getMethodName().equals("createTopics")));
    }

    @Override
    public void close() {}
}
