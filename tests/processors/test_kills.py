"""A processor killed at any moment: what is said in the end equals what one says that was never disturbed, byte by byte."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from loop_case import long_case, outputs

from eventlog.log import open_log
from processors.engine import to_bytes
from processors.loop import Processor

PROCESS = str(Path(__file__).with_name("judging_process.py"))
KILLS = 12


@pytest.mark.parametrize("seed", [7, 1056])
def test_kills_at_any_moment_change_nothing(tmp_path: Path, seed: int) -> None:
    """Kill -9 again and again while records come in, in transactions, in snapshots, in recoveries: none lost, none doubled."""
    chance = random.Random(seed)
    everything = long_case(seed)
    calm = open_log(f"sqlite:///{tmp_path / 'calm.sqlite'}")
    calm.append(everything)
    undisturbed = Processor(calm, "TST")
    undisturbed.run_until_idle()
    url = f"sqlite:///{tmp_path / 'log.sqlite'}"
    log = open_log(url)
    share = len(everything) // KILLS
    for kill in range(KILLS):
        log.append(everything[kill * share : (kill + 1) * share])
        turns = chance.choice([0, 1, 2, 5, 9])
        command = [sys.executable, PROCESS, url, "TST", "processor", str(chance.choice([1, 2, 5])), "7", "30"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "judging\n"
            for _ in range(turns):
                process.stdout.readline()
            process.kill()
    log.append(everything[KILLS * share :])
    last = Processor(log, "TST")
    last.run_until_idle()
    assert outputs(log) == outputs(calm)
    assert to_bytes(last.state) == to_bytes(undisturbed.state)
    assert len(outputs(log)) > 20
    log.close()
    calm.close()
