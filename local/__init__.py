"""What stands in for AWS on one machine."""

import sys
from pathlib import Path

# `python -m local.x` knows the function's own code without a PYTHONPATH.
sys.path.append(str(Path(__file__).parents[1] / "src"))
