package local.msk;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Makes tokens that are right but for what a test says. */
final class TokenMaker {
    final Map<String, String> query = new LinkedHashMap<>();
    String scheme = "https";
    String host = "kafka.us-east-1.amazonaws.com";
    String path = "/";
    String secret = Samples.SECRET;
    String after = "&User-Agent=some-signer%2F1.0";

    TokenMaker() {
        query.put("Action", "kafka-cluster:Connect");
        query.put("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
        query.put("X-Amz-Credential", "ASIATEST/20260102/us-east-1/kafka-cluster/aws4_request");
        query.put("X-Amz-Date", "20260102T030405Z");
        query.put("X-Amz-Expires", "900");
        query.put("X-Amz-SignedHeaders", "host");
        query.put("X-Amz-Security-Token", Samples.SESSION);
    }

    TokenMaker with(String name, String value) {
        query.put(name, value);
        return this;
    }

    TokenMaker without(String name) {
        query.remove(name);
        return this;
    }

    String url() {
        String scope = query.getOrDefault("X-Amz-Credential", "/").split("/", 2)[1];
        String date = query.getOrDefault("X-Amz-Date", "");
        String signature = SigV4.sign(secret, host, query, date, scope);
        String text = query.entrySet().stream()
            .map(entry -> SigV4.encode(entry.getKey()) + "=" + SigV4.encode(entry.getValue()))
            .collect(Collectors.joining("&"));
        return scheme + "://" + host + path + "?" + text + "&X-Amz-Signature=" + signature + after;
    }

    String token() {
        return encoded(url());
    }

    static String encoded(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
