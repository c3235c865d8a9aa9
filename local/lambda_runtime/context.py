"""The object that Lambda hands to a handler beside the event."""

import time
import uuid
from dataclasses import dataclass, field

from local.lambda_runtime.environment import FUNCTION_NAME, LOG_GROUP, LOG_STREAM


@dataclass(frozen=True)
class Context:
    """What a handler may ask of its invocation, under the names of AWS's runtime client."""

    deadline_s: float
    """Epoch seconds at which Lambda would kill the function."""
    memory_limit_in_mb: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_name: str = FUNCTION_NAME
    function_version: str = "$LATEST"
    invoked_function_arn: str = f"arn:aws:lambda:us-east-1:012345678912:function:{FUNCTION_NAME}"
    log_group_name: str = LOG_GROUP
    log_stream_name: str = LOG_STREAM
    client_context: None = None
    identity: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left until the deadline, never less than none."""
        return max(0, int((self.deadline_s - time.time()) * 1000))
