"""Tests of what watches make warnings as the tests of alerts do."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "alerts"))
