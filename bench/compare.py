"""`python -m bench.compare`: the function beside the straightforward handler, in one run."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import table
from bench.cold_parts import cold_parts, layout
from bench.figures import FIGURES, prepare
from bench.rounds import take
from local.msk import start_msk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.cold_parts import Parts
    from bench.rounds import Result

ROUNDS = 15


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and write the file that was asked for."""
    options = _parser().parse_args(arguments)
    load = os.getloadavg()[0]
    with start_msk() as msk:
        prepare(msk.environment())
        results, parts = _measure(msk.environment(), options.rounds, options.figure)
    loads = f"{load:.1f} before, {os.getloadavg()[0]:.1f} after"
    print(f"\n{table.comparison(results)}")
    if parts:
        print(f"\nThe parts of our cold start:\n\n{layout(parts)}")
    print(f"\nRounds: {options.rounds}; load average: {loads}, on {os.cpu_count()} cores.")
    if options.json is not None:
        _write(options.json, {"rounds": options.rounds, "load": loads}, results, parts)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m bench.compare", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default: {ROUNDS}")
    parser.add_argument("--figure", default="", help="only figures with this in their name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every time taken to it")
    return parser


def _measure(
    environment: Mapping[str, str], rounds: int, wanted: str
) -> tuple[list[Result], Parts]:
    """Take the wanted figures; the parts of the cold start right behind it, at the same load."""
    results: list[Result] = []
    parts: Parts = {}
    for figure in FIGURES:
        if wanted in figure.name:
            print(f"{figure.name} ...", file=sys.stderr, flush=True)
            results.append(take(figure, environment, rounds))
            if figure.cold:
                parts = cold_parts(environment, rounds)
    return results, parts


def _write(file: Path, run: dict[str, Any], results: Sequence[Result], parts: Parts) -> None:
    figures = [table.data(result) for result in results]
    whole = run | {"figures": figures, "cold_parts_ms": parts}
    file.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
