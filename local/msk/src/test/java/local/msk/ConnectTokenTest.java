package local.msk;

import static local.msk.Samples.LENT;
import static local.msk.Samples.NOW;
import static local.msk.Samples.OWNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tokens are accepted, and each way in which one can be wrong. */
class ConnectTokenTest {
    private final TokenMaker maker = new TokenMaker();

    @Test
    void aTokenIsItsRolesFromItsDateToItsEnd() throws Refused {
        long start = NOW.toEpochMilli();
        assertEquals(new ConnectToken(LENT, start, start + 900_000), verify(maker.token()));
    }

    @ParameterizedTest
    @CsvSource({
        "ASIATEST,X-Amz-Security-Token=a%2Bb%2Fc%3D%3D~%2A&,"
            + "e2657b14038fab8f52c26eea0293942b71bd8963c179e5bcfba9f78e401ecafa",
        "AKIATEST,'',cb0fcfb9c8285477a784337c16d23f6d37ddafddd8907a90c1a205168b541515",
    })
    void aUrlThatBotocoreSignedIsAccepted(String keyId, String sessionToken, String signature) throws Refused {
        String url = "https://kafka.us-east-1.amazonaws.com/?Action=kafka-cluster%3AConnect"
            + "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + keyId
            + "%2F20260102%2Fus-east-1%2Fkafka-cluster%2Faws4_request&X-Amz-Date=20260102T030405Z"
            + "&X-Amz-Expires=900&X-Amz-SignedHeaders=host&" + sessionToken + "X-Amz-Signature=" + signature;
        assertEquals(keyId, verify(TokenMaker.encoded(url)).role().accessKeyId());
    }

    @Test
    void aTokenMayBePadded() throws Refused {
        for (String end : new String[] {"", "x", "xx"}) {
            maker.after = "&User-Agent=" + end;
            byte[] url = maker.url().getBytes(StandardCharsets.UTF_8);
            assertEquals(LENT, verify(Base64.getUrlEncoder().encodeToString(url)).role());
        }
    }

    @Test
    void theUserAgentIsNotNeeded() throws Refused {
        maker.after = "";
        assertEquals(LENT, verify(maker.token()).role());
    }

    @Test
    void otherSignedParametersAreFine() throws Refused {
        assertEquals(LENT, verify(maker.with("Version", "1 2").token()).role());
    }

    @Test
    void aTokenEndsWithItsCredentials() throws Refused {
        Role ending = roleEndingAt(NOW.plusSeconds(60));
        assertEquals(NOW.plusSeconds(60).toEpochMilli(), verify(maker.token(), ending, NOW).endMs());
    }

    @ParameterizedTest
    @ValueSource(ints = {-300, 0, 899})
    void aTokenHoldsFromAFewMinutesBeforeItsDateToItsEnd(int seconds) throws Refused {
        assertEquals(LENT, verify(maker.token(), LENT, NOW.plusSeconds(seconds)).role());
    }

    @Test
    void aDateInTheFutureIsRefused() {
        refused("from the future", maker.token(), LENT, NOW.minusSeconds(301));
    }

    @Test
    void anExpiredTokenIsRefused() {
        refused("token expired", maker.token(), LENT, NOW.plusSeconds(900));
        refused("token expired", maker.with("X-Amz-Expires", "10").token(), LENT, NOW.plusSeconds(10));
    }

    @Test
    void expiredCredentialsAreRefused() {
        refused("credentials of", maker.token(), roleEndingAt(NOW), NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "Action,                kafka-cluster:connect,  Action must be",
        "Action,                kafka:Connect,          Action must be",
        "X-Amz-Algorithm,       AWS4-HMAC-SHA512,       X-Amz-Algorithm must be",
        "X-Amz-SignedHeaders,   host;accept,            X-Amz-SignedHeaders must be",
        "X-Amz-Date,            20260102,               X-Amz-Date is no date",
        "X-Amz-Date,            20260103T030405Z,       scope must be",
        "X-Amz-Expires,         901,                    X-Amz-Expires must be",
        "X-Amz-Expires,         0,                      X-Amz-Expires must be",
        "X-Amz-Expires,         soon,                   X-Amz-Expires must be",
        "X-Amz-Security-Token,  another,                session token",
        "X-Amz-Security-Token,  '',                     session token",
        "X-Amz-Credential, ASIAOTHER/20260102/us-east-1/kafka-cluster/aws4_request, no role has",
        "X-Amz-Credential, ASIATEST/20260102/eu-west-1/kafka-cluster/aws4_request,  scope must be",
        "X-Amz-Credential, ASIATEST/20260102/us-east-1/kafka/aws4_request,          scope must be",
        "X-Amz-Credential, ASIATEST/20260102/us-east-1/kafka-cluster/aws3_request,  scope must be",
    })
    void aWrongParameterIsRefused(String name, String value, String reason) {
        refused(reason, maker.with(name, value).token());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "Action", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"})
    void aMissingParameterIsRefused(String name) {
        refused(name + " is missing", maker.without(name).token());
    }

    @Test
    void aMissingSignatureIsRefused() {
        refused("X-Amz-Signature is missing", TokenMaker.encoded(maker.url().replaceFirst("&X-Amz-Signature=.*", "")));
    }

    @Test
    void aParameterGivenTwiceIsRefused() {
        maker.after = "&Action=kafka-cluster%3AConnect";
        refused("given twice", maker.token());
    }

    @Test
    void aSignatureWithAnotherKeyIsRefused() {
        maker.secret = "other";
        refused("signature", maker.token());
    }

    @Test
    void aChangeAfterSigningIsRefused() {
        refused("signature", TokenMaker.encoded(maker.url().replace("X-Amz-Expires=900", "X-Amz-Expires=800")));
        maker.after = "&More=1";
        refused("signature", maker.token());
    }

    @Test
    void aMissingSessionTokenIsRefused() {
        refused("session token", maker.without("X-Amz-Security-Token").token());
    }

    @Test
    void aSessionTokenWithLastingCredentialsIsRefused() {
        maker.with("X-Amz-Credential", "AKIATEST/20260102/us-east-1/kafka-cluster/aws4_request");
        refused("session token", maker.token());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "kafka.eu-west-1.amazonaws.com", "kafka.us-east-1.amazonaws.com.cn", "KAFKA.us-east-1.amazonaws.com",
        "kafka.us-east-1.amazonaws.com:443", "user@kafka.us-east-1.amazonaws.com"})
    void anotherHostIsRefused(String host) {
        maker.host = host;
        refused("host", maker.token());
    }

    @Test
    void anotherSchemeOrPathIsRefused() {
        maker.scheme = "http";
        refused("not https://HOST/?QUERY", maker.token());
        maker.scheme = "https";
        maker.path = "/x";
        refused("not https://HOST/?QUERY", maker.token());
    }

    @Test
    void aTruncatedTokenIsRefused() {
        String token = maker.token();
        for (int length = 0; length < token.length() - maker.after.length() * 4 / 3 - 1; length += 7) {
            String part = token.substring(0, length);
            assertThrows(Refused.class, () -> verify(part), part);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "not a url", "https://", "https:///?a=b", "%", "https://h/?%zz=1", "\u0000"})
    void whatIsNoUrlIsRefused(String text) {
        assertThrows(Refused.class, () -> verify(TokenMaker.encoded(text)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"****", "a", "https://kafka.us-east-1.amazonaws.com/", "a+b/", "_w", "aA==="})
    void whatIsNoBase64urlOfTextIsRefused(String token) {
        refused("not base64url", token);
    }

    @Test
    void aRoleWithoutConnectOnTheClusterIsRefused() {
        for (Policy policy : new Policy[] {
            Samples.allow("kafka-cluster:Describe*", "*"),
            Samples.allow("kafka-cluster:Connect", Samples.CLUSTER + "2"),
            Samples.allow("kafka:Connect", "*"),
        }) {
            Role role = Samples.role("lent", "ASIATEST", Samples.SESSION, policy, Long.MAX_VALUE);
            refused("has no kafka-cluster:Connect", maker.token(), role, NOW);
        }
    }

    private static Role roleEndingAt(Instant end) {
        return Samples.role(
            "lent", "ASIATEST", Samples.SESSION, Samples.allow("kafka-cluster:*", "*"), end.toEpochMilli());
    }

    private static ConnectToken verify(String token) throws Refused {
        return ConnectToken.verify(token, Samples.account(OWNED, LENT), NOW);
    }

    private static ConnectToken verify(String token, Role role, Instant now) throws Refused {
        return ConnectToken.verify(token, Samples.account(role), now);
    }

    private static void refused(String reason, String token) {
        Refused refused = assertThrows(Refused.class, () -> verify(token));
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }

    private static void refused(String reason, String token, Role role, Instant now) {
        Refused refused = assertThrows(Refused.class, () -> verify(token, role, now));
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }
}
