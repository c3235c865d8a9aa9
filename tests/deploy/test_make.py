"""What `make` does about a deployment on a machine without an AWS account."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib

import pytest

from tests.deploy.main_template import PATH, SOURCE

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
    assert "parameter_overrides" not in deploy


def test_every_suppression_has_its_reason() -> None:
    """A check that is passed over says why, beside what it is passed over for."""
    skips = re.findall(r'- \{id: CKV_AWS_\d+, comment: "([^"]{20,})"\}', SOURCE)
    assert len(skips) == SOURCE.count("CKV_")
    ignored = re.findall(r"ignore_checks: \[\w+\]\}\}  # .{20,}", SOURCE)
    assert len(ignored) == SOURCE.count("ignore_checks")
