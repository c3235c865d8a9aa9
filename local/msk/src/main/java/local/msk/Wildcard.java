package local.msk;

/** IAM's patterns: {@code *} is any run of characters, {@code ?} is one character. */
final class Wildcard {
    private Wildcard() {}

    /** Does the pattern match the whole text? Upper and lower case differ. */
    static boolean matches(String pattern, String text) {
        int p = 0;
        int t = 0;
        int star = -1;
        int resume = 0;
        while (t < text.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                resume = t;
            } else if (p < pattern.length() && (pattern.charAt(p) == '?' || pattern.charAt(p) == text.charAt(t))) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++resume;
            } else {
                return false;
            }
        }
        return pattern.chars().skip(p).allMatch(c -> c == '*');
    }

    /** Is there any text beginning with the prefix that the pattern matches? */
    static boolean matchesSomethingUnder(String prefix, String pattern) {
        for (int end = 0; end <= pattern.length(); end++) {
            if (matches(pattern.substring(0, end), prefix)) {
                return true;
            }
        }
        return false;
    }
}
