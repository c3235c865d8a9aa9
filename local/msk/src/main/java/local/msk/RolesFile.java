package local.msk;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;

/** The roles file, read again for the very next request after it was replaced. */
final class RolesFile {
    /** The broker property that names the file. */
    static final String PROPERTY = "local.msk.roles.file";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path path;
    private List<Object> stamp = List.of();
    private Account account;

    RolesFile(Path path) {
        this.path = path;
    }

    static RolesFile of(Map<String, ?> configs) {
        return new RolesFile(Path.of((String) configs.get(PROPERTY)));
    }

    synchronized Account read() {
        try {
            List<Object> now = stampOf(Files.readAttributes(path, BasicFileAttributes.class));
            if (!now.equals(stamp)) {
                account = Account.of(JSON.readTree(path.toFile()));
                stamp = now;
            }
            return account;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Object> stampOf(BasicFileAttributes file) {
        return List.of(file.lastModifiedTime(), file.size(), String.valueOf(file.fileKey()));
    }
}
