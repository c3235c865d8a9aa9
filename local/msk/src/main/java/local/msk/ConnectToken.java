package local.msk;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;

/** A login that was accepted: whose it is, since when, until when. */
record ConnectToken(Role role, long startMs, long endMs) {
    private static final String SERVICE = "kafka-cluster";
    private static final String CONNECT = SERVICE + ":Connect";
    private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);
    private static final long LONGEST_SECONDS = 900;
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");

    /** Verifies the token the way MSK does; throws {@link Refused} with the true reason. */
    static ConnectToken verify(String token, Account account, Instant now) throws Refused {
        PresignedUrl url = PresignedUrl.ofToken(token);
        expect("host", "kafka." + account.region() + ".amazonaws.com", url.host());
        expect("Action", CONNECT, url.get("Action"));
        expect("X-Amz-Algorithm", "AWS4-HMAC-SHA256", url.get("X-Amz-Algorithm"));
        expect("X-Amz-SignedHeaders", "host", url.get("X-Amz-SignedHeaders"));
        Role role = roleOf(url, account);
        Instant signed = dateOf(url);
        Instant end = signed.plusSeconds(secondsOf(url));
        expectNow(now, signed, end, role);
        expectSignature(url, role);
        if (!account.allows(role, CONNECT, account.clusterArn())) {
            throw new Refused(role + " has no " + CONNECT + " on " + account.clusterArn());
        }
        return new ConnectToken(role, signed.toEpochMilli(), Math.min(end.toEpochMilli(), role.expiresAtMs()));
    }

    private static Role roleOf(PresignedUrl url, Account account) throws Refused {
        String[] credential = url.get("X-Amz-Credential").split("/", 2);
        Role role = account.roleOfKey(credential[0])
            .orElseThrow(() -> new Refused("no role has the access key id " + credential[0]));
        String day = url.get("X-Amz-Date").split("T", 2)[0];
        String scope = String.join("/", day, account.region(), SERVICE, "aws4_request");
        expect("X-Amz-Credential's scope", scope, credential.length == 2 ? credential[1] : "");
        if (!same(String.valueOf(role.sessionToken()), String.valueOf(url.query().get("X-Amz-Security-Token")))) {
            throw new Refused("the session token is not the one of " + role);
        }
        return role;
    }

    private static Instant dateOf(PresignedUrl url) throws Refused {
        String date = url.get("X-Amz-Date");
        try {
            return LocalDateTime.parse(date, DATE).toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException e) {
            throw new Refused("X-Amz-Date is no date: " + date);
        }
    }

    private static long secondsOf(PresignedUrl url) throws Refused {
        String seconds = url.get("X-Amz-Expires");
        if (!seconds.matches("[0-9]{1,6}") || Long.parseLong(seconds) < 1 || Long.parseLong(seconds) > LONGEST_SECONDS) {
            throw new Refused("X-Amz-Expires must be 1 to " + LONGEST_SECONDS + " seconds, not " + seconds);
        }
        return Long.parseLong(seconds);
    }

    private static void expectNow(Instant now, Instant signed, Instant end, Role role) throws Refused {
        if (signed.isAfter(now.plus(CLOCK_SKEW))) {
            throw new Refused("the token is from the future: signed at " + signed + ", now " + now);
        }
        if (!now.isBefore(end)) {
            throw new Refused("the token expired at " + end + ", now " + now);
        }
        if (now.toEpochMilli() >= role.expiresAtMs()) {
            throw new Refused("the credentials of " + role + " expired at " + Instant.ofEpochMilli(role.expiresAtMs()));
        }
    }

    private static void expectSignature(PresignedUrl url, Role role) throws Refused {
        Map<String, String> signed = new LinkedHashMap<>(url.query());
        signed.remove("X-Amz-Signature");
        signed.remove("User-Agent");
        String scope = url.get("X-Amz-Credential").split("/", 2)[1];
        String expected = SigV4.sign(role.secretAccessKey(), url.host(), signed, url.get("X-Amz-Date"), scope);
        if (!same(expected, url.get("X-Amz-Signature"))) {
            throw new Refused("the signature is not the one of " + role);
        }
    }

    private static void expect(String what, String expected, String actual) throws Refused {
        if (!expected.equals(actual)) {
            throw new Refused(what + " must be " + expected + ", not " + actual);
        }
    }

    private static boolean same(String a, String b) {
        return MessageDigest.isEqual(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }
}
