package local.msk;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/** Starts one node: formats its folder if that is new, then runs the broker and controller in this process. */
public final class Node {
    private Node() {}

    /** Arguments: the node's properties file and the cluster id. */
    public static void main(String[] args) throws IOException {
        endWithStarter();
        if (!Files.exists(dataFolder(args[0]).resolve("meta.properties"))) {
            int code = kafka.tools.StorageTool.execute(
                new String[] {"format", "--config", args[0], "--cluster-id", args[1]}, System.out);
            if (code != 0) {
                System.exit(code);
            }
        }
        kafka.Kafka.main(new String[] {args[0]});
    }

    private static Path dataFolder(String properties) throws IOException {
        Properties values = new Properties();
        try (InputStream in = Files.newInputStream(Path.of(properties))) {
            values.load(in);
        }
        return Path.of(values.getProperty("log.dirs"));
    }

    /** Standard input is a pipe from the process that started this one; its end is that process's end. */
    private static void endWithStarter() {
        Thread watch = new Thread(() -> {
            try {
                System.in.transferTo(java.io.OutputStream.nullOutputStream());
            } catch (IOException e) {
                System.err.println("Lost the starter: " + e);
            }
            Runtime.getRuntime().halt(1);
        }, "starter-watch");
        watch.setDaemon(true);
        watch.start();
    }
}
