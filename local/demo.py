"""`python -m local.demo`: the function at work against a local MSK, told step by step."""

import json
import os
import shutil
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path

from docker.errors import DockerException

from local.containers.errors import ContainerFailed
from local.engine import EngineError
from local.image import ImageFailed
from local.lambda_runtime import EmulatorError, Function, Invocation
from local.msk import MskError
from local.stage import open_stage

EVENTS = Path(__file__).parents[1] / "events"
LONGEST_TEXT = 160
LONGEST_LIST = 4
LONGEST_LOG = 4000
MARGIN = " " * 5
BOLD, DIM, RED, GREEN = 1, 2, 31, 32
FAILURES = (
    *(MskError, EmulatorError, EngineError, ImageFailed, ContainerFailed),
    DockerException,  # what the engine itself says of a container or network
)


@dataclass(frozen=True)
class Step:
    """One event of the story, and the error that it is there to show, if any."""

    title: str
    event: str | dict[str, object]
    """The name of a file in `events/`, or the event itself."""
    error_type: str | None = None

    def request(self) -> object:
        """Return the event to send."""
        if isinstance(self.event, str):
            return json.loads((EVENTS / self.event).read_bytes())
        return self.event


STORY = (
    Step("Is the cluster there?", "ping.json"),
    Step("Make a topic", "create_topic.json"),
    Step("Write to it: JSON, text, a tombstone, binary, headers", "produce_records.json"),
    Step("Write to a topic that isn't there: it is made, and gets two samples", "produce.json"),
    Step("Read them back: to the end of the topic, and no idle wait there", "consume.json"),
    Step("Which topics are there now?", "list_topics.json"),
    Step(
        "The console's hello-world event: a failure raises, and says what to send instead",
        {"key1": "value1", "key2": "value2", "key3": "value3"},
        "InvalidRequest",
    ),
    Step(
        "Read a topic that isn't there: an error, not an empty success",
        {"action": "consume", "topic": "no_such_topic"},
        "UnknownTopic",
    ),
)


def main() -> int:
    """Tell the story; 0 if every step came out as it should."""
    try:
        return _tell()
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130
    except FAILURES as error:
        print(error, file=sys.stderr)
        return 1


def _tell() -> int:
    line = "Starting a local MSK: a real Apache Kafka with IAM login (Maven fetches it once) ..."
    print(line, flush=True)
    started = time.perf_counter()
    with open_stage() as stage:
        function = stage.function
        print(f"Ready at {stage.bootstrap} after {time.perf_counter() - started:.1f} s.")
        as_told = [_play(number, step, function) for number, step in enumerate(STORY, 1)]
        if not all(as_told):
            print(f"\nThe function's log:\n{function.log()[-LONGEST_LOG:]}")
    if all(as_told):
        print(f"\nAll {len(STORY)} steps came out as they should, and everything is stopped again.")
        return 0
    print("\n" + _painted(RED, f"{as_told.count(False)} of {len(STORY)} steps went differently."))
    return 1


def _play(number: int, step: Step, function: Function) -> bool:
    """Send the step's event and show what came of it; tell whether that was as it should be."""
    request = step.request()
    print("\n" + _painted(BOLD, f"{number}/{len(STORY)}  {step.title}"))
    _show("-> ", _laid_out(_shortened(request), _width()))
    invocation = function.invoke(request)
    _show_outcome(invocation)
    note = ", the cold start: Python, its imports and the first login" if number == 1 else ""
    print(MARGIN + _painted(DIM, f"{invocation.duration_ms:.0f} ms{note}"), flush=True)
    if invocation.error_type == step.error_type:
        return True
    print(MARGIN + _painted(RED, f"Expected: {step.error_type or 'an answer'}"))
    return False


def _show_outcome(invocation: Invocation) -> None:
    payload = invocation.payload
    if invocation.error_type is not None:
        error = f"{_painted(RED, invocation.error_type)}: {invocation.error_message}"
        _show("<- ", textwrap.fill(error, _width()))
    elif isinstance(payload, dict) and set(payload) == {"statusCode", "body"}:
        status = f"{payload['statusCode']} "
        body = _laid_out(_shortened(payload["body"]), _width() - len(status))
        _show("<- ", _painted(GREEN, status) + _hanging(body, len(status)))
    else:
        _show("<- ", _laid_out(_shortened(payload), _width()))


def _show(arrow: str, text: str) -> None:
    print(MARGIN + arrow + _hanging(text, len(MARGIN + arrow)))


def _shortened(value: object) -> object:
    """Return the value with its long texts and lists cut, and said so."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}... ({len(value)} characters)"
    if isinstance(value, list):
        more = len(value) - LONGEST_LIST
        shown = [_shortened(each) for each in value[:LONGEST_LIST]]
        return [*shown, f"... {more} more"] if more > 0 else shown
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    return value


def _laid_out(value: object, width: int) -> str:
    """Return the value as JSON in lines of at most `width`, each as full as it gets."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) <= width or not isinstance(value, dict | list):
        return line
    named = value.items() if isinstance(value, dict) else ((None, each) for each in value)
    rows: list[str] = []
    for name, each in named:
        label = "" if name is None else f"{json.dumps(name)}: "
        item = label + _hanging(_laid_out(each, width - len(label) - 2), len(label))
        if rows and "\n" not in rows[-1] + item and len(rows[-1]) + len(item) + 4 <= width:
            rows[-1] += f", {item}"
        else:
            rows.append(item)
    return line[0] + _hanging(",\n".join(rows), 1) + line[-1]


def _hanging(text: str, margin: int) -> str:
    return text.replace("\n", "\n" + " " * margin)


def _width() -> int:
    return min(shutil.get_terminal_size().columns, 100) - len(MARGIN + "-> ")


def _painted(colour: int, text: str) -> str:
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR")  # noqa: TID251 - the terminal's
    return text if plain else f"\033[{colour}m{text}\033[0m"


if __name__ == "__main__":
    sys.exit(main())
