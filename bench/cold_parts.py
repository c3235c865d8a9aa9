"""`python -m bench.cold_parts`: where the time of the function's cold start goes."""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import TYPE_CHECKING

from bench.contenders import BENCH, Contender, WrongAnswerError
from bench.figures import FIGURES, prepare
from bench.table import markdown, number
from local.lambda_runtime import SRC
from local.msk import start_msk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Parts = dict[str, float]
"""Name of the part -> ms."""

MARKED = Contender("marked", "cold_marks.lambda_handler", (SRC, BENCH))
COLD = next(figure for figure in FIGURES if figure.cold)
MEANING = {
    "runtime": "from the event to our first line: emulator, Python, AWS's runtime client",
    "import": "the function's modules and its libraries",
    "token": "signing it",
    "client": "librdkafka's client, until its callback has the token",
    "connect": "TLS, login and the topic's metadata, on two connections",
    "ack": "the record, until the broker has acknowledged it",
    "rest": "checking the event, log line, metrics, the answer's way back",
}


def cold_parts(environment: Mapping[str, str], rounds: int) -> Parts:
    """Return the median of each part of a cold start in ms, over so many cold starts."""
    found = [_parts(environment) for _ in range(rounds + 1)][1:]
    return {part: statistics.median(one[part] for one in found) for part in MEANING}


def _parts(environment: Mapping[str, str]) -> Parts:
    with MARKED.start(environment) as emulator:
        sent_s = time.time()
        invocation = emulator.invoke(COLD.event())
    answer = invocation.payload
    if invocation.error_type is not None or not isinstance(answer, dict):
        raise WrongAnswerError(f"{invocation.error_type}: {invocation.error_message or answer}")
    parts = {part: s * 1000 for part, s in answer["parts_s"].items()}
    parts["runtime"] = (answer["began_s"] - sent_s) * 1000
    parts["import"] = (answer["imported_s"] - answer["began_s"]) * 1000
    parts["rest"] = invocation.duration_ms - sum(parts.values())
    return parts


def layout(parts: Parts) -> str:
    """Lay the parts out as a markdown table."""
    whole = sum(parts.values())
    rows = [
        (part, f"{parts[part] / whole:.0%}", number(parts[part]), meaning)
        for part, meaning in MEANING.items()
    ]
    return markdown([("part", "share", "ms", "what it is"), *rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table of parts."""
    parser = argparse.ArgumentParser("python -m bench.cold_parts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args(arguments).rounds
    with start_msk() as msk:
        prepare(msk.environment())
        print(layout(cold_parts(msk.environment(), rounds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
