"""The results as a markdown table, and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.contenders import OURS, STRAIGHTFORWARD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bench.rounds import Result, Taken

HEAD = (
    "figure",
    "ratio of medians",
    "wanted, at most",
    f"{OURS.name}, ms",
    f"{STRAIGHTFORWARD.name}, ms",
    "peak memory, MB",
)

TENTH = 0.1


def comparison(results: Iterable[Result]) -> str:
    """Lay out the comparison: median (min-max), ours beside the other's."""
    return markdown([HEAD, *(_row(result) for result in results)])


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows, the first of which is the head."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def _row(result: Result) -> tuple[str, ...]:
    ours, other = result.taken[OURS.name], result.taken[STRAIGHTFORWARD.name]
    wanted = result.figure.at_most
    return (
        result.figure.name,
        f"**{ratio(result.ratio)}**" + ("" if result.ratio <= wanted else " (missed)"),
        f"{wanted:g}",
        _times(ours),
        _times(other),
        f"{ours.peak_kb / 1024:.0f} / {other.peak_kb / 1024:.0f}",
    )


def _times(taken: Taken) -> str:
    times = taken.times_ms
    return f"{number(taken.median_ms)} ({number(min(times))}-{number(max(times))})"


def ratio(value: float) -> str:
    """Two places, and two figures where that is too little: `1.13`, `0.17`, `0.0042`."""
    return f"{value:.2f}" if value >= TENTH else f"{value:.2g}"


def number(value: float) -> str:
    """Three figures and no more: `3.14`, `31.4`, `314`, `3,142`."""
    places = max(0, 2 - sum(value >= limit for limit in (10, 100)))
    return f"{value:,.{places}f}"


def data(result: Result) -> dict[str, Any]:
    """Return a figure's result as JSON can carry it."""
    return {
        "figure": result.figure.name,
        "ratio": round(result.ratio, 4),
        "at_most": result.figure.at_most,
        **{
            name: {"times_ms": [round(t, 3) for t in taken.times_ms], "peak_kb": taken.peak_kb}
            for name, taken in result.taken.items()
        },
    }
