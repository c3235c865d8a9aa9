"""How the sources hang together: imports point one way, and modules and functions stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from msk_client.settings import NAMES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "msk_client"
TREES = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): (
        ast.parse(path.read_text())
    )
    for path in sorted(SOURCE.rglob("*.py"))
}
MAX_MODULE_LINES = 250
MAX_FUNCTION_LINES = 50

BOTTOM = {"errors", "deadline"}
VALUES = BOTTOM | {
    "records",
    "batch",
    "letters",
    "clusters",
    "settings",
    "settings_output",
    "settings_mapping",
    "settings_input",
    "answer",
    "ports",
}
PARSED = {"arn", "client_options", "settings_output", "settings_mapping", "settings_input"}
MAY_IMPORT = {
    "": set(),
    "errors": set(),
    "deadline": set(),
    "answer": set(),
    "records": {"errors"},
    "batch": {"errors", "records"},
    "letters": {"errors"},
    "clusters": {"batch"},
    "arn": {"errors"},
    "client_options": {"errors"},
    "settings_output": {"errors"},
    "settings_mapping": {"errors"},
    "settings_input": {"errors"},
    "settings": {"errors"} | PARSED,
    "ports": BOTTOM | {"records"},
    "telemetry": {"settings", "deadline"},
    "kafka": BOTTOM | {"records", "settings", "ports", "kafka"},
    "s3": BOTTOM | {"records", "letters", "settings_output", "aws", "s3"},
    "sqs": BOTTOM | {"aws", "sqs"},
    "aws": BOTTOM | {"settings", "telemetry", "aws"} | PARSED,
    "actions": VALUES | {"actions", "kafka", "s3", "sqs"},
    "pipeline": VALUES | {"actions", "kafka", "s3", "sqs", "pipeline"},
    "triggers": VALUES | {"pipeline", "actions", "s3", "sqs", "triggers"},
    "handler": VALUES | {"telemetry", "actions", "triggers", "kafka", "aws"},
}
"""Part of the package -> parts that it may import: each only from those above it."""


def imports(tree: ast.Module) -> set[str]:
    """Answer the full names of what a module imports, for types too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def part(name: str) -> str:
    """Answer the part of the package that a full name belongs to."""
    return [*name.split("."), ""][1]


# Directions


@pytest.mark.parametrize("module", TREES)
def test_imports_point_one_way(module: str) -> None:
    """A module imports only from the parts that stand below its own."""
    ours = {name for name in imports(TREES[module]) if name.startswith("msk_client.")}
    assert set() == {part(name) for name in ours} - MAY_IMPORT[part(module)]


def test_the_directions_have_no_circle() -> None:
    """Following the allowed directions never leads back."""
    rest = {name: below - {name} for name, below in MAY_IMPORT.items()}
    while rest:
        bottom = {name for name, below in rest.items() if not below & rest.keys()}
        assert bottom, f"a circle among {sorted(rest)}"
        rest = {name: below for name, below in rest.items() if name not in bottom}


@pytest.mark.parametrize("module", [name for name in TREES if part(name) == "actions"])
def test_actions_see_kafka_through_the_port(module: str) -> None:
    """Actions take of the client no more than its versions: they speak to the port."""
    used = {name for name in imports(TREES[module]) if part(name) == "kafka"}
    assert used <= {"msk_client.kafka.VERSIONS"}


@pytest.mark.parametrize("module", [name for name in TREES if part(name) != "kafka"])
def test_only_one_package_knows_the_library(module: str) -> None:
    """Only `msk_client.kafka` imports confluent_kafka."""
    assert [] == [n for n in imports(TREES[module]) if n.split(".")[0] == "confluent_kafka"]


@pytest.mark.parametrize("module", [name for name in TREES if name != "msk_client.settings"])
def test_only_one_module_reads_the_environment(module: str) -> None:
    """Only `msk_client.settings` uses `os.environ` and its like."""
    used = {
        ast.unparse(node) for node in ast.walk(TREES[module]) if isinstance(node, ast.Attribute)
    }
    used |= imports(TREES[module])
    assert set() == used & {"os.environ", "os.environb", "os.getenv", "os.putenv"}


# Nothing happens at import

IMPORT_ALL = """
import collections, importlib, os, sys
modules, watched = sys.argv[1].split(","), sys.argv[2].split(",")
read, connected = set(), []

class Environ(collections.UserDict):
    def __getitem__(self, name):
        read.add(name)
        return self.data[name]
    def __contains__(self, name):
        read.add(name)
        return name in self.data

os.environ = Environ(os.environ)
os.getenv = os.environ.get
sys.addaudithook(lambda event, _: connected.append(event) if event == "socket.connect" else None)
import confluent_kafka.cimpl as library
for name in ("Producer", "Consumer", "_AdminClientImpl"):
    setattr(library, name, type(name, (), {"__init__": lambda *_: connected.append("client")}))
for module in modules:
    importlib.import_module(module)
heavy = [name for name in ("boto3", "botocore.session") if name in sys.modules]
assert not (found := [*read.intersection(watched), *connected, *heavy]), found
"""


def test_nothing_happens_at_import() -> None:
    """Importing any module reads no setting, connects nothing and loads no AWS client.

    The environment holds values that no setting would take, so that reading one would fail.
    """
    bad = dict.fromkeys(NAMES, "\\") | {"AWS_REGION": "nowhere", "AWS_ACCESS_KEY_ID": "x"}
    environment = bad | {"PYTHONPATH": str(SOURCE.parent), "PATH": ""}
    program = [sys.executable, "-W", "error", "-c", IMPORT_ALL, ",".join(TREES), ",".join(bad)]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    assert (0, "", "") == (done.returncode, done.stderr, done.stdout)


# Sizes


@pytest.mark.parametrize("module", TREES)
def test_modules_are_small(module: str) -> None:
    """No module is longer than 250 lines."""
    parts = module.split(".")
    path = SOURCE.parent.joinpath(*parts)
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert MAX_MODULE_LINES >= len(path.read_text().splitlines())


@pytest.mark.parametrize("module", TREES)
def test_functions_are_small(module: str) -> None:
    """No function is longer than 50 lines."""
    lengths = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.FunctionDef)
    }
    assert {} == {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES}
