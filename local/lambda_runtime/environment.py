"""The environment variables that Lambda gives a function, and nothing of the developer's own."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FUNCTION_NAME = "msk-lambda-client"
LOG_GROUP = f"/aws/lambda/{FUNCTION_NAME}"
LOG_STREAM = "local/[$LATEST]"
_DEFAULT_REGION = "us-east-1"
_FIRST_WITH_EXECUTION_ENV = (3, 12)


def lambda_environment(
    environment: Mapping[str, str], *, timeout_s: int, memory_mb: int, path: Sequence[Path]
) -> dict[str, str]:
    """Return the function's whole environment: Lambda's variables, then `environment` over them.

    `path` holds the folders to import from; the first is the task root.
    """
    folders = [str(folder.resolve()) for folder in path]
    region = environment.get("AWS_REGION", _DEFAULT_REGION)
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": folders[0],
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "PYTHONPATH": os.pathsep.join(folders),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION_NAME,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": LOG_GROUP,
        "AWS_LAMBDA_LOG_STREAM_NAME": LOG_STREAM,
        **_execution_env(),
        **_SEALED,
        **environment,
    }


# Lambda's user has no home and Lambda has no instance metadata; boto3 would find the developer's.
_SEALED = {"HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}


def _execution_env() -> dict[str, str]:
    """Return what the Python base images have from 3.12 on; it decides how answers are escaped."""
    version = sys.version_info[:2]
    if version < _FIRST_WITH_EXECUTION_ENV:
        return {}
    return {"AWS_EXECUTION_ENV": "AWS_Lambda_python{}.{}".format(*version)}
