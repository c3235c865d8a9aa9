import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.Machine;

/** Answers questions, one JSON object a line: {"pattern": text, "event": text} -> {"match": ...}. */
public class Rules {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper json = new ObjectMapper();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      JsonNode question = json.readTree(line);
      ObjectNode answer = json.createObjectNode();
      try {
        Machine machine = new Machine();
        machine.addRule("rule", question.get("pattern").asText());
        String event = question.get("event").asText();
        answer.put("match", !machine.rulesForJSONEvent(event).isEmpty());
      } catch (Exception refused) {
        answer.put("refused", String.valueOf(refused.getMessage()));
      }
      out.println(answer);
    }
  }
}
