"""`python -m bench.drain_once`: one topic into objects, and what that took, as a line of JSON.

In a process of its own, for the peak of its memory. The function's settings are in the environment.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING

from bench import plain
from bench.memory import peak_kb
from msk_client.triggers import direct

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Store the topic once its cluster is connected."""
    parser = argparse.ArgumentParser("python -m bench.drain_once", description=__doc__)
    parser.add_argument("topic")
    parser.add_argument("format")
    parser.add_argument("--plain", default="", help="servers to use without TLS and login")
    options = parser.parse_args(arguments)
    call = plain.call(options.plain)
    direct.run({"action": "ping"}, call)
    destination = {"uri": "s3://bench", "format": options.format}
    event = {"action": "consume", "topic": options.topic, "destination": destination}
    started_s = time.perf_counter()
    answer = direct.run(event, call)
    took_s = time.perf_counter() - started_s
    told = {"seconds": took_s, "cpu_s": time.process_time(), "peak_kb": peak_kb()}
    print(json.dumps(told | {name: answer.body[name] for name in ("count", "drained")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
