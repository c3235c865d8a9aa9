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
        if (request.resource().type() == ConfigResource.Type.TOPIC) {
            TopicRules.checkChange(request.resource().name(), request.configs());
        }
    }

    @Override
    public void close() {}
}
