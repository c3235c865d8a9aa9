"""The benchmark of a mapping's batch: that it runs. No test asserts a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import batch

if TYPE_CHECKING:
    import pytest


def test_all_readers_make_the_same_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """One round of a small batch: every reader's lines are the same, and the table names it."""
    assert 0 == batch.main(["--records", "60", "--rounds", "1"])
    table = capsys.readouterr().out
    assert all(one.__name__ in table for one in batch.CONTENDERS)


def test_a_batch_is_as_large_as_lambda_allows() -> None:
    """The measured event is nearly as large as Lambda makes them."""
    assert 5_000_000 < len(batch.as_json(batch.batch())) < 6_291_456
