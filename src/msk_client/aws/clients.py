"""Makes botocore's clients of S3 and SQS."""

from __future__ import annotations

from typing import Any

from msk_client.errors import InvalidSetting


def client(service: str, region: str | None = None, **config: float) -> Any:  # noqa: ANN401 - botocore makes its classes at run time
    """Make a client that asks once; `config` is botocore's. Raises `InvalidSetting`."""
    from botocore.config import Config  # noqa: PLC0415 - dear at cold start
    from botocore.session import get_session  # noqa: PLC0415 - same

    retries = {"total_max_attempts": 1}  # ours know the deadline
    try:
        return get_session().create_client(
            service, region_name=region, config=Config(retries=retries, **config)
        )
    except ValueError as problem:  # what botocore says of an endpoint that is no URL
        named = service.upper()
        raise InvalidSetting(
            f"{named} can't be asked: {problem}. Give AWS_ENDPOINT_URL_{named} (or"
            " AWS_ENDPOINT_URL) as https://host or http://host:port, or remove it."
        ) from problem
