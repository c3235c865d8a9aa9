"""Which base the image is built on, and what is said where none can be had."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.engine import NeedMissing, needs
from local.image import ImageFailed, base, build_image, standin
from local.image.locks import entries

if TYPE_CHECKING:
    import docker

REFUSED = "127.0.0.1:9/lambda/python:3.13"
"""An image of a registry that nobody runs."""
LOCK = Path(__file__).parents[2] / "requirements" / "development.lock"


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """No base is asked for, and AWS's can't be pulled."""
    monkeypatch.delenv("BASE_IMAGE", raising=False)
    monkeypatch.setattr(base, "AWS_BASE", REFUSED)


@pytest.fixture
def not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine has no stand-in yet."""
    monkeypatch.setattr(standin, "_made_from", lambda _: None)


def test_the_base_that_is_asked_for(
    engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BASE_IMAGE is taken as it is, without a look for others."""
    monkeypatch.setenv("BASE_IMAGE", "registry.test/python:3.13")
    assert base.base_image(engine) == "registry.test/python:3.13"


@pytest.mark.usefixtures("no_aws")
def test_the_stand_in_is_loud(
    engine: docker.DockerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stand-in is taken with a word on why, and that it isn't what Lambda runs."""
    if os.geteuid() != 0:
        pytest.skip("making the stand-in base needs root")
    name = base.base_image(engine)
    said = capsys.readouterr().err
    assert name == standin.NAME
    assert REFUSED in said
    assert "refused" in said
    assert "STAND-IN" in said
    assert "NOT what Lambda runs" in said


@pytest.mark.usefixtures("no_aws")
def test_the_stand_in_is_made_once(engine: docker.DockerClient) -> None:
    """As long as nothing changed that goes into it, the same stand-in serves."""
    if os.geteuid() != 0:
        pytest.skip("making the stand-in base needs root")
    first = engine.images.get(base.base_image(engine)).id
    assert engine.images.get(base.base_image(engine)).id == first


@pytest.mark.usefixtures("no_aws", "not_made")
def test_the_stand_in_needs_root(
    engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without root there is no stand-in, which is said with the cause."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NeedMissing, match=r"(?s)stand-in base can't be made.*- root: "):
        base.base_image(engine)


@pytest.mark.usefixtures("no_aws", "not_made")
def test_the_stand_in_needs_space(
    engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without space there is no stand-in, which is said in figures."""
    monkeypatch.setattr(needs, "DISK_BYTES", 2**60)
    with pytest.raises(NeedMissing, match=r"disk space: 1073741824\.0 GiB"):
        base.base_image(engine)


def test_a_build_that_fails(engine: docker.DockerClient) -> None:
    """A failed build says what the engine said, with the base that it didn't find."""
    with pytest.raises(ImageFailed, match=re.escape(REFUSED)):
        build_image(engine, REFUSED, "localhost/msk-lambda-client-broken:latest")


def test_entries_carry_their_hashes() -> None:
    """What is taken out of a lock keeps version and hashes, and nothing of its neighbours."""
    taken = entries(LOCK, ["awslambdaric", "simplejson"])
    names = [line for line in taken.splitlines() if not line.startswith(" ")]
    assert [name.partition("==")[0] for name in names] == ["awslambdaric", "simplejson"]
    assert taken.count("--hash=sha256:") >= len(names)


def test_an_entry_that_is_not_there() -> None:
    """A package that the lock doesn't pin is an error, not an unpinned package."""
    with pytest.raises(KeyError, match="no-such-package"):
        entries(LOCK, ["no-such-package"])
