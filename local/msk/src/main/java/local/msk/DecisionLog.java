package local.msk;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.protocol.ApiKeys;

/** One JSON line for each decision; every node appends to the same file, one write for each line. */
final class DecisionLog implements Closeable {
    /** The broker property that names the file. */
    static final String PROPERTY = "local.msk.decisions.file";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final FileChannel file;

    DecisionLog(Path path) {
        try {
            file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static DecisionLog of(Map<String, ?> configs) {
        return new DecisionLog(Path.of((String) configs.get(PROPERTY)));
    }

    void add(boolean allowed, String action, String resource, String principal, int api) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("allowed", allowed);
        line.put("action", action);
        line.put("resource", resource);
        line.put("principal", principal);
        line.put("api", ApiKeys.forId(api).name);
        try {
            write(JSON.writeValueAsString(line) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized void write(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
