"""Events that are almost right, by the thousand, through the runtime emulator."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.lambda_runtime import Emulator
from msk_client import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws import LocalAws
    from local.msk import LocalMsk

EVENTS = Path(__file__).parents[2] / "events"
MUTATIONS = 1_000
LONG = 30_000
CLASSES = {name for name, value in vars(errors).items() if isinstance(value, type)}
ODD: list[Any] = [
    None, True, False, 0, 1, -1, 3, 2.5, 1e300, 2**31, 2**63, 2**70, "", "0", "x", "end", "-5m",
    "é", "\u0000", "\ud800", "a" * 300, [], {}, [[]], [None],
    {"": None}, {"base64": "AAA="}, {"0": 0},
    {"offsets": {"0": 1}}, {"tail": 2}, {"timestamp": "2026-01-01"}, ["x", 1],
]  # fmt: skip


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path within a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict):
        return found + [p for k, v in value.items() for p in places(v, (*path, k))]
    if isinstance(value, list):
        return found + [p for i, v in enumerate(value) for p in places(v, (*path, i))]
    return found


def mutate(event: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Change an event in one to three places."""
    changed = copy.deepcopy(event)
    for _ in range(dice.randint(1, 3)):
        paths = places(changed)
        if not paths:
            break
        *parents, last = dice.choice(paths)
        target: Any = changed
        for step in parents:
            target = target[step]
        match dice.randint(0, 3):
            case 0:
                target[last] = copy.deepcopy(dice.choice(ODD))
            case 1 if isinstance(target, dict):
                target[f"{last}x"] = target.pop(last)
            case 2:
                del target[last]
            case _ if isinstance(target, dict):
                target[dice.choice(["from", "records", "group", "x", "partition", "key"])] = (
                    copy.deepcopy(dice.choice(ODD))
                )
            case _:
                target.append(copy.deepcopy(dice.choice(ODD)))
    return changed


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_no_mutation_crashes_the_runtime(
    msk: LocalMsk, aws: LocalAws, seed: int, rounds: Callable[[int, int], int]
) -> None:
    """A mutated event works or fails as one of our classes, and the environment stays the same."""
    dice = random.Random(seed)
    events = [json.loads(path.read_text()) for path in sorted(EVENTS.glob("*.json"))]
    with Emulator(msk.environment() | aws.environment(), timeout_s=4) as function:
        assert function.invoke({"action": "ping"}).error_type is None
        process = function.pid()
        for _ in range(rounds(MUTATIONS, LONG) // 2):
            event = mutate(dice.choice(events), dice)
            answer = function.invoke(event)
            assert answer.error_type is None or answer.error_type in CLASSES, (event, answer)
        assert function.pid() == process
