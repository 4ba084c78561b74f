"""The compound benchmark's readings and answers against those of the peers' own generator and oracle."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from recorded_tables import CHECKOUT, RECORDED

sys.path.insert(0, str(CHECKOUT))

from benchmarks.compound.expected import expected
from benchmarks.compound.readings import VARIANTS, readings
from benchmarks.compound.work import BEGIN, STEP, area_name


@pytest.mark.parametrize("variant", ["lat", "100k", "1m"])
def test_readings_and_answers_are_those_of_the_peers(variant: str, tmp_path: Path) -> None:
    """Theirs are written and answered by their own programs; every column and every alert must be the same."""
    (tmp_path / "data").mkdir()
    for program in ("gen.py", "oracle.py"):
        subprocess.run([sys.executable, (RECORDED.parent / "bench" / program).resolve(), variant], cwd=tmp_path, check=True)
    made = readings(VARIANTS[variant])
    theirs = np.load(tmp_path / "data" / f"{variant}.npz")
    ours = {"pos": made.position, "step": made.step, "area": made.area, "ind": made.indicator, "value": made.value}
    for name, column in ours.items():
        assert np.array_equal(theirs[name], column, equal_nan=True), name
    said = {(area_name(area), f"{BEGIN + step * STEP:%Y-%m-%dT%H:%M:%SZ}", kind) for area, step, kind in expected(made)}
    assert said == {tuple(answer) for answer in json.loads((tmp_path / "data" / f"{variant}.expected.json").read_text())}
