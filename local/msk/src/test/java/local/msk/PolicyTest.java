package local.msk;

import static local.msk.Samples.CLUSTER;
import static local.msk.Samples.TOPICS;
import static local.msk.Samples.allow;
import static local.msk.Samples.policy;
import static local.msk.Samples.statement;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** IAM's rules of evaluation. */
class PolicyTest {
    private static final String READ = "kafka-cluster:ReadData";
    private static final String WRITE = "kafka-cluster:WriteData";

    @ParameterizedTest
    @CsvSource({
        "*,                       true",
        "kafka-cluster:*,         true",
        "kafka-cluster:ReadData,  true",
        "KAFKA-CLUSTER:readdata,  true",
        "kafka-cluster:Read*,     true",
        "kafka-cluster:?eadData,  true",
        "*:*Data,                 true",
        "kafka-cluster:Read,      false",
        "kafka-cluster:ReadData?, false",
        "kafka-cluster:Write*,    false",
        "kafka:*,                 false",
        "'',                      false",
    })
    void actionsMatchByWildcardWhateverTheirCase(String pattern, boolean allowed) {
        assertEquals(allowed, allow(pattern, "*").allows(READ, TOPICS + "orders"));
    }

    @ParameterizedTest
    @CsvSource({
        "*,                                                          true",
        "arn:aws:kafka:us-east-1:123456789012:topic/*,               true",
        "arn:aws:kafka:*:*:topic/local/*/orders,                     true",
        "arn:aws:kafka:us-east-1:123456789012:topic/local/*/ord*s,   true",
        "arn:aws:kafka:us-east-1:123456789012:topic/local/*/order?,  true",
        "arn:aws:kafka:us-east-1:123456789012:topic/local/*/Orders,  false",
        "arn:aws:kafka:us-east-1:123456789012:topic/local/*/order,   false",
        "arn:aws:kafka:us-east-1:123456789012:topic/other/*,         false",
        "arn:aws:kafka:eu-west-1:123456789012:topic/*,               false",
        "arn:aws:kafka:us-east-1:123456789012:group/*,               false",
    })
    void resourcesMatchByWildcardInTheirOwnCase(String pattern, boolean allowed) {
        assertEquals(allowed, allow(READ, pattern).allows(READ, TOPICS + "orders"));
    }

    @Test
    void nothingIsAllowedByAPolicyThatSaysNothing() {
        assertFalse(policy().allows(READ, TOPICS + "orders"));
    }

    @Test
    void aDenyBeatsEveryAllowWhateverTheirOrder() {
        String allow = statement("Allow", "*", "*");
        String deny = statement("Deny", "kafka-cluster:readdata", TOPICS + "secret*");
        for (Policy policy : new Policy[] {policy(allow, deny), policy(deny, allow)}) {
            assertTrue(policy.allows(READ, TOPICS + "orders"));
            assertTrue(policy.allows(WRITE, TOPICS + "secrets"));
            assertFalse(policy.allows(READ, TOPICS + "secrets"));
        }
    }

    @Test
    void actionsAndResourcesMayBeLists() {
        Policy policy = policy(
            "{'Effect': 'Allow', 'Action': ['kafka-cluster:ReadData', 'kafka-cluster:WriteData'], 'Resource': ['"
                + TOPICS + "a', '" + TOPICS + "b']}");
        assertTrue(policy.allows(WRITE, TOPICS + "b"));
        assertFalse(policy.allows(WRITE, TOPICS + "c"));
    }

    @Test
    void theStatementMayStandAlone() throws Exception {
        String json = "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}}";
        assertTrue(Policy.of(new com.fasterxml.jackson.databind.ObjectMapper().readTree(json)).allows(READ, CLUSTER));
    }

    @Test
    void notActionMeansEveryOtherAction() {
        Policy policy = policy("{'Effect': 'Allow', 'NotAction': 'kafka-cluster:Write*', 'Resource': '*'}");
        assertTrue(policy.allows(READ, TOPICS + "orders"));
        assertFalse(policy.allows(WRITE, TOPICS + "orders"));
    }

    @Test
    void notResourceMeansEveryOtherResource() {
        Policy policy = policy("{'Effect': 'Allow', 'Action': '*', 'NotResource': '" + TOPICS + "secret*'}");
        assertTrue(policy.allows(READ, TOPICS + "orders"));
        assertFalse(policy.allows(READ, TOPICS + "secrets"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{'Effect': 'allow', 'Action': '*', 'Resource': '*'}",
        "{'Action': '*', 'Resource': '*'}",
        "{'Effect': 'Allow', 'Resource': '*'}",
        "{'Effect': 'Allow', 'Action': '*'}",
        "{'Effect': 'Allow', 'Action': '*', 'Resource': '*', 'Condition': {}}",
    })
    void whatIsNotUnderstoodIsNotReadAsSomethingElse(String statement) {
        assertThrows(IllegalArgumentException.class, () -> policy(statement));
    }

    @ParameterizedTest
    @CsvSource({
        "DescribeTopic,                     true",
        "DeleteTopic,                       true",
        "DescribeTopicDynamicConfiguration, false",
        "AlterTopicDynamicConfiguration,    false",
    })
    void starTopicIsNotStarTopicDynamicConfiguration(String action, boolean allowed) {
        assertEquals(allowed, allow("kafka-cluster:*Topic", "*").allows("kafka-cluster:" + action, TOPICS + "orders"));
    }

    @ParameterizedTest
    @CsvSource({
        "*,                       true",
        "arn:aws:kafka:*:topic/*, true",
        "UNDER*,                  true",
        "UNDER?*,                 true",
        "UNDERorders,             false",
        "UNDERa*,                 false",
        "UNDER?,                  false",
    })
    void allTopicsAreCoveredOnlyByAPatternForAnyName(String pattern, boolean allowed) {
        assertEquals(allowed, allow(WRITE, pattern.replace("UNDER", TOPICS)).allowsAllUnder(WRITE, TOPICS));
    }

    @ParameterizedTest
    @CsvSource({
        "UNDERsecret, true", "UNDER*, true", "*secret, true", "arn:*, true", "*:topic/local/*/x, true",
        "arn:aws:kafka:us-east-1:123456789012:group/*, false", "UNDER2, true", "arn:aws:s3:::*, false",
    })
    void notAllTopicsAreCoveredWhereOneIsDenied(String pattern, boolean denied) {
        String deny = statement("Deny", WRITE, pattern.replace("UNDER", TOPICS));
        Policy policy = policy(statement("Allow", "*", "*"), deny);
        assertEquals(!denied, policy.allowsAllUnder(WRITE, TOPICS));
        assertTrue(policy.allowsAllUnder(READ, TOPICS));
    }

    @Test
    void notResourceCountsForAllTopicsToo() {
        String but = "{'Effect': '%s', 'Action': '*', 'NotResource': '%s'}";
        assertTrue(policy(but.formatted("Allow", CLUSTER)).allowsAllUnder(WRITE, TOPICS));
        assertFalse(policy(but.formatted("Allow", TOPICS + "x")).allowsAllUnder(WRITE, TOPICS));
        String all = statement("Allow", "*", "*");
        assertFalse(policy(all, but.formatted("Deny", TOPICS + "x")).allowsAllUnder(WRITE, TOPICS));
        assertTrue(policy(all, but.formatted("Deny", TOPICS + "*")).allowsAllUnder(WRITE, TOPICS));
    }
}
