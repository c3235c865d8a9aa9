package local.msk;

/** A login that isn't accepted; the message is the true reason, for the broker's log only. */
final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String reason) {
        super(reason);
    }
}
