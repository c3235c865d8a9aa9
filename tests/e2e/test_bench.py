"""The benchmarks: that they run. No test asserts a time."""

import json
import shutil
from pathlib import Path

import pytest

from bench import compare, drain, load
from bench.figures import FIGURES


def test_one_round_takes_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both handlers answer every figure's event right, and the tables name all of them."""
    file = tmp_path / "run.json"
    assert compare.main(["--rounds", "1", "--json", str(file)]) == 0
    run = json.loads(file.read_bytes())
    assert [figure.name for figure in FIGURES] == [one["figure"] for one in run["figures"]]
    assert {"runtime", "import", "token", "client", "connect", "ack", "rest"} == set(
        run["cold_parts_ms"]
    )
    table = capsys.readouterr().out
    assert all(figure.name in table for figure in FIGURES)


def test_a_small_object_is_loaded_in_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Each way brings every line into its topic, and the table has a row for it."""
    if shutil.which("kcat") is None:
        pytest.skip("kcat is missing: apt-get install kcat")
    assert load.main(["--megabytes", "1", "--rounds", "1"]) == 0
    table = capsys.readouterr().out
    assert ["kcat", "ours", "kcat, lz4", "ours, lz4", "ours, lz4, TLS and IAM"] == [
        line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()[2:]
    ]


def test_a_small_topic_is_drained_in_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Each way brings every record out of both topics, and the table has a row for it."""
    assert drain.main(["--megabytes", "1", "--rounds", "1"]) == 0
    table = capsys.readouterr().out
    ways = [way.name for way in drain.WAYS if way.form or shutil.which("kcat") is not None]
    assert ways == [
        line.split(" | ")[0].removeprefix("| ")
        for line in table.splitlines()[2:]
        if line.startswith("| ")
    ]
