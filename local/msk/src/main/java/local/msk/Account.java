package local.msk;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.common.resource.ResourceType;

/** The roles file as it stood at one moment: where the cluster is and who may do what on it. */
record Account(String region, String clusterArn, List<Role> roles, ClusterPolicy clusterPolicy) {
    static Account of(JsonNode node) {
        List<Role> roles = new ArrayList<>();
        node.path("roles").forEach(role -> roles.add(Role.of(role)));
        return new Account(
            node.path("region").asText(),
            node.path("cluster_arn").asText(),
            List.copyOf(roles),
            ClusterPolicy.of(node.path("cluster_policy")));
    }

    boolean allows(Role role, String action, String resource) {
        return decide(role, policy -> policy.allows(action, resource));
    }

    /** Is the action allowed on every topic, whatever its name? */
    boolean allowsOnAllTopics(Role role, String action) {
        return decide(role, policy -> policy.allowsAllUnder(action, topicPrefix()));
    }

    private boolean decide(Role role, Predicate<Policy> question) {
        return clusterPolicy.allows(role, clusterArn.split(":")[4], question);
    }

    Optional<Role> roleOfKey(String accessKeyId) {
        return roles.stream().filter(role -> role.accessKeyId().equals(accessKeyId)).findFirst();
    }

    Optional<Role> roleOfArn(String arn) {
        return roles.stream().filter(role -> role.arn().equals(arn)).findFirst();
    }

    /** The ARN of a topic, group or transactional id; the cluster's own for everything else. */
    String arnOf(ResourceType type, String name) {
        return switch (type) {
            case TOPIC -> arnPrefix("topic") + name;
            case GROUP -> arnPrefix("group") + name;
            case TRANSACTIONAL_ID -> arnPrefix("transactional-id") + name;
            default -> clusterArn;
        };
    }

    /** What every topic's ARN begins with. */
    String topicPrefix() {
        return arnPrefix("topic");
    }

    private String arnPrefix(String type) {
        return clusterArn.replaceFirst(":cluster/", ":" + type + "/") + "/";
    }
}
