"""asyncio stays out of a cold start, and whoever needs it gets the real one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
PRELUDE = "import sys\nfrom msk_client.kafka import VERSIONS\n"


def run(program: str, *paths: Path) -> None:
    """Run a program in a Python of its own; its assertions must hold."""
    environment = {"PYTHONPATH": os.pathsep.join(map(str, (*paths, SOURCE))), "PATH": ""}
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert (0, "", "") == (done.returncode, done.stderr, done.stdout)


def test_the_function_does_not_import_asyncio() -> None:
    """Importing the handler leaves asyncio unimported, and no stand-in behind.

    Pins what confluent_kafka imports: should it use asyncio at import, this fails.
    """
    run("import sys, msk_client.handler\nassert 'asyncio' not in sys.modules")


def test_the_function_imports_what_an_action_needs() -> None:
    """Importing the handler leaves what only other services' events and objects need unimported."""
    run(
        "import sys, msk_client.handler\n"
        "parts = 'triggers.services', 'triggers.http_event', 'triggers.s3_event',"
        " 'triggers.sqs_event', 'batch', 'kafka.stream', 's3', 'sqs', 'pipeline'\n"
        "assert not {f'msk_client.{part}' for part in parts} & sys.modules.keys()"
    )


def test_whoever_uses_asyncio_gets_the_real_one() -> None:
    """Both a later import and the library's own reference lead to the real asyncio."""
    run(
        PRELUDE + "from confluent_kafka import _serde_builder as library\n"
        "assert library.asyncio.run.__module__ == 'asyncio.runners'\n"
        "import asyncio\n"
        "assert asyncio.run is library.asyncio.run\n"
        "assert asyncio is sys.modules['asyncio'] is not library.asyncio"
    )


def test_an_asyncio_that_is_there_is_left_alone() -> None:
    """Where something has imported asyncio already, nothing takes its place."""
    run("import asyncio as before\n" + PRELUDE + "assert sys.modules['asyncio'] is before")


@pytest.mark.parametrize(
    "use", ["import asyncio.events", "from asyncio import Future", "class C(asyncio.Future): pass"]
)
def test_a_library_that_uses_asyncio_at_import(use: str, tmp_path: Path) -> None:
    """A version of the library that uses asyncio while it is imported is imported all the same."""
    package = tmp_path / "confluent_kafka"
    package.mkdir()
    (package / "__init__.py").write_text(f"import asyncio\n{use}")
    run(
        "import sys, types\n"
        "package = types.ModuleType('msk_client.kafka')\n"
        f"package.__path__ = [{str(SOURCE / 'msk_client' / 'kafka')!r}]\n"
        "sys.modules['msk_client.kafka'] = package\n"
        "import msk_client.kafka.lean\n"
        "import asyncio, confluent_kafka\n"
        "assert asyncio.Future\n"
        "assert asyncio.events",
        tmp_path,
    )
