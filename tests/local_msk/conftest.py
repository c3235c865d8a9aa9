"""Clusters for the tests of the stand-in itself."""

import os
from collections.abc import Callable, Iterator

import pytest

from local.msk import DEFAULT_ROLE, LocalMsk, ProgramMissing, start_msk


@pytest.fixture(scope="session", name="shared_msk")
def _shared_msk(kafka_version: str) -> Iterator[LocalMsk]:
    with _started(kafka_version=kafka_version, request_log=True) as cluster:
        yield cluster


@pytest.fixture
def msk(shared_msk: LocalMsk) -> Iterator[LocalMsk]:
    """One cluster for all tests that don't harm it; each begins with the default role alone."""
    shared_msk.set_roles(DEFAULT_ROLE)
    yield shared_msk
    shared_msk.set_roles(DEFAULT_ROLE)


@pytest.fixture
def start(kafka_version: str) -> Iterator[Callable[..., LocalMsk]]:
    """Start a cluster of the test's own; it is stopped at the test's end."""
    clusters: list[LocalMsk] = []

    def start_one(**wishes: object) -> LocalMsk:
        clusters.append(_started(**{"kafka_version": kafka_version, **wishes}))
        return clusters[-1]

    yield start_one
    for cluster in clusters:
        cluster.stop()


def _started(**wishes: object) -> LocalMsk:
    try:
        return start_msk(**wishes)  # type: ignore[arg-type] # the tests name them rightly
    except ProgramMissing as problem:
        if os.environ.get("CI"):  # noqa: TID251 - the one thing that tells CI
            pytest.fail(str(problem))
        pytest.skip(str(problem))
