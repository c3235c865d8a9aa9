package local.msk;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** AWS Signature Version 4 of a presigned GET request without a body. */
final class SigV4 {
    private SigV4() {}

    /**
     * The signature of {@code https://host/?query}.
     *
     * @param query the decoded query parameters that are signed
     * @param date  {@code yyyyMMdd'T'HHmmss'Z'}
     * @param scope {@code yyyyMMdd/region/service/aws4_request}
     */
    static String sign(String secretKey, String host, Map<String, String> query, String date, String scope) {
        String request = String.join("\n", "GET", "/", canonical(query), "host:" + host, "", "host", hex(sha256("")));
        String text = String.join("\n", "AWS4-HMAC-SHA256", date, scope, hex(sha256(request)));
        byte[] key = ("AWS4" + secretKey).getBytes(StandardCharsets.UTF_8);
        for (String part : scope.split("/")) {
            key = hmac(key, part);
        }
        return hex(hmac(key, text));
    }

    private static String canonical(Map<String, String> query) {
        return query.entrySet().stream()
            .map(entry -> Map.entry(encode(entry.getKey()), encode(entry.getValue())))
            .sorted(Comparator.comparing(Map.Entry<String, String>::getKey))
            .map(entry -> entry.getKey() + "=" + entry.getValue())
            .collect(Collectors.joining("&"));
    }

    /** RFC 3986: everything but letters, digits and {@code -._~} as %XX. */
    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8)
            .replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
