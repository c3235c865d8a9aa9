package local.msk;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a token holds before anything is verified: a URL's host and its decoded query parameters. */
record PresignedUrl(String host, Map<String, String> query) {
    static PresignedUrl ofToken(String token) throws Refused {
        URI url = parse(text(token));
        if (!"https".equals(url.getScheme()) || !"/".equals(url.getPath()) || url.getRawQuery() == null) {
            throw new Refused("the token is not https://HOST/?QUERY");
        }
        if (url.getHost() == null || !url.getHost().equals(url.getRawAuthority()) || url.getFragment() != null) {
            throw new Refused("the token's URL has no plain host name, or a fragment");
        }
        return new PresignedUrl(url.getHost(), queryOf(url.getRawQuery()));
    }

    private static String text(String token) throws Refused {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(token);
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (IllegalArgumentException | CharacterCodingException e) {
            throw new Refused("the token is not base64url of UTF-8 text: " + e.getMessage());
        }
    }

    private static URI parse(String text) throws Refused {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new Refused("the token is not a URL: " + e.getReason());
        }
    }

    private static Map<String, String> queryOf(String raw) throws Refused {
        Map<String, String> query = new LinkedHashMap<>();
        for (String part : raw.split("&")) {
            String[] pair = part.split("=", 2);
            String value = pair.length == 2 ? URLDecoder.decode(pair[1], StandardCharsets.UTF_8) : "";
            if (query.put(URLDecoder.decode(pair[0], StandardCharsets.UTF_8), value) != null) {
                throw new Refused("the query parameter " + pair[0] + " is given twice");
            }
        }
        return query;
    }

    String get(String name) throws Refused {
        String value = query.get(name);
        if (value == null) {
            throw new Refused("the query parameter " + name + " is missing");
        }
        return value;
    }
}
