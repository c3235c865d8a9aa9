"""`python -m local.image [build|base]`: build the function's image, or just have its base."""

import argparse
import sys
from contextlib import closing

from local.engine import EngineError, connect
from local.image.base import base_image
from local.image.build import NAME, build_image
from local.image.errors import ImageFailed
from local.image.sizes import report


def main() -> int:
    """Print the sizes of what was built, or the base's name; say plainly what is missing."""
    parser = argparse.ArgumentParser(prog="python -m local.image", description=__doc__)
    parser.add_argument("what", choices=["build", "base"], nargs="?", default="build")
    what = parser.parse_args().what
    try:
        with closing(connect()) as engine:
            base = base_image(engine)
            if what == "base":
                print(base)
            else:
                image = build_image(engine, base)
                print(f"{NAME}\n{report(engine, image, base)}")
    except (EngineError, ImageFailed) as error:
        print(f"make image: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
