package local.msk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Kafka is told, and what is written down about it. */
class IamAuthorizerTest {
    private static final Asker LENT = Asker.of(Samples.LENT, ApiKeys.METADATA);
    private static final String ALL = "{\"Effect\":\"Allow\",\"Action\":\"%s\",\"Resource\":\"%s\"}";

    @TempDir
    Path folder;

    private final IamAuthorizer authorizer = new IamAuthorizer();

    @BeforeEach
    void configure() throws IOException {
        grant("*", "*");
        authorizer.configure(Map.of(
            RolesFile.PROPERTY, folder.resolve("roles.json").toString(),
            DecisionLog.PROPERTY, folder.resolve("decisions").toString()));
    }

    @AfterEach
    void close() throws IOException {
        authorizer.close();
    }

    @ParameterizedTest
    @CsvSource({
        "CLUSTER,          DESCRIBE,         DescribeCluster,                   cluster/local/u-s1",
        "CLUSTER,          IDEMPOTENT_WRITE, WriteDataIdempotently,             cluster/local/u-s1",
        "TOPIC,            CREATE,           CreateTopic,                       topic/local/u-s1/it",
        "TOPIC,            DESCRIBE,         DescribeTopic,                     topic/local/u-s1/it",
        "TOPIC,            ALTER,            AlterTopic,                        topic/local/u-s1/it",
        "TOPIC,            DELETE,           DeleteTopic,                       topic/local/u-s1/it",
        "TOPIC,            DESCRIBE_CONFIGS, DescribeTopicDynamicConfiguration, topic/local/u-s1/it",
        "TOPIC,            ALTER_CONFIGS,    AlterTopicDynamicConfiguration,    topic/local/u-s1/it",
        "TOPIC,            READ,             ReadData,                          topic/local/u-s1/it",
        "TOPIC,            WRITE,            WriteData,                         topic/local/u-s1/it",
        "GROUP,            DESCRIBE,         DescribeGroup,                     group/local/u-s1/it",
        "GROUP,            READ,             AlterGroup,                        group/local/u-s1/it",
        "GROUP,            DELETE,           DeleteGroup,                       group/local/u-s1/it",
        "TRANSACTIONAL_ID, DESCRIBE,         DescribeTransactionalId,           transactional-id/local/u-s1/it",
        "TRANSACTIONAL_ID, WRITE,            AlterTransactionalId,              transactional-id/local/u-s1/it",
    })
    void anOperationIsAnActionOnAnArn(ResourceType type, AclOperation operation, String action, String arn)
        throws IOException {
        String resource = "arn:aws:kafka:us-east-1:123456789012:" + arn;
        grant("kafka-cluster:" + action, resource);
        assertTrue(ask(LENT, action(type, operation)));
        String line = "{\"allowed\":true,\"action\":\"kafka-cluster:%s\",\"resource\":\"%s\",\"principal\":\"%s\","
            + "\"api\":\"Metadata\"}";
        assertEquals(List.of(line.formatted(action, resource, Samples.LENT.arn())), decisions());
        grant("kafka-cluster:" + action, resource + "2");
        assertEquals(false, ask(LENT, action(type, operation)));
    }

    @ParameterizedTest
    @CsvSource({
        "CLUSTER, CREATE", "CLUSTER, ALTER", "CLUSTER, CLUSTER_ACTION", "CLUSTER, DESCRIBE_CONFIGS",
        "CLUSTER, ALTER_CONFIGS", "GROUP, ALTER_CONFIGS", "DELEGATION_TOKEN, DESCRIBE", "USER, CREATE_TOKENS",
    })
    void noPolicyGrantsWhatServerlessDoesNotHave(ResourceType type, AclOperation operation) {
        assertEquals(false, ask(LENT, action(type, operation)));
        assertTrue(decisions().get(0).contains("\"action\":\"" + operation + " " + type + "\""));
    }

    @Test
    void aDecisionThatDecidesNothingIsNotWrittenDown() throws IOException {
        ResourcePattern topic = new ResourcePattern(ResourceType.TOPIC, "it", PatternType.LITERAL);
        assertTrue(ask(LENT, new Action(AclOperation.READ, topic, 1, false, true)));
        grant("none", "*");
        assertEquals(false, ask(LENT, new Action(AclOperation.READ, topic, 1, true, false)));
        assertEquals(List.of(), decisions());
    }

    @Test
    void aRoleThatIsNotInTheFileMayNothing() {
        assertEquals(false, ask(Asker.of(Samples.OWNED, ApiKeys.FETCH), action(ResourceType.TOPIC, AclOperation.READ)));
    }

    @Test
    void brokersAndThePlaintextListenerMayEverythingUnseen() throws IOException {
        grant("none", "*");
        Asker own = new Asker(KafkaPrincipal.ANONYMOUS, ApiKeys.FETCH);
        assertTrue(ask(own, action(ResourceType.CLUSTER, AclOperation.CLUSTER_ACTION)));
        assertEquals(AuthorizationResult.ALLOWED, byType(own, AclOperation.WRITE));
        assertEquals(List.of(), decisions());
    }

    @Test
    void everyActionOfARequestIsAnswered() throws IOException {
        grant("kafka-cluster:ReadData", "*");
        List<Action> actions = List.of(
            action(ResourceType.TOPIC, AclOperation.READ), action(ResourceType.TOPIC, AclOperation.WRITE));
        assertEquals(
            List.of(AuthorizationResult.ALLOWED, AuthorizationResult.DENIED), authorizer.authorize(LENT, actions));
    }

    @ParameterizedTest
    @CsvSource({
        "kafka-cluster:WriteData,             arn:aws:kafka:*:*:topic/*,            true",
        "kafka-cluster:WriteData,             arn:aws:kafka:*:*:topic/local/*/it,   false",
        "kafka-cluster:WriteData,             arn:aws:kafka:*:*:topic/local/*/it*,  false",
        "kafka-cluster:ReadData,              *,                                    false",
    })
    void writeDataAllowsIdempotentWritesOnlyOnAllTopics(String action, String resource, boolean allowed)
        throws IOException {
        grant(action, resource);
        assertEquals(allowed, byType(LENT, AclOperation.WRITE) == AuthorizationResult.ALLOWED);
    }

    @Test
    void aRefusedIdempotentWriteIsWrittenDownAsTheActionThatCuresIt() throws IOException {
        grant("none", "*");
        byType(LENT, AclOperation.WRITE);
        assertTrue(decisions().get(0).contains("\"action\":\"kafka-cluster:WriteDataIdempotently\",\"resource\":\""
            + "arn:aws:kafka:us-east-1:123456789012:cluster/local/u-s1\""));
    }

    @Test
    void noOtherQuestionAboutAllResourcesIsAllowed() {
        assertEquals(AuthorizationResult.DENIED, byType(LENT, AclOperation.READ));
        assertEquals(
            AuthorizationResult.DENIED,
            authorizer.authorizeByResourceType(LENT, AclOperation.WRITE, ResourceType.GROUP));
    }

    @Test
    void aNewRolesFileHoldsForTheNextRequest() throws IOException {
        for (int i = 0; i < 50; i++) {
            grant(i % 2 == 0 ? "aaaa" : "kafk*", "*");
            assertEquals(i % 2 != 0, ask(LENT, action(ResourceType.TOPIC, AclOperation.READ)));
        }
    }

    @Test
    void thereAreNoAcls() {
        assertThrows(InvalidRequestException.class, () -> authorizer.createAcls(LENT, List.of()));
        assertThrows(InvalidRequestException.class, () -> authorizer.deleteAcls(LENT, List.of()));
        assertThrows(InvalidRequestException.class, () -> authorizer.acls(null));
    }

    private boolean ask(Asker asker, Action action) {
        return authorizer.authorize(asker, List.of(action)).equals(List.of(AuthorizationResult.ALLOWED));
    }

    private AuthorizationResult byType(Asker asker, AclOperation operation) {
        return authorizer.authorizeByResourceType(asker, operation, ResourceType.TOPIC);
    }

    private static Action action(ResourceType type, AclOperation operation) {
        return new Action(operation, new ResourcePattern(type, "it", PatternType.LITERAL), 1, true, true);
    }

    private List<String> decisions() {
        try {
            return Files.readAllLines(folder.resolve("decisions"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void grant(String action, String resource) throws IOException {
        String json = "{\"region\":\"us-east-1\",\"cluster_arn\":"
            + "\"arn:aws:kafka:us-east-1:123456789012:cluster/local/u-s1\",\"roles\":[{\"arn\":\"" + Samples.LENT.arn()
            + "\",\"access_key_id\":\"A\",\"secret_access_key\":\"B\",\"session_token\":null,\"expires_at_ms\":null,"
            + "\"policy\":{\"Statement\":[" + ALL.formatted(action, resource) + "]}}]}";
        Path next = Files.writeString(folder.resolve("next"), json);
        Files.move(next, folder.resolve("roles.json"), StandardCopyOption.ATOMIC_MOVE);
    }
}
