"""The local Lambda runner, with tiny handlers: each event comes to an end, nothing is left."""

import gc
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.lambda_runtime import (
    Emulator,
    EmulatorError,
    Function,
    InProcess,
    emulator_binary,
    install,
    open_function,
)
from local.lambda_runtime import function as choice
from local.lambda_runtime.guard import children

HANDLERS = """
import os, signal, sys
from pathlib import Path

def echo(event, context):
    return event

def facts(event, context):
    return {name: getattr(context, name) for name in event}

def remaining(event, context):
    return context.get_remaining_time_in_millis()

def environment(event, context):
    return dict(os.environ)

def pid(event, context):
    return os.getpid()

def answer_of(event, context):
    return "x" * event

def some_bytes(event, context):
    return b"\\xff"

def unserializable(event, context):
    return {1, 2}

def talk(event, context):
    print("to stdout")
    print("to stderr", file=sys.stderr)

class NoLuck(Exception):
    pass

def fail(event, context):
    raise NoLuck("not today")

def leave(event, context):
    sys.exit(3)

def vanish(event, context):
    os._exit(7)

def hang(event, context):
    if event:
        Path(event).write_text(f"{os.getpid()} {os.getppid()}")
    while True:
        signal.pause()
"""

PARENT = """
import sys
from pathlib import Path
from local.lambda_runtime import Emulator
with Emulator({}, handler="handlers.hang", path=[Path(sys.argv[1])]) as emulator:
    emulator.invoke(sys.argv[2])
"""

LAMBDA_VARIABLES = """
AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION
AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME
AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME
AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_METADATA_API AWS_LAMBDA_METADATA_TOKEN
AWS_LAMBDA_RUNTIME_API LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT LANG PATH PYTHONPATH TZ _HANDLER
PWD SHLVL OLDPWD _ LC_CTYPE
"""
OURS = {"AWS_LAMBDA_FUNCTION_TIMEOUT", "AWS_EC2_METADATA_DISABLED", "HOME"}

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0

Make = Callable[..., Emulator]


@pytest.fixture(name="handlers")
def handlers_folder(tmp_path: Path) -> Path:
    """Write the module `handlers` and some that can't be imported."""
    folder = tmp_path / "function"
    folder.mkdir()
    sources = {
        "handlers": HANDLERS,
        "broken": "raise ValueError('broken at import')",
        "lacking": "import no_such_module",
        "gone": "import os; os._exit(3)",
    }
    for name, source in sources.items():
        folder.joinpath(f"{name}.py").write_text(source)
    return folder


@pytest.fixture(name="run", params=["emulator", "in_process"])
def either_runner(
    request: pytest.FixtureRequest, handlers: Path
) -> Iterator[Callable[[str], Function]]:
    """Open a handler by its name: the same contract for the emulator and for its stand-in."""
    kind = request.getfixturevalue("emulator") if request.param == "emulator" else InProcess
    with ExitStack() as running:
        yield lambda name: running.enter_context(kind({}, handler=name, path=[handlers]))


class Watched:
    """Processes whose end can be awaited, although they are nobody's children here."""

    def __init__(self, pids: list[int]) -> None:
        self._descriptors = [os.pidfd_open(pid) for pid in pids]

    def all_end(self) -> bool:
        """Tell whether each of them ends, soon enough."""
        ended = [self._ends(descriptor) for descriptor in self._descriptors]
        for descriptor in self._descriptors:
            os.close(descriptor)
        return all(ended)

    @staticmethod
    def _ends(descriptor: int) -> bool:
        return bool(select.select([descriptor], [], [], PATIENCE_S)[0])


def family(emulator: Emulator) -> Watched:
    """Watch the runtime and the emulator above it."""
    return Watched([emulator.pid(), parent_of(emulator.pid())])


def parent_of(pid: int) -> int:
    """Return the process id of the parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


# The contract of both


EVENTS = [{"a": [1, None, "é\U0001f600"]}, "", 0, None, []]


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_the_answer_of_the_handler_comes_back(
    run: Callable[[str], Function], event: object
) -> None:
    """What the handler returns is the payload, through JSON and back, and there is no error."""
    invocation = run("handlers.echo").invoke(event)
    assert (invocation.payload, invocation.error_type) == (event, None)


def test_bytes_are_sent_as_they_are(run: Callable[[str], Function]) -> None:
    """An event of bytes is not encoded again; one that isn't JSON is the runtime's error."""
    function = run("handlers.echo")
    assert function.invoke(b'{"a": 1}').payload == {"a": 1}
    assert function.invoke(b"{a").error_type == "Runtime.UnmarshalError"


def test_an_answer_of_bytes_is_kept_raw(run: Callable[[str], Function]) -> None:
    """An answer that isn't JSON fails nothing; its bytes are there."""
    invocation = run("handlers.some_bytes").invoke(None)
    assert (invocation.raw, invocation.error_type) == (b"\xff", None)


def test_an_answer_that_resembles_an_error_is_an_answer(run: Callable[[str], Function]) -> None:
    """A handler may return fields with an error's names without having failed."""
    answer = {"errorType": "NoError", "errorMessage": "all is well"}
    assert run("handlers.echo").invoke(answer).error_type is None


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("handlers.fail", "NoLuck", "not today"),
        ("handlers.unserializable", "Runtime.MarshalError", "Unable to marshal response"),
        ("handlers.nowhere", "Runtime.HandlerNotFound", "'nowhere' missing"),
        ("lacking.handler", "Runtime.ImportModuleError", "No module named 'no_such_module'"),
        ("broken.handler", "ValueError", "broken at import"),
        ("handlers.leave", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_a_failure_tells_its_class_and_message(
    run: Callable[[str], Function], handler: str, error_type: str, message: str
) -> None:
    """A function that fails, in the handler or at import, is an invocation with that error."""
    invocation = run(handler).invoke({})
    assert invocation.error_type == error_type
    assert message in (invocation.error_message or "")


def test_the_limits_of_size_are_lambdas(run: Callable[[str], Function]) -> None:
    """6 MB go in and a little more comes out; a byte more is refused by Lambda's own names."""
    function = run("handlers.answer_of")
    assert function.invoke(b" " * 6_291_455 + b"0").payload == ""
    assert function.invoke(b" " * 6_291_456 + b"0").error_type == "RequestEntityTooLargeException"
    assert len(function.invoke(6_291_554).raw) == 6_291_556
    assert function.invoke(6_291_555).error_type == "Function.ResponseSizeTooLarge"


def test_the_context_is_lambdas(run: Callable[[str], Function]) -> None:
    """The handler learns the function's name and memory as Lambda tells them."""
    facts = {"function_name": "msk-lambda-client", "memory_limit_in_mb": "1024"}
    assert run("handlers.facts").invoke(list(facts)).payload == facts


def test_the_time_left_is_the_functions_timeout(run: Callable[[str], Function]) -> None:
    """The remaining time starts at the timeout, 60 s unless said otherwise."""
    left_ms = run("handlers.remaining").invoke(None).payload
    assert isinstance(left_ms, int)
    assert 40_000 < left_ms <= 60_000


def test_the_log_is_what_the_function_printed(run: Callable[[str], Function]) -> None:
    """Output and errors are in the log, nothing of the runner's own, also after the stop."""
    function = run("handlers.talk")
    function.invoke(None)
    function.stop()
    assert function.log() == "to stdout\nto stderr\n"


def test_the_environment_is_lambdas_and_the_callers(
    run: Callable[[str], Function], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the developer's own gets in, neither variables nor the way to the files."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "KAFKA_ENDPOINT", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "developer")
    payload = run("handlers.environment").invoke(None).payload
    assert isinstance(payload, Mapping)
    assert "developer" not in payload.values()
    assert set(payload) <= set(LAMBDA_VARIABLES.split()) | OURS
    assert payload["HOME"] == "/nonexistent"


# The emulator's own


def test_the_callers_environment_wins(emulator: Make, handlers: Path) -> None:
    """Variables given reach the function; the region's second name follows the first."""
    given = {"KAFKA_ENDPOINT": "broker:9098", "AWS_REGION": "eu-central-1", "LOG_LEVEL": "DEBUG"}
    function = emulator(given, handler="handlers.environment", path=[handlers], memory_mb=256)
    payload = function.invoke(None).payload
    assert isinstance(payload, Mapping)
    assert given.items() <= payload.items()
    assert payload["AWS_DEFAULT_REGION"] == "eu-central-1"
    assert payload["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert payload["LAMBDA_TASK_ROOT"] == str(handlers)


def test_the_execution_environment_is_named_from_312_on(emulator: Make, handlers: Path) -> None:
    """The variable by which the runtime client decides on escaping is there as in the image."""
    payload = emulator({}, handler="handlers.environment", path=[handlers]).invoke(None).payload
    assert isinstance(payload, Mapping)
    name = "AWS_Lambda_python{}.{}".format(*sys.version_info)
    assert payload.get("AWS_EXECUTION_ENV") == (name if sys.version_info >= (3, 12) else None)


@pytest.mark.parametrize("handler", ["handlers.vanish", "gone.handler"])
def test_a_runtime_that_exits_is_an_error_each_time(
    emulator: Make, handlers: Path, handler: str
) -> None:
    """An exit without a word, in the handler or at import, is told at once, and again."""
    function = emulator({}, handler=handler, path=[handlers])
    for _ in range(2):
        assert function.invoke({}).error_type == "Runtime.ExitError"


def test_after_a_kill_the_next_event_meets_a_new_runtime(emulator: Make, handlers: Path) -> None:
    """A runtime that was killed is replaced, as Lambda does."""
    function = emulator({}, handler="handlers.pid", path=[handlers])
    first = function.invoke(None).payload
    os.kill(function.pid(), signal.SIGKILL)
    function.invoke(None)
    assert function.invoke(None).payload != first


def test_a_function_that_takes_too_long_is_timed_out(emulator: Make, handlers: Path) -> None:
    """The emulator ends the event at the function's timeout, by Lambda's name for it."""
    function = emulator({}, handler="handlers.hang", path=[handlers], timeout_s=1)
    invocation = function.invoke(None)
    assert invocation.error_type == "Sandbox.Timedout"
    assert invocation.error_message == "Task timed out after 1.00 seconds"


def test_a_caller_may_lose_patience(emulator: Make, handlers: Path) -> None:
    """No answer within the caller's own time is a TimeoutError, and the emulator is stopped."""
    function = emulator({}, handler="handlers.hang", path=[handlers])
    with pytest.raises(TimeoutError, match="no answer within"):
        function.invoke(None, timeout_s=0.5)
    with pytest.raises(EmulatorError, match="stopped"):
        function.invoke(None)


def test_the_pid_is_of_the_process_that_runs_the_handler(emulator: Make, handlers: Path) -> None:
    """It is known after the first event, which starts the process."""
    function = emulator({}, handler="handlers.pid", path=[handlers])
    with pytest.raises(LookupError, match="first event"):
        function.pid()
    assert function.invoke(None).payload == function.pid()


def test_a_frozen_runtime_does_not_answer(emulator: Make, handlers: Path) -> None:
    """SIGSTOP stops the handler's process itself: the event waits until it times out."""
    function = emulator({}, handler="handlers.echo", path=[handlers], timeout_s=1)
    function.invoke(None)
    os.kill(function.pid(), signal.SIGSTOP)
    assert function.invoke(None).error_type == "Sandbox.Timedout"


def test_a_thawed_runtime_goes_on(emulator: Make, handlers: Path) -> None:
    """SIGCONT after SIGSTOP: the same process takes the next event."""
    function = emulator({}, handler="handlers.pid", path=[handlers])
    before = function.invoke(None).payload
    os.kill(function.pid(), signal.SIGSTOP)
    os.kill(function.pid(), signal.SIGCONT)
    assert function.invoke(None).payload == before


def test_emulators_run_side_by_side(emulator: Make, handlers: Path) -> None:
    """Emulators started at the same moment each answer their own caller."""

    def who(number: int) -> object:
        variables = {"NUMBER": str(number)}
        payload = emulator(variables, handler="handlers.environment", path=[handlers]).invoke(0)
        assert isinstance(payload.payload, Mapping)
        return payload.payload["NUMBER"]

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(who, range(4))) == ["0", "1", "2", "3"]


def test_threads_wait_for_each_other(emulator: Make, handlers: Path) -> None:
    """Events sent at once are served one by one, each with its own answer."""
    function = emulator({}, handler="handlers.echo", path=[handlers])
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(function.invoke, range(16)))
    assert [answer.payload for answer in answers] == list(range(16))


def test_a_stop_in_the_middle_of_an_event_is_an_error_of_the_emulator(
    emulator: Make, handlers: Path, tmp_path: Path
) -> None:
    """Whoever waits for the answer learns that the emulator went, and doesn't wait on."""
    line = tmp_path / "line"
    os.mkfifo(line)
    function = emulator({}, handler="handlers.hang", path=[handlers])
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(function.invoke, str(line))
        line.read_text()  # written by the handler, which is at work then
        function.stop()
        with pytest.raises(EmulatorError, match="emulator failed"):
            waiting.result(PATIENCE_S)


# Nothing is left behind


def test_stop_ends_every_process(emulator: Make, handlers: Path) -> None:
    """After the stop neither runtime nor emulator is there, not even when the runtime is frozen."""
    function = emulator({}, handler="handlers.echo", path=[handlers])
    function.invoke(None)
    processes = family(function)
    os.kill(function.pid(), signal.SIGSTOP)
    function.stop()
    function.stop()
    assert processes.all_end()


@pytest.mark.usefixtures("emulator")
def test_an_emulator_forgotten_is_an_emulator_stopped(handlers: Path) -> None:
    """Its processes die with the object."""
    function = Emulator({}, handler="handlers.echo", path=[handlers])
    function.invoke(None)
    processes = family(function)
    del function
    gc.collect()
    assert processes.all_end()


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_parents_end_leaves_no_orphan(
    handlers: Path, tmp_path: Path, how: signal.Signals
) -> None:
    """However the parent ends, in the middle of an event too, everything below it ends."""
    line = tmp_path / "line"
    os.mkfifo(line)
    parent = subprocess.Popen(  # noqa: S603 - this very Python
        [sys.executable, "-c", PARENT, handlers, line], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    runtime, emulator = (int(pid) for pid in line.read_text().split())
    processes = Watched([runtime, emulator, *children(parent.pid)])
    parent.send_signal(how)
    assert parent.wait(PATIENCE_S) != 0
    assert processes.all_end()


# The choice between the two


def test_without_the_binary_the_function_runs_in_this_process(
    handlers: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the emulator is missing, one line says so and how to get it, and events still work."""
    monkeypatch.setattr(choice, "binary_place", lambda: Path("anywhere"))
    monkeypatch.setattr(choice, "emulator_binary", lambda: None)
    with open_function({}, handler="handlers.echo", path=[handlers]) as opened:
        assert opened.invoke("hi").payload == "hi"
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "local.lambda_runtime.install" in lines[0]


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_outside_linux_there_is_no_binary(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """The emulator is a Linux program: elsewhere there is none, and installing it is no error."""
    monkeypatch.setattr(sys, "platform", system)
    assert emulator_binary() is None
    assert install.main() == 0


@pytest.mark.usefixtures("emulator")
def test_installing_again_downloads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the pinned version is in place, the command is done at once."""
    monkeypatch.setattr(subprocess, "run", None)
    assert install.main() == 0
