"""Where a mapping's records go: the table of sinks, and of dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msk_client.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Callable

    from msk_client.actions.call import Call
    from msk_client.batch import Batch
    from msk_client.pipeline.letters import DeadLetters
    from msk_client.pipeline.pieces import Sink
    from msk_client.settings_mapping import SinkName


def sink_of(call: Call, batch: Batch) -> Sink:
    """Make the sink that ESM_SINK names; raises `InvalidSetting`."""
    name = call.settings.mapping.sink
    if name is None:
        raise InvalidSetting(
            "ESM_SINK is not set, so this function doesn't know what to do with a batch of an event"
            " source mapping: set it to s3 (objects in OUTPUT_BUCKET), produce (records in"
            " ESM_TARGET_TOPIC) or log (a line for each record, nothing is kept)."
        )
    return SINKS[name](call, batch)


def letters_of(call: Call) -> DeadLetters | None:
    """Make what ESM_DEAD_LETTER names; None where it is not set.

    Raises `InvalidSetting`, and `NotAuthorized` where ALLOWED_BUCKETS doesn't list the bucket.
    """
    where = call.settings.mapping.dead_letter
    if where is None:
        return None
    if where.startswith("s3://"):
        from msk_client.actions.sourcing.request import allow_bucket  # noqa: PLC0415 - not needed
        from msk_client.pipeline.letters import S3Letters  # noqa: PLC0415 - without it
        from msk_client.s3.store import store  # noqa: PLC0415 - dear at cold start

        letters = S3Letters(store(), where)
        allow_bucket(letters.bucket, call)
        return letters
    from msk_client.pipeline.queue_letters import QueueLetters  # noqa: PLC0415 - same
    from msk_client.sqs.queues import queues  # noqa: PLC0415 - same

    return QueueLetters(queues(), where)


def _s3(call: Call, _: Batch) -> Sink:
    from msk_client.pipeline.s3_sink import S3Sink  # noqa: PLC0415 - dear at cold start
    from msk_client.s3.store import store  # noqa: PLC0415 - same

    return S3Sink(store(), call.settings.output, call.settings.mapping.decode)


def _log(_: Call, __: Batch) -> Sink:
    from msk_client.pipeline.log_sink import LogSink  # noqa: PLC0415 - each only where it is set

    return LogSink()


def _produce(call: Call, batch: Batch) -> Sink:
    from msk_client.pipeline.produce_sink import ProduceSink  # noqa: PLC0415 - same

    return ProduceSink(call, call.settings.mapping.target_topic, batch)


SINKS: dict[SinkName, Callable[[Call, Batch], Sink]] = {
    "log": _log,
    "produce": _produce,
    "s3": _s3,
}
