package local.msk;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** An IAM policy document: what isn't allowed is denied, and an explicit Deny beats every Allow. */
final class Policy {
    /** Stands for "whichever name": only a pattern that covers every name matches it. */
    private static final String ANY_NAME = "\u0001".repeat(300);

    private final List<Statement> statements;

    private Policy(List<Statement> statements) {
        this.statements = statements;
    }

    /** Reads the document; throws IllegalArgumentException on an element that this stand-in doesn't know. */
    static Policy of(JsonNode document) {
        return of(items(document.path("Statement")));
    }

    static Policy of(List<JsonNode> statements) {
        return new Policy(statements.stream().map(Statement::of).toList());
    }

    /** What both documents say, as if it were one. */
    Policy with(Policy other) {
        return new Policy(Stream.concat(statements.stream(), other.statements.stream()).toList());
    }

    boolean allows(String action, String resource) {
        return decide(statement -> statement.covers(action, resource), statement -> statement.covers(action, resource));
    }

    /** Is the action allowed on every resource whose ARN begins with the prefix, and denied on none of them? */
    boolean allowsAllUnder(String action, String prefix) {
        return decide(
            statement -> statement.coversAllUnder(action, prefix),
            statement -> statement.coversSomeUnder(action, prefix));
    }

    private boolean decide(Predicate<Statement> allows, Predicate<Statement> denies) {
        return statements.stream().filter(statement -> !statement.allow).noneMatch(denies)
            && statements.stream().filter(statement -> statement.allow).anyMatch(allows);
    }

    /** The node's items; IAM lets the only one stand without brackets. */
    static List<JsonNode> items(JsonNode node) {
        List<JsonNode> items = new ArrayList<>();
        if (node.isArray()) {
            node.forEach(items::add);
        } else if (!node.isMissingNode()) {
            items.add(node);
        }
        return items;
    }

    /** Patterns, and whether they list what is meant ("Action") or what isn't ("NotAction"). */
    private record Patterns(List<String> patterns, boolean listed) {
        static Patterns of(JsonNode statement, String name, boolean lowerCase) {
            String key = statement.has(name) ? name : "Not" + name;
            if (!statement.has(key)) {
                throw new IllegalArgumentException("a statement without " + name + ": " + statement);
            }
            List<String> patterns = items(statement.get(key)).stream().map(JsonNode::textValue)
                .map(text -> lowerCase ? text.toLowerCase(Locale.ROOT) : text).toList();
            return new Patterns(patterns, key.equals(name));
        }

        boolean cover(String text) {
            return patterns.stream().anyMatch(pattern -> Wildcard.matches(pattern, text)) == listed;
        }

        boolean coverAllUnder(String prefix) {
            return listed ? matchAllUnder(prefix) : !matchSomeUnder(prefix);
        }

        boolean coverSomeUnder(String prefix) {
            return listed ? matchSomeUnder(prefix) : !matchAllUnder(prefix);
        }

        private boolean matchAllUnder(String prefix) {
            return patterns.stream().anyMatch(pattern -> Wildcard.matches(pattern, prefix + ANY_NAME));
        }

        private boolean matchSomeUnder(String prefix) {
            return patterns.stream().anyMatch(pattern -> Wildcard.matchesSomethingUnder(prefix, pattern));
        }
    }

    private record Statement(boolean allow, Patterns actions, Patterns resources) {
        static Statement of(JsonNode node) {
            String effect = node.path("Effect").asText();
            if (!effect.equals("Allow") && !effect.equals("Deny")) {
                throw new IllegalArgumentException("Effect must be Allow or Deny: " + node);
            }
            if (node.has("Condition")) {
                throw new IllegalArgumentException("Condition is not supported by this stand-in: " + node);
            }
            return new Statement(
                effect.equals("Allow"), Patterns.of(node, "Action", true), Patterns.of(node, "Resource", false));
        }

        boolean covers(String action, String resource) {
            return coversAction(action) && resources.cover(resource);
        }

        boolean coversAllUnder(String action, String prefix) {
            return coversAction(action) && resources.coverAllUnder(prefix);
        }

        boolean coversSomeUnder(String action, String prefix) {
            return coversAction(action) && resources.coverSomeUnder(prefix);
        }

        private boolean coversAction(String action) {
            return actions.cover(action.toLowerCase(Locale.ROOT));
        }
    }
}
