"""Extra librdkafka properties, and those that can't be given."""

from __future__ import annotations

import json
import re

from msk_client.errors import InvalidSetting

ClientOptions = dict[str, str | int | float | bool]

OUR_PROPERTIES = re.compile(
    r"bootstrap\.servers|metadata\.broker\.list|security\.protocol|(?:enable\.)?sasl\..*|.*_cb|logger"
    r"|acks|request\.required\.acks|enable\.idempotence|enable\.gapless\.guarantee|transactional\.id"
    r"|partitioner|message\.timeout\.ms|delivery\.timeout\.ms|message\.send\.max\.retries|retries"
    r"|allow\.auto\.create\.topics|statistics\.interval\.ms|delivery\.report\.only\.error"
    r"|group\..*|enable\.auto\..*|auto\.commit\.enable|auto\.offset\.reset|isolation\.level"
    r"|enable\.partition\.eof|topic\.blacklist"
    r"|check\.crcs|enable\.ssl\.certificate\.verification|ssl\.endpoint\.identification\.algorithm"
    r"|test\.mock\..*|plugin\.library\.paths|on_.*"
)
"""librdkafka properties that carry this function's promises and can't be overridden."""


def client_options(text: str) -> ClientOptions:
    """Take extra librdkafka properties, but none that would break what this function promises."""
    try:
        options = json.loads(text)
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise InvalidSetting(
            "KAFKA_CLIENT_OPTIONS is not a JSON object: give librdkafka properties, e.g."
            ' {"socket.timeout.ms": 20000}.'
        )
    for name, value in options.items():
        _check_option(name, value)
    return options


def _check_option(name: str, value: object) -> None:
    if OUR_PROPERTIES.fullmatch(name):
        raise InvalidSetting(
            f"KAFKA_CLIENT_OPTIONS sets {name!r}, on which this function's guarantees rest:"
            " remove it."
        )
    if not isinstance(value, str | int | float | bool):
        raise InvalidSetting(
            f"KAFKA_CLIENT_OPTIONS gives {name!r} a value that is not a string, number or boolean."
        )
