package local.msk;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.kafka.common.Endpoint;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.server.authorizer.AclCreateResult;
import org.apache.kafka.server.authorizer.AclDeleteResult;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.authorizer.AuthorizerServerInfo;

/** Answers Kafka's questions about permissions from the IAM policies of the role that asks and of the cluster. */
public final class IamAuthorizer implements Authorizer {
    private RolesFile roles;
    private DecisionLog log;

    @Override
    public void configure(Map<String, ?> configs) {
        roles = RolesFile.of(configs);
        log = DecisionLog.of(configs);
    }

    @Override
    public Map<Endpoint, ? extends CompletionStage<Void>> start(AuthorizerServerInfo server) {
        return server.endpoints().stream()
            .collect(Collectors.toMap(endpoint -> endpoint, endpoint -> CompletableFuture.completedFuture(null)));
    }

    @Override
    public List<AuthorizationResult> authorize(AuthorizableRequestContext request, List<Action> actions) {
        Account account = roles.read();
        List<AuthorizationResult> results = new ArrayList<>(actions.size());
        for (Action action : actions) {
            results.add(result(isSuper(request) || isAllowed(account, request, action)));
        }
        return results;
    }

    /**
     * Kafka asks this for an idempotent write that WriteDataIdempotently doesn't allow: MSK takes WriteData for it
     * only where that covers all topics. A refusal is logged as the lack of WriteDataIdempotently, which cures it.
     */
    @Override
    public AuthorizationResult authorizeByResourceType(
        AuthorizableRequestContext request, AclOperation operation, ResourceType type) {
        if (isSuper(request)) {
            return AuthorizationResult.ALLOWED;
        }
        if (type != ResourceType.TOPIC || operation != AclOperation.WRITE) {
            return AuthorizationResult.DENIED;
        }
        Account account = roles.read();
        String topics = account.topicPrefix();
        boolean allowed = roleOf(account, request)
            .map(role -> account.allowsOnAllTopics(role, Actions.WRITE_DATA)).orElse(false);
        if (allowed) {
            add(true, Actions.WRITE_DATA, topics + "*", request);
        } else {
            add(false, Actions.WRITE_DATA_IDEMPOTENTLY, account.clusterArn(), request);
        }
        return result(allowed);
    }

    private boolean isAllowed(Account account, AuthorizableRequestContext request, Action action) {
        ResourceType type = action.resourcePattern().resourceType();
        String resource = account.arnOf(type, action.resourcePattern().name());
        Optional<String> name = Actions.of(type, action.operation());
        boolean allowed = name.isPresent() && roleOf(account, request)
            .map(role -> account.allows(role, name.get(), resource)).orElse(false);
        if (allowed ? action.logIfAllowed() : action.logIfDenied()) {
            add(allowed, name.orElse(action.operation() + " " + type), resource, request);
        }
        return allowed;
    }

    private void add(boolean allowed, String action, String resource, AuthorizableRequestContext request) {
        log.add(allowed, action, resource, request.principal().getName(), request.requestType());
    }

    private static Optional<Role> roleOf(Account account, AuthorizableRequestContext request) {
        return account.roleOfArn(request.principal().getName());
    }

    /** The brokers themselves and the plaintext listener, which exists for the tests' own eyes. */
    private static boolean isSuper(AuthorizableRequestContext request) {
        return KafkaPrincipal.ANONYMOUS.equals(request.principal());
    }

    private static AuthorizationResult result(boolean allowed) {
        return allowed ? AuthorizationResult.ALLOWED : AuthorizationResult.DENIED;
    }

    @Override
    public List<? extends CompletionStage<AclCreateResult>> createAcls(
        AuthorizableRequestContext request, List<AclBinding> bindings) {
        throw noAcls();
    }

    @Override
    public List<? extends CompletionStage<AclDeleteResult>> deleteAcls(
        AuthorizableRequestContext request, List<AclBindingFilter> filters) {
        throw noAcls();
    }

    @Override
    public Iterable<AclBinding> acls(AclBindingFilter filter) {
        throw noAcls();
    }

    private static InvalidRequestException noAcls() {
        return new InvalidRequestException("MSK Serverless has no Kafka ACLs, only IAM policies");
    }

    @Override
    public void close() throws IOException {
        log.close();
    }
}
