"""The settings of a function that an event source mapping for Kafka calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from msk_client.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Mapping as Environ

NAMES = (
    "ESM_SINK",
    "ESM_TARGET_TOPIC",
    "ESM_PARTIAL_RESPONSE",
    "ESM_DEAD_LETTER",
    "ESM_DECODE",
)
SinkName = Literal["s3", "log", "produce"]
Decode = Literal["text", "json"]
QUEUE = re.compile(r"https?://[^/?#\s]+/[0-9]{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?")
TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")


@dataclass(frozen=True)
class Mapping:
    """What becomes of a mapping's batches."""

    sink: SinkName | None = None
    target_topic: str | None = None
    partial_response: bool = False
    """Whether the mapping has ReportBatchItemFailures: else Lambda ignores what is answered."""
    dead_letter: str | None = None
    """`s3://bucket/prefix` or a queue's URL."""
    decode: Decode | None = None
    """What every value has to be."""


def read(environ: Environ[str, str]) -> Mapping:
    """Make them from `environ`; raises `InvalidSetting` naming the variable."""
    return Mapping(
        sink=cast("SinkName | None", _choice(environ, "ESM_SINK", get_args(SinkName))),
        target_topic=_topic(environ),
        partial_response=_choice(environ, "ESM_PARTIAL_RESPONSE", ("true", "false")) == "true",
        dead_letter=_dead_letter(environ),
        decode=cast("Decode | None", _choice(environ, "ESM_DECODE", get_args(Decode))),
    )


def _choice(environ: Environ[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    text = environ.get(name)
    if text is not None and text.strip().lower() not in choices:
        raise InvalidSetting(f"{name} is {text[:80]!r}: give one of {', '.join(choices)}.")
    return None if text is None else text.strip().lower()


def _topic(environ: Environ[str, str]) -> str | None:
    text = environ.get("ESM_TARGET_TOPIC")
    if text is not None and not TOPIC.fullmatch(text):
        raise InvalidSetting(
            f"ESM_TARGET_TOPIC is {text[:80]!r}: give a topic's name, 1 to 249 letters, digits,"
            " dots, underscores and hyphens."
        )
    return text


def _dead_letter(environ: Environ[str, str]) -> str | None:
    text = environ.get("ESM_DEAD_LETTER", "").strip()
    if not text or text.startswith("s3://"):
        return text or None
    if not QUEUE.fullmatch(text):
        raise InvalidSetting(
            f"ESM_DEAD_LETTER is {text[:200]!r}: give s3://bucket/prefix or the URL of a queue such"
            " as https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters."
        )
    return text
