"""The settings of what comes in: objects of S3 and messages of SQS."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from msk_client.errors import InvalidSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("S3_EVENT_TOPIC", "SQS_TOPIC", "SQS_BODY", "SQS_PARTIAL_RESPONSE", "CONTINUE_QUEUE_URL")

Body = Literal["record", "value", "action"]
TOPIC = re.compile(r"[a-zA-Z0-9._-]{1,249}")
RULE_FIELDS = {
    *("topic", "source_format", "key_column", "keep_partitions", "on_failure", "stamp"),
    *("create_if_missing", "num_partitions"),
}
"""What a rule may say: fields of produce."""


@dataclass(frozen=True)
class Input:
    """What is done with what comes in."""

    rules: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """Prefix of an object's key -> fields of produce, the longest prefix first."""
    sqs_topic: str | None = None
    sqs_body: Body = "record"
    sqs_partial_response: bool = False
    continue_queue_url: str | None = None


def read(environ: Mapping[str, str]) -> Input:
    """Make them from `environ`; raises `InvalidSetting` naming the variable."""
    return Input(
        rules=_rules(environ.get("S3_EVENT_TOPIC")),
        sqs_topic=_topic(environ.get("SQS_TOPIC"), "SQS_TOPIC"),
        sqs_body=_body(environ),
        sqs_partial_response=boolean(environ, "SQS_PARTIAL_RESPONSE"),
        continue_queue_url=_queue_url(environ),
    )


def _topic(text: str | None, named: str) -> str | None:
    if text is not None and not TOPIC.fullmatch(text.strip()):
        raise InvalidSetting(
            f"{named} is {text[:80]!r}: give a topic's name, 1 to 249 letters, digits, dots,"
            " underscores and hyphens."
        )
    return None if text is None else text.strip()


def boolean(environ: Mapping[str, str], name: str) -> bool:
    """Read `true` or `false`; absent means false."""
    text = environ.get(name, "false").strip().lower()
    if text not in {"true", "false"}:
        raise InvalidSetting(f"{name} is {text!r}: give true or false.")
    return text == "true"


def _rules(text: str | None) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Read a topic's name, or a JSON object of rules."""
    if text is None:
        return ()
    if not text.lstrip().startswith("{"):
        return (("", {"topic": _topic(text, "S3_EVENT_TOPIC")}),)
    try:
        given = json.loads(text)
    except ValueError:
        given = {}
    rules = {prefix: _rule(prefix, rule) for prefix, rule in given.items()}
    if not rules:
        raise InvalidSetting(f"S3_EVENT_TOPIC is no JSON object of rules. {EXAMPLE}")
    return tuple(sorted(rules.items(), key=lambda rule: -len(rule[0])))


EXAMPLE = (
    "Give a topic's name, or topics by the beginning of objects' keys, such as"
    ' {"in/orders/": "orders", "in/": {"topic": "others", "key_column": "id"}}.'
)


def _rule(prefix: str, given: object) -> Mapping[str, Any]:
    rule = {"topic": given} if isinstance(given, str) else given
    if not isinstance(rule, dict) or "topic" not in rule:
        raise InvalidSetting(
            f"S3_EVENT_TOPIC has for {prefix!r} neither a topic's name nor an object with topic."
            f" {EXAMPLE}"
        )
    for name in rule.keys() - RULE_FIELDS:
        near = get_close_matches(name, RULE_FIELDS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(RULE_FIELDS))}."
        raise InvalidSetting(
            f"S3_EVENT_TOPIC has for {prefix!r} an unknown field {name[:80]!r}: {hint}"
        )
    _topic(str(rule["topic"]), f"S3_EVENT_TOPIC for {prefix!r}")
    return rule


def _body(environ: Mapping[str, str]) -> Body:
    text = environ.get("SQS_BODY", "record").strip()
    if text not in get_args(Body):
        raise InvalidSetting(
            f"SQS_BODY is {text!r}: say what a message's body is, one of"
            f" {', '.join(get_args(Body))}."
        )
    return cast("Body", text)


def _queue_url(environ: Mapping[str, str]) -> str | None:
    text = environ.get("CONTINUE_QUEUE_URL")
    if text is None:
        return None
    if not text.startswith(("https://", "http://")) or text.count("/") < 4:  # noqa: PLR2004
        raise InvalidSetting(
            f"CONTINUE_QUEUE_URL is {text!r}: give a queue's URL, such as"
            " https://sqs.eu-west-1.amazonaws.com/123456789012/continue."
        )
    return text.strip()
