"""The text tables and configurations of the engine's own tests are used here too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "processors"))
