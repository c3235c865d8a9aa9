package local.msk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.security.auth.SaslExtensions;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerExtensionsValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a broker's login answers. */
class IamLoginTest {
    private static final String ROLES = """
        {"region": "us-east-1", "cluster_arn": "arn:aws:kafka:us-east-1:1:cluster/local/u-s1", "roles": [{
          "arn": "arn:aws:iam::1:role/lent", "access_key_id": "ASIATEST", "secret_access_key": "wJalr/secret",
          "session_token": "a+b/c==~*", "expires_at_ms": %d,
          "policy": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}
        """;

    @TempDir
    Path folder;

    private final IamLogin login = new IamLogin();
    private final long endMs = Instant.now().plusSeconds(60).toEpochMilli();

    @BeforeEach
    void configure() throws Exception {
        Path file = Files.writeString(folder.resolve("roles.json"), ROLES.formatted(endMs));
        login.configure(Map.of(RolesFile.PROPERTY, file.toString()), "OAUTHBEARER", List.of());
    }

    @Test
    void aLoginIsTheRolesUntilItsCredentialsEnd() throws Exception {
        OAuthBearerToken token = logIn();
        assertEquals("arn:aws:iam::1:role/lent", token.principalName());
        assertEquals(endMs, token.lifetimeMs());
    }

    @Test
    void whateverIsWrongTheAnswerIsANumberAndTwoWords() {
        for (String token : new String[] {"rubbish", tokenOfNow().with("Action", "Other").token()}) {
            OAuthBearerValidatorCallback callback = new OAuthBearerValidatorCallback(token);
            SaslAuthenticationException refused =
                assertThrows(SaslAuthenticationException.class, () -> login.handle(new Callback[] {callback}));
            assertTrue(refused.getMessage().matches("\\[[0-9a-f-]{36}\\]: Access denied"), refused.getMessage());
        }
    }

    @Test
    void extensionsAreAccepted() throws Exception {
        OAuthBearerExtensionsValidatorCallback callback =
            new OAuthBearerExtensionsValidatorCallback(logIn(), new SaslExtensions(Map.of("logicalCluster", "x")));
        login.handle(new Callback[] {callback});
        assertEquals(Map.of("logicalCluster", "x"), callback.validatedExtensions());
    }

    @Test
    void otherCallbacksAreNotForIt() {
        assertThrows(UnsupportedCallbackException.class, () -> login.handle(new Callback[] {new NameCallback("name")}));
    }

    private OAuthBearerToken logIn() throws UnsupportedCallbackException {
        OAuthBearerValidatorCallback callback = new OAuthBearerValidatorCallback(tokenOfNow().token());
        login.handle(new Callback[] {callback});
        return callback.token();
    }

    private static TokenMaker tokenOfNow() {
        String now = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC).format(Instant.now());
        String scope = now.substring(0, 8) + "/us-east-1/kafka-cluster/aws4_request";
        return new TokenMaker().with("X-Amz-Date", now).with("X-Amz-Credential", "ASIATEST/" + scope);
    }
}
