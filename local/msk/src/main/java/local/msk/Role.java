package local.msk;

import com.fasterxml.jackson.databind.JsonNode;

/** A role with the credentials that speak for it; {@code sessionToken} is null where there is none. */
record Role(
    String arn, String accessKeyId, String secretAccessKey, String sessionToken, Policy policy, long expiresAtMs) {

    static Role of(JsonNode node) {
        return new Role(
            node.path("arn").asText(),
            node.path("access_key_id").asText(),
            node.path("secret_access_key").asText(),
            node.path("session_token").textValue(),
            Policy.of(node.path("policy")),
            node.path("expires_at_ms").asLong(Long.MAX_VALUE));
    }

    /** The id of the AWS account that the role belongs to. */
    String account() {
        return arn.split(":")[4];
    }

    @Override
    public String toString() {
        return arn + " (" + accessKeyId + ")";
    }
}
