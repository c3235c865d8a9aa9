"""What `make` does about a deployment on a machine without an AWS account."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.deploy.main_template import PATH, SOURCE

if TYPE_CHECKING:
    from pathlib import Path

ROOT = PATH.parent
NOBODY = {
    "PATH": os.environ["PATH"],  # noqa: TID251 - the Python that made .venv is found by it
    "HOME": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.mark.parametrize("target", ["deploy", "logs", "delete"])
def test_without_credentials_it_says_so(target: str) -> None:
    """Nothing is built or asked of AWS; one line says what to do."""
    if not (ROOT / ".venv" / "sam" / "installed").exists():
        pytest.skip("the SAM CLI is not installed: make validate")
    ran = subprocess.run(  # noqa: S603 - the project's own Makefile
        ["make", "--silent", target],  # noqa: S607 - the one on the path
        cwd=ROOT,
        env=NOBODY,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode != 0
    assert ran.stdout.startswith("There are no AWS credentials: ")
    assert ran.stdout.count("\n") == 1


def test_a_first_deployment_is_asked_about() -> None:
    """The settings that are in the repository hold no parameters of anybody's account."""
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    deploy = settings["default"]["deploy"]["parameters"]
    assert deploy["resolve_image_repos"] is True
    assert deploy["confirm_changeset"] is True
    # The stack within has a template of its own, with SAM's macro.
    assert deploy["resolve_s3"] is True
    assert set(deploy["capabilities"].split()) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
    assert "parameter_overrides" not in deploy


BY_HAND = 'parameter_overrides = ["VpcId=vpc-1 Architecture=arm64", "file://schedule.yaml"]'
BY_SAM = r'parameter_overrides = "VpcId=\"vpc-1\" Architecture=\"arm64\" Timeout=\"60\""'


@pytest.mark.parametrize(
    ("saved", "asks", "processor"),
    [
        ("", True, "x86_64"),
        (f"{BY_SAM}\n", False, "arm64"),
        (f"{BY_HAND}\n", False, "arm64"),
        (f"\n[account-a.deploy.parameters]\n{BY_SAM}\n", True, "x86_64"),
    ],
    ids=["nothing", "by sam", "by hand", "for another environment"],
)
def test_it_asks_until_there_are_answers(
    saved: str, processor: str, tmp_path: Path, *, asks: bool
) -> None:
    """What was saved for another environment of samconfig.toml is not an answer."""
    settings = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    (tmp_path / "samconfig.toml").write_text(f"{settings.rstrip()}\n{saved}", encoding="utf-8")
    (tmp_path / "requirements").symlink_to(ROOT / "requirements")
    command = ["make", "--file", str(ROOT / "Makefile"), "--dry-run", "deploy"]
    planned = subprocess.run(  # noqa: S603 - nothing but a dry run
        command, cwd=tmp_path, env=NOBODY, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert f"sam build --parameter-overrides Architecture={processor} " in planned
    guided = f"sam deploy --guided --parameter-overrides Architecture={processor}\n"
    assert (guided in planned) == asks


def test_verifying_names_what_is_missing() -> None:
    """`make verify-aws` without a function says what to give."""
    words = ["make", "-o", "install", "-o", ".venv/installed", "verify-aws", "FUNCTION="]
    done = subprocess.run(  # noqa: S603 - our own Makefile
        words, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "make verify-aws FUNCTION=name" in done.stdout


def test_every_suppression_has_its_reason() -> None:
    """A check that is passed over says why, beside what it is passed over for."""
    skips = re.findall(r'- \{id: CKV_AWS_\d+, comment: "([^"]{20,})"\}', SOURCE)
    assert len(skips) == SOURCE.count("CKV_")
    ignored = re.findall(r"ignore_checks: \[\w+\]\}\}  # .{20,}", SOURCE)
    assert len(ignored) == SOURCE.count("ignore_checks")
