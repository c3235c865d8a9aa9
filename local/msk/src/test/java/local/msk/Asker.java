package local.msk;

import java.net.InetAddress;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;

/** A request as the authorizer sees it. */
record Asker(KafkaPrincipal principal, ApiKeys api) implements AuthorizableRequestContext {
    static Asker of(Role role, ApiKeys api) {
        return new Asker(new KafkaPrincipal(KafkaPrincipal.USER_TYPE, role.arn()), api);
    }

    @Override
    public String listenerName() {
        return "IAM0";
    }

    @Override
    public SecurityProtocol securityProtocol() {
        return SecurityProtocol.SASL_SSL;
    }

    @Override
    public InetAddress clientAddress() {
        return InetAddress.getLoopbackAddress();
    }

    @Override
    public int requestType() {
        return api.id;
    }

    @Override
    public int requestVersion() {
        return api.latestVersion();
    }

    @Override
    public String clientId() {
        return "test";
    }

    @Override
    public int correlationId() {
        return 1;
    }
}
