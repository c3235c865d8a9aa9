"""Takes the times of a figure, the contenders in turn."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.contenders import CONTENDERS, OURS, STRAIGHTFORWARD, WrongAnswerError, body
from bench.memory import peak_kb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.contenders import Contender
    from bench.figures import Figure
    from local.lambda_runtime import Emulator


@dataclass
class Taken:
    """What one contender needed for a figure."""

    times_ms: list[float] = field(default_factory=list)
    peak_kb: int = 0

    @property
    def median_ms(self) -> float:
        """Half of the times were shorter."""
        return statistics.median(self.times_ms)


@dataclass
class Result:
    """A figure with what each contender, by its name, needed for it."""

    figure: Figure
    taken: dict[str, Taken] = field(
        default_factory=lambda: {contender.name: Taken() for contender in CONTENDERS}
    )

    @property
    def ratio(self) -> float:
        """Our median to the straightforward one."""
        return self.taken[OURS.name].median_ms / self.taken[STRAIGHTFORWARD.name].median_ms


def take(figure: Figure, environment: Mapping[str, str], rounds: int) -> Result:
    """Send the figure's events to the contenders in turn, after one that doesn't count."""
    return (
        _take_cold(figure, environment, rounds)
        if figure.cold
        else _take_warm(figure, environment, rounds)
    )


def _take_cold(figure: Figure, environment: Mapping[str, str], rounds: int) -> Result:
    """The uncounted events leave compiled modules and a warm page cache behind."""
    result = Result(figure)
    for number in range(rounds * figure.samples + 1):
        for contender in CONTENDERS:
            with contender.start(environment) as emulator:
                time_ms = _send(figure, emulator, contender)
                if number:
                    _keep(result, contender, time_ms, emulator)
    return result


def _take_warm(figure: Figure, environment: Mapping[str, str], rounds: int) -> Result:
    result = Result(figure)
    with ExitStack() as running:
        emulators = [(c, running.enter_context(c.start(environment))) for c in CONTENDERS]
        for number in range(rounds * figure.samples + 1):
            for contender, emulator in emulators:
                time_ms = _send(figure, emulator, contender)
                if number:
                    _keep(result, contender, time_ms, emulator)
    return result


def _send(figure: Figure, emulator: Emulator, contender: Contender) -> float:
    """Return how long the event took, in ms, once its answer has proved right."""
    invocation = emulator.invoke(figure.event())
    if not figure.right(body(invocation)):
        told = invocation.raw[:500].decode(errors="replace")
        raise WrongAnswerError(f"{figure.name}: {contender.name} answered {told}")
    return invocation.duration_ms


def _keep(result: Result, contender: Contender, time_ms: float, emulator: Emulator) -> None:
    taken = result.taken[contender.name]
    taken.times_ms.append(time_ms)
    taken.peak_kb = max(taken.peak_kb, peak_kb(emulator.pid()))
