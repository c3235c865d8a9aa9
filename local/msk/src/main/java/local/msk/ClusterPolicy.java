package local.msk;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.function.Predicate;

/**
 * The resource policy of the cluster, which lets in roles of other accounts.
 *
 * <p>IAM's rule: within an account the role's own policy or the resource's is enough; across accounts both are needed.
 * A Deny in either counts.
 */
record ClusterPolicy(List<Grant> grants) {
    static ClusterPolicy of(JsonNode document) {
        return new ClusterPolicy(Policy.items(document.path("Statement")).stream().map(Grant::of).toList());
    }

    /** Decides a question that is put to a policy, for a role and the cluster's own account. */
    boolean allows(Role role, String clusterAccount, Predicate<Policy> question) {
        if (!role.account().equals(clusterAccount)) {
            return question.test(role.policy()) && question.test(speakingOf(role, true));
        }
        return question.test(role.policy().with(speakingOf(role, false)));
    }

    /**
     * What the policy says of a role. An Allow to an account leaves it to that account's own policies, so that within
     * the cluster's account ({@code byAccount} false) it grants nothing; a Deny always counts.
     */
    private Policy speakingOf(Role role, boolean byAccount) {
        return grants.stream()
            .filter(grant -> grant.principal().means(role, byAccount || grant.denies()))
            .map(Grant::policy).reduce(Policy.of(List.of()), Policy::with);
    }

    record Grant(Principal principal, boolean denies, Policy policy) {
        static Grant of(JsonNode statement) {
            boolean denies = statement.path("Effect").asText().equals("Deny");
            return new Grant(Principal.of(statement), denies, Policy.of(List.of(statement)));
        }
    }
}
