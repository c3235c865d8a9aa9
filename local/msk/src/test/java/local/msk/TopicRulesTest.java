package local.msk;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.server.policy.AlterConfigPolicy;
import org.apache.kafka.server.policy.CreateTopicPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which topics and changes the two policies let through. */
class TopicRulesTest {
    @ParameterizedTest
    @CsvSource({
        "cleanup.policy, compact", "compression.type, lz4", "max.message.bytes, 8388608",
        "message.timestamp.type, LogAppendTime", "message.timestamp.difference.max.ms, 1000",
        "retention.bytes, -1", "retention.ms, -1", "max.message.bytes, many",
    })
    void sevenConfigsMayBeSetAtCreation(String name, String value) {
        assertDoesNotThrow(() -> create("orders", 1, Map.of(name, value)));
    }

    @ParameterizedTest
    @CsvSource({
        "compression.type, lz4", "max.message.bytes, 8388608", "message.timestamp.type, LogAppendTime",
        "message.timestamp.difference.max.ms, 1000", "retention.bytes, -1", "retention.ms, -1",
    })
    void sixConfigsMayBeChanged(String name, String value) {
        assertDoesNotThrow(() -> change("orders", Map.of(name, value)));
        assertDoesNotThrow(() -> change("orders", Collections.singletonMap(name, null)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"min.insync.replicas", "segment.bytes", "unclean.leader.election.enable", "no.such.config"})
    void otherConfigsAreRefused(String name) {
        String text = "MSK Serverless does not allow the topic config " + name + ", only cleanup.policy, "
            + "compression.type, max.message.bytes, message.timestamp.difference.max.ms, message.timestamp.type, "
            + "retention.bytes, retention.ms";
        assertRefused(text, () -> create("orders", 1, Map.of(name, "1")));
        assertRefused(text, () -> change("orders", Map.of(name, "1")));
    }

    @Test
    void messagesOverEightMebibytesAreRefused() {
        String text = "MSK Serverless allows max.message.bytes up to 8388608, not 8388609";
        assertRefused(text, () -> create("orders", 1, Map.of("max.message.bytes", "8388609")));
        assertRefused(text, () -> change("orders", Map.of("max.message.bytes", "8388609")));
    }

    @Test
    void theCleanupPolicyIsForLife() {
        String text = "MSK Serverless allows cleanup.policy only when the topic is created";
        assertRefused(text, () -> change("orders", Map.of("cleanup.policy", "compact")));
        assertRefused(text, () -> change("orders", Collections.singletonMap("cleanup.policy", null)));
    }

    @Test
    void partitionsAreBounded() {
        assertDoesNotThrow(() -> create("orders", 2400, Map.of()));
        assertRefused("MSK Serverless allows at most 2400 partitions, not 2401", () -> create("orders", 2401, Map.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"compact", "compact,delete", "delete,compact"})
    void compactedTopicsHaveFewerPartitions(String cleanup) {
        Map<String, String> configs = Map.of("cleanup.policy", cleanup);
        assertDoesNotThrow(() -> create("orders", 120, configs));
        assertRefused(
            "MSK Serverless allows at most 120 partitions of compacted topics, not 121",
            () -> create("orders", 121, configs));
    }

    @Test
    void partitionsPlacedByHandCountToo() {
        Map<Integer, List<Integer>> placed = IntStream.range(0, 2401).boxed()
            .collect(Collectors.toMap(partition -> partition, partition -> List.of(1)));
        CreateTopicPolicy.RequestMetadata request =
            new CreateTopicPolicy.RequestMetadata("orders", null, null, placed, Map.of());
        try (NewTopicPolicy policy = new NewTopicPolicy()) {
            assertThrows(PolicyViolationException.class, () -> policy.validate(request));
        }
    }

    @Test
    void kafkasOwnTopicsAreFree() {
        assertDoesNotThrow(() -> create("__consumer_offsets", 1, Map.of("segment.bytes", "1")));
        assertDoesNotThrow(() -> change("__transaction_state", Map.of("segment.bytes", "1")));
    }

    @Test
    void theBrokersOwnConfigsAreNotItsConcern() {
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        try (ChangedConfigPolicy policy = new ChangedConfigPolicy()) {
            assertDoesNotThrow(() -> policy.validate(
                new AlterConfigPolicy.RequestMetadata(broker, Map.of("log.cleaner.threads", "2"))));
        }
    }

    private static void create(String topic, int partitions, Map<String, String> configs) {
        try (NewTopicPolicy policy = new NewTopicPolicy()) {
            policy.validate(new CreateTopicPolicy.RequestMetadata(topic, partitions, (short) 1, null, configs));
        }
    }

    private static void change(String topic, Map<String, String> configs) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        try (ChangedConfigPolicy policy = new ChangedConfigPolicy()) {
            policy.validate(new AlterConfigPolicy.RequestMetadata(resource, configs));
        }
    }

    private static void assertRefused(String text, org.junit.jupiter.api.function.Executable request) {
        assertEquals(text, assertThrows(PolicyViolationException.class, request).getMessage());
    }
}
