"""`python -m bench.load_once`: one object into one topic, and what that took, as a line of JSON.

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
    """Send the object once its cluster is connected."""
    parser = argparse.ArgumentParser("python -m bench.load_once", description=__doc__)
    parser.add_argument("source")
    parser.add_argument("topic")
    parser.add_argument("--plain", default="", help="servers to use without TLS and login")
    options = parser.parse_args(arguments)
    call = plain.call(options.plain)
    event = {"action": "produce", "topic": options.topic, "create_if_missing": False}
    direct.run(event | {"records": []}, call)
    started_s = time.perf_counter()
    answer = direct.run(event | {"source": options.source}, call)
    took_s = time.perf_counter() - started_s
    told = {"seconds": took_s, "peak_kb": peak_kb(), "produced": answer.body["produced"]}
    print(json.dumps(told | {"complete": answer.body["complete"]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
