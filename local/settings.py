"""Which variables of a shell are the function's, and what they are for a stage of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msk_client import settings, settings_input, settings_mapping, settings_output

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = (
    *settings.NAMES,
    *settings_output.NAMES,
    *settings_mapping.NAMES,
    *settings_input.NAMES,
)
"""Every setting of the function."""

CLUSTER = ("KAFKA_ENDPOINT", "MSK_CLUSTER_ARN", "MSK_CONNECTIVITY", "KAFKA_CA_FILE", "KAFKA_REGION")
"""Those that lead to a cluster."""

LOGIN = (
    *("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_CREDENTIAL_EXPIRATION", "AWS_USE_DUALSTACK_ENDPOINT"),
)
_BEGINNINGS = ("POWERTOOLS_", "AWS_ENDPOINT_URL")

LOCAL = {
    "OUTPUT_BUCKET": "my-bucket",
    "OUTPUT_PREFIX": "lake",
    "ESM_SINK": "s3",
    "S3_EVENT_TOPIC": "orders",
    "SQS_TOPIC": "orders",
}
"""What lets every file in events/ do its work on a stage of this machine."""


def is_setting(name: str) -> bool:
    """Tell whether the function reads a variable of this name."""
    return name in NAMES or name in LOGIN or name.startswith(_BEGINNINGS)


def of_shell(shell: Mapping[str, str]) -> dict[str, str]:
    """Take what the function reads, and leave the rest."""
    return {name: value for name, value in shell.items() if is_setting(name)}


def for_local_cluster(shell: Mapping[str, str]) -> dict[str, str]:
    """Take what the function reads but for what leads to a cluster, or into somebody's account."""
    away = {*CLUSTER, *LOGIN}
    return {name: value for name, value in of_shell(shell).items() if name not in away}


def defaults(shell: Mapping[str, str]) -> dict[str, str]:
    """Return what the shell leaves open; an exported empty variable is the shell's own say."""
    return {name: value for name, value in LOCAL.items() if name not in shell}
