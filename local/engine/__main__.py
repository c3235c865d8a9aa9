"""`python -m local.engine [start|stop|host]`: one container engine for whoever needs one."""

import argparse
import sys

from local.engine import podman
from local.engine.errors import EngineError
from local.engine.find import docker_host


def main() -> int:
    """Do what was asked for; the engine's address is the only thing on the standard output."""
    parser = argparse.ArgumentParser(prog="python -m local.engine", description=__doc__)
    parser.add_argument("what", choices=["start", "stop", "host"], nargs="?", default="start")
    what = parser.parse_args().what
    try:
        if what == "stop":
            print("stopped" if podman.stop() else "no engine of ours runs", file=sys.stderr)
        else:
            print(podman.start() if what == "start" else docker_host())
    except EngineError as error:
        print(f"make engine: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
