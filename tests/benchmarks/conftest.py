"""The benchmarks are programs, not packages that are installed: they are found from the checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
