"""What the end-to-end tests share: the function in Lambda's runtime emulator."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from local.lambda_runtime import Emulator
from local.lambda_runtime.function import what_is_lacking


@pytest.fixture(name="emulator")
def emulator_factory() -> Iterator[Callable[..., Emulator]]:
    """Make emulators, with the arguments of `Emulator`, and stop them all at the end."""
    lacking = what_is_lacking()
    if lacking is not None:
        pytest.skip(f"no Lambda runtime emulator: {lacking}")
    with ExitStack() as running:

        def make(*args: object, **options: object) -> Emulator:
            return running.enter_context(Emulator(*args, **options))  # type: ignore[arg-type]

        yield make
