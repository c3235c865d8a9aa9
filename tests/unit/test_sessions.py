"""What keeps test sessions that run at the same time apart."""

import pytest


def test_a_session_has_its_own_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Temporary folders aren't below the one that all of a user's sessions clean up."""
    assert not tmp_path_factory.getbasetemp().parent.name.startswith("pytest-of-")
