package local.msk;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerExtensionsValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The OAUTHBEARER server callback: lets in who holds a valid {@code kafka-cluster:Connect} URL. */
public final class IamLogin implements AuthenticateCallbackHandler {
    private static final Logger LOG = LoggerFactory.getLogger(IamLogin.class);

    private RolesFile roles;

    @Override
    public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
        roles = RolesFile.of(configs);
    }

    @Override
    public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            if (callback instanceof OAuthBearerValidatorCallback validator) {
                validator.token(login(validator.tokenValue()));
            } else if (callback instanceof OAuthBearerExtensionsValidatorCallback extensions) {
                extensions.inputExtensions().map().keySet().forEach(extensions::valid);
            } else {
                throw new UnsupportedCallbackException(callback);
            }
        }
    }

    /** MSK's answer is a number and two words, whatever is wrong; the log has the reason under that number. */
    private OAuthBearerToken login(String token) {
        try {
            return new Accepted(token, ConnectToken.verify(token, roles.read(), Instant.now()));
        } catch (Refused e) {
            UUID number = UUID.randomUUID();
            LOG.warn("Login refused [{}]: {}", number, e.getMessage());
            throw new SaslAuthenticationException("[" + number + "]: Access denied");
        }
    }

    @Override
    public void close() {}

    private record Accepted(String value, ConnectToken token) implements OAuthBearerToken {
        @Override
        public Set<String> scope() {
            return Set.of();
        }

        @Override
        public long lifetimeMs() {
            return token.endMs();
        }

        @Override
        public String principalName() {
            return token.role().arn();
        }

        @Override
        public Long startTimeMs() {
            return token.startMs();
        }

        @Override
        public String toString() {
            return "token of " + token.role();
        }
    }
}
