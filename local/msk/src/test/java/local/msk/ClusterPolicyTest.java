package local.msk;

import static local.msk.Samples.CLUSTER;
import static local.msk.Samples.TOPICS;
import static local.msk.Samples.allow;
import static local.msk.Samples.document;
import static local.msk.Samples.policy;
import static local.msk.Samples.statement;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may what, where the role has a policy and the cluster has one too. */
class ClusterPolicyTest {
    private static final String HERE = "123456789012";
    private static final String THERE = "210987654321";
    private static final String READ = "kafka-cluster:ReadData";
    private static final String WRITE = "kafka-cluster:WriteData";
    private static final String ORDERS = TOPICS + "orders";
    private static final Policy NOTHING = policy();
    private static final Policy EVERYTHING = allow("*", "*");

    /** The columns: what the role's policy and the cluster's allow; what follows within and across accounts. */
    @ParameterizedTest
    @CsvSource({
        "true,  true,  true,  true",
        "true,  false, true,  false",
        "false, true,  true,  false",
        "false, false, false, false",
    })
    void withinAnAccountOnePolicyIsEnoughAcrossAccountsBothAreNeeded(
        boolean roles, boolean clusters, boolean within, boolean across) {
        for (String id : List.of(HERE, THERE)) {
            Role role = role(id, roles ? EVERYTHING : NOTHING);
            Account account = clusters ? account(granting("'AWS': '" + role.arn() + "'", READ)) : account();
            assertEquals(id.equals(HERE) ? within : across, account.allows(role, READ, ORDERS));
        }
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {
        "`'AWS': '210987654321'`,                                            true",
        "`'AWS': 'arn:aws:iam::210987654321:root'`,                          true",
        "`'AWS': 'arn:aws:iam::210987654321:role/reader'`,                   true",
        "`'AWS': ['111111111111', 'arn:aws:iam::210987654321:role/reader']`, true",
        "`'AWS': '*'`,                                                       true",
        "`'AWS': 'arn:aws:iam::210987654321:role/other'`,                    false",
        "`'AWS': '111111111111'`,                                            false",
        "`'AWS': 'arn:aws:iam::111111111111:role/reader'`,                   false",
        "`'Service': 'lambda.amazonaws.com'`,                                false",
    })
    void aPrincipalIsARoleOrItsAccountOrEverybody(String principal, boolean allowed) {
        assertEquals(allowed, account(granting(principal, READ)).allows(role(THERE, EVERYTHING), READ, ORDERS));
    }

    @Test
    void everybodyMayStandWithoutAws() {
        String statement = "{'Effect': 'Allow', 'Principal': '*', 'Action': '*', 'Resource': '*'}";
        assertTrue(account(statement).allows(role(THERE, EVERYTHING), READ, ORDERS));
    }

    @Test
    void whatIsAllowedToTheClustersOwnAccountIsLeftToItsRolesPolicies() {
        Account account = account(granting("'AWS': '" + HERE + "'", READ));
        assertFalse(account.allows(role(HERE, NOTHING), READ, ORDERS));
        assertTrue(account.allows(role(HERE, EVERYTHING), READ, ORDERS));
    }

    @Test
    void acrossAccountsOnlyWhatBothPoliciesNameIsAllowed() {
        Account account = account(granting("'AWS': '" + THERE + "'", READ));
        assertFalse(account.allows(role(THERE, EVERYTHING), WRITE, ORDERS));
        assertFalse(account.allows(role(THERE, allow(WRITE, "*")), READ, ORDERS));
        assertFalse(account.allows(role(THERE, allow(READ, CLUSTER)), READ, ORDERS));
        assertTrue(account.allows(role(THERE, allow(READ, ORDERS)), READ, ORDERS));
    }

    @ParameterizedTest
    @ValueSource(strings = {HERE, THERE})
    void aDenyInEitherPolicyBeatsEveryAllow(String id) {
        String allow = granting("'AWS': ['" + HERE + "', '" + THERE + "']", "*");
        String deny = allow.replace("Allow", "Deny");
        assertFalse(account(allow, deny).allows(role(id, EVERYTHING), READ, ORDERS));
        Policy denied = policy(statement("Allow", "*", "*"), statement("Deny", READ, "*"));
        assertFalse(account(allow).allows(role(id, denied), READ, ORDERS));
    }

    @Test
    void idempotentWritesOnAllTopicsNeedBothPoliciesToo() {
        Role writer = role(THERE, allow(WRITE, TOPICS + "*"));
        assertTrue(account(granting("'AWS': '" + THERE + "'", WRITE)).allowsOnAllTopics(writer, WRITE));
        assertFalse(account(granting("'AWS': '" + THERE + "'", READ)).allowsOnAllTopics(writer, WRITE));
        assertFalse(account().allowsOnAllTopics(writer, WRITE));
    }

    @Test
    void aStatementWithoutPrincipalIsNotReadAsSomethingElse() {
        String statement = statement("Allow", "*", "*");
        assertThrows(IllegalArgumentException.class, () -> account(statement));
    }

    private static Role role(String account, Policy policy) {
        String arn = "arn:aws:iam::" + account + ":role/reader";
        return new Role(arn, "ASIA", Samples.SECRET, null, policy, Long.MAX_VALUE);
    }

    private static Account account(String... statements) {
        return new Account("us-east-1", CLUSTER, List.of(), ClusterPolicy.of(document(statements)));
    }

    private static String granting(String principal, String action) {
        return "{'Effect': 'Allow', 'Principal': {" + principal + "}, 'Action': '" + action + "', 'Resource': '*'}";
    }
}
