package local.msk;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** Whom a statement of a resource policy is about: roles by ARN, accounts by id or root ARN, or everybody. */
record Principal(List<String> names) {
    static Principal of(JsonNode statement) {
        JsonNode principal = statement.path("Principal");
        if (principal.isTextual() && principal.asText().equals("*")) {
            return new Principal(List.of("*"));
        }
        if (!principal.isObject()) {
            throw new IllegalArgumentException("a statement of a resource policy needs a Principal: " + statement);
        }
        return new Principal(Policy.items(principal.path("AWS")).stream().map(JsonNode::textValue).toList());
    }

    boolean means(Role role, boolean byAccount) {
        String root = role.arn().replaceFirst(":role/.*", ":root");
        return names.contains("*") || names.contains(role.arn())
            || byAccount && (names.contains(role.account()) || names.contains(root));
    }
}
