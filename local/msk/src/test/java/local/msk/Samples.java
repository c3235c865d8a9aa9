package local.msk;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.List;

/** An account with made-up roles. */
final class Samples {
    static final String CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/local/some-uuid-s1";
    static final String TOPICS = "arn:aws:kafka:us-east-1:123456789012:topic/local/some-uuid-s1/";
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    static final String SECRET = "wJalr/secret";
    static final String SESSION = "a+b/c==~*";
    static final Role LENT = role("lent", "ASIATEST", SESSION, allow("kafka-cluster:*", "*"), Long.MAX_VALUE);
    static final Role OWNED = role("owned", "AKIATEST", null, allow("kafka-cluster:*", "*"), Long.MAX_VALUE);

    private Samples() {}

    static Account account(Role... roles) {
        return new Account("us-east-1", CLUSTER, List.of(roles), new ClusterPolicy(List.of()));
    }

    static Role role(String name, String keyId, String sessionToken, Policy policy, long expiresAtMs) {
        return new Role("arn:aws:iam::123456789012:role/" + name, keyId, SECRET, sessionToken, policy, expiresAtMs);
    }

    static Policy policy(String... statements) {
        return Policy.of(document(statements));
    }

    /** Single quotes stand for double ones. */
    static JsonNode document(String... statements) {
        try {
            String json = "{'Statement': [" + String.join(",", statements) + "]}";
            return new ObjectMapper().readTree(json.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static Policy allow(String action, String resource) {
        return policy(statement("Allow", action, resource));
    }

    static String statement(String effect, String action, String resource) {
        return "{'Effect': '%s', 'Action': '%s', 'Resource': '%s'}".formatted(effect, action, resource);
    }
}
