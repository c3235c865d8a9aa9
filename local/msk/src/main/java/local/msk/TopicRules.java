package local.msk;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.internals.Topic;

/** What MSK Serverless lets a topic be, as far as one request shows it. */
final class TopicRules {
    private static final String CLEANUP = "cleanup.policy";
    private static final Set<String> SETTABLE = Set.of(
        CLEANUP, "compression.type", "max.message.bytes", "message.timestamp.difference.max.ms",
        "message.timestamp.type", "retention.bytes", "retention.ms");
    private static final int LARGEST_MESSAGE = 8 * 1024 * 1024;
    private static final int MOST_PARTITIONS = 2400;
    private static final int MOST_COMPACTED_PARTITIONS = 120;

    private TopicRules() {}

    static void checkNew(String topic, int partitions, Map<String, String> configs) {
        if (Topic.isInternal(topic)) {
            return;
        }
        configs.forEach(TopicRules::checkConfig);
        boolean compacted = configs.getOrDefault(CLEANUP, "delete").contains("compact");
        int most = compacted ? MOST_COMPACTED_PARTITIONS : MOST_PARTITIONS;
        if (partitions > most) {
            throw new PolicyViolationException("MSK Serverless allows at most " + most
                + (compacted ? " partitions of compacted topics" : " partitions") + ", not " + partitions);
        }
    }

    /** A null value takes a config back to its default. */
    static void checkChange(String topic, Map<String, String> configs) {
        if (Topic.isInternal(topic)) {
            return;
        }
        if (configs.containsKey(CLEANUP)) {
            throw new PolicyViolationException("MSK Serverless allows " + CLEANUP + " only when the topic is created");
        }
        configs.forEach(TopicRules::checkConfig);
    }

    private static void checkConfig(String name, String value) {
        if (!SETTABLE.contains(name)) {
            throw new PolicyViolationException(
                "MSK Serverless does not allow the topic config " + name + ", only " + String.join(", ", sorted()));
        }
        if (name.equals("max.message.bytes") && isMoreThan(LARGEST_MESSAGE, value)) {
            throw new PolicyViolationException(
                "MSK Serverless allows max.message.bytes up to " + LARGEST_MESSAGE + ", not " + value);
        }
    }

    /** What isn't a number is left to Kafka, which refuses it in its own words. */
    private static boolean isMoreThan(int limit, String value) {
        return value != null && value.matches("[0-9]{1,18}") && Long.parseLong(value) > limit;
    }

    private static Iterable<String> sorted() {
        return SETTABLE.stream().sorted().toList();
    }
}
