"""What is in the image: the function, its locked packages, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.image.sizes import added_bytes

if TYPE_CHECKING:
    import tarfile

    import docker
    from docker.models.images import Image

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "msk_client"
LOCK = ROOT / "requirements" / "runtime.lock"
LIMIT_BYTES = 60_000_000
UNCHECKED_HASH = 0b01
PINNED = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
ASKED_OF_BOTOCORE = re.compile(r"create_client\(\s*\"([\w-]+)\"")
CREDENTIALS = {"sts", "sso", "sso-oidc", "signin"}


def test_the_sources_are_all_there(files: dict[str, tarfile.TarInfo]) -> None:
    """The function's modules are those of src/, without anything else that lies there."""
    here = {f"msk_client/{path.relative_to(SOURCE)}" for path in SOURCE.rglob("*.py")}
    there = {path for path in files if path.startswith("msk_client/") and path.endswith(".py")}
    assert here == there


def test_the_packages_are_those_of_the_lock(files: dict[str, tarfile.TarInfo]) -> None:
    """Exactly what the runtime lock pins is installed, in these versions."""
    locked = {
        f"{name.replace('-', '_').lower()}-{version}"
        for name, version in PINNED.findall(LOCK.read_text())
    }
    tops = {path.partition("/")[0] for path in files}
    installed = {
        top.removesuffix(".dist-info").lower() for top in tops if top.endswith(".dist-info")
    }
    assert installed == locked


def test_nothing_of_the_project_but_the_function(files: dict[str, tarfile.TarInfo]) -> None:
    """Neither tests nor the local stand-ins are deployed."""
    tops = {path.partition("/")[0] for path in files}
    ours = {path.name for path in ROOT.iterdir()} | {"tests", "local", "bench"}
    assert tops & ours == set()


def test_everybody_may_read_it(files: dict[str, tarfile.TarInfo]) -> None:
    """Lambda's user, whoever that is, can read every file and open every folder."""
    unreadable = [
        path
        for path, member in files.items()
        if member.mode & 0o004 == 0 or (member.isdir() and member.mode & 0o001 == 0)
    ]
    assert unreadable == []


def test_every_module_is_compiled(files: dict[str, tarfile.TarInfo]) -> None:
    """Each source has its compiled file beside it, our own and the packages'."""
    lacking = [
        path
        for path in files
        if path.endswith(".py") and _compiled(Path(path)).as_posix() not in files
    ]
    assert lacking == []


def test_compiled_files_are_not_compared(engine: docker.DockerClient, image: Image) -> None:
    """Python takes them without looking at their sources' times, which layers needn't keep."""
    program = (
        "import pathlib; print({path.read_bytes()[4]"
        " for path in pathlib.Path('/var/task').rglob('*.pyc')})"
    )
    printed = engine.containers.run(image, ["-c", program], entrypoint=["python"], remove=True)
    assert printed.decode().strip() == str({UNCHECKED_HASH})


def test_it_starts_the_handler(image: Image, engine: docker.DockerClient, base: str) -> None:
    """The command is the handler, and the entry point the base's own."""
    config = image.attrs["Config"]
    assert config["Cmd"] == ["msk_client.handler.lambda_handler"]
    assert config["Entrypoint"] == engine.images.get(base).attrs["Config"]["Entrypoint"]


def test_it_is_small(engine: docker.DockerClient, image: Image, base: str) -> None:
    """Our layers stay below 60 MB uncompressed."""
    assert 10_000_000 < added_bytes(engine, image, base) < LIMIT_BYTES


def test_botocore_knows_what_is_asked_of_it(files: dict[str, tarfile.TarInfo]) -> None:
    """Of AWS's services the image describes every one that the sources or credentials need."""
    sources = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    needed = set(ASKED_OF_BOTOCORE.findall(sources)) | CREDENTIALS
    described = {path.split("/")[2] for path in files if path.startswith("botocore/data/")}
    assert "kafka" in needed
    assert needed - described == set()


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_the_lock_has_wheels_for(architecture: str, tmp_path: Path) -> None:
    """Every package of the lock has a wheel with a locked hash for both of Lambda's machines."""
    platforms = [f"--platform=manylinux{v}_{architecture}" for v in ("_2_28", "_2_17", "2014")]
    options = ["--require-hashes", "--only-binary=:all:", "--python-version=3.13", "--no-deps"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", *options, *platforms,
         "--dest", str(tmp_path), "--requirement", str(LOCK)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    native = [path.name for path in tmp_path.glob("*manylinux*")]
    assert any(name.startswith("confluent_kafka") for name in native)
    assert all(architecture in name for name in native)


def _compiled(source: Path) -> Path:
    return source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
