"""`make invoke`: an event of the pipeline is carried out here, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.invoke import main

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.msk import LocalMsk

EVENTS = Path(__file__).parents[2] / "events"
REAL = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}


@pytest.fixture(autouse=True)
def a_bare_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test's own shell exports is no part of it."""
    for name in ("KAFKA_ENDPOINT", "MSK_CLUSTER_ARN", "AWS_ENDPOINT_URL", "ESM_SINK"):
        monkeypatch.delenv(name, raising=False)


def sent(
    event: str, shell: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> tuple[dict[str, Any], list[str]]:
    """Send an event in a shell; answer the function's answer, and what a person is told."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shell.items():
            patch.setenv(name, value)
        code = main([str(EVENTS / event)])
    shown, told = capsys.readouterr()
    assert 0 == code, told
    return json.loads(shown)["body"], told.splitlines()


@pytest.mark.usefixtures("msk")  # where Kafka can't run, this is skipped
def test_a_drain_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """In a shell with somebody's credentials a drain goes from a new Kafka to a new S3."""
    body, told = sent("consume_drain_to_s3.json", REAL, capsys)
    assert (4, True) == (body["count"], body["drained"])
    written = [f"Written: s3://my-bucket/{one['key']}" for one in body["objects"]]
    assert written == [line for line in told if line.startswith("Written: ")]


def test_a_batch_by_the_exports_of_make_msk(
    msk: LocalMsk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside a local MSK that runs already a batch is stored in a new S3, by defaults told."""
    body, told = sent("triggers/kafka_batch.json", msk.environment(), capsys)
    assert (4, 2) == (body["RecordsStored"], body["ObjectsWritten"])
    assert "ESM_SINK=s3" in next(line for line in told if line.startswith("Not exported"))
    assert 2 == len([line for line in told if line.startswith("Written: s3://my-bucket/lake/")])


def test_an_exported_sink_is_taken(msk: LocalMsk, capsys: pytest.CaptureFixture[str]) -> None:
    """Settings of the shell reach the function."""
    shell = msk.environment() | {"ESM_SINK": "log"}
    body, told = sent("triggers/kafka_batch.json", shell, capsys)
    assert 4 == body["RecordsStored"]
    assert [] == [line for line in told if line.startswith("Written")]
