"""What services send in forms of their own. Imported with the first such event: cold start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msk_client.triggers import http_event, kafka_batch, s3_event, sqs_event

if TYPE_CHECKING:
    from msk_client.triggers import Trigger

__all__ = ["TRIGGERS", "http_event", "trigger_of"]

TRIGGERS: tuple[Trigger, ...] = (kafka_batch, s3_event, sqs_event)
"""Kinds of events with answers of their own."""


def trigger_of(event: object) -> Trigger | None:
    """Find who answers an event; None for a plain action event."""
    return next((trigger for trigger in TRIGGERS if trigger.recognises(event)), None)
