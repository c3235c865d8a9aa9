"""Runs each test against the fake and against the adapter on a real Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from msk_client.deadline import Deadline
from tests.contract.stage import FakeStage, RealStage, Stage

if TYPE_CHECKING:
    from msk_client.ports import Kafka


@pytest.fixture(params=["fake", "real"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """The same contract for the fake and for the real adapter."""
    if request.param == "fake":
        return FakeStage()
    return RealStage(request.getfixturevalue("msk"))


@pytest.fixture
def kafka(stage: Stage) -> Kafka:
    """The port."""
    return stage.kafka


@pytest.fixture
def deadline() -> Deadline:
    """Time enough."""
    return Deadline.after(30)
