"""What the benchmark of a backtest leaves: named figures with their bars, and seconds on the clock only of a machine that is calm."""

import json
from pathlib import Path

from benchmarks.backtest import Taken, figures, write

ORDERED, SINGLE, SWEPT = Taken(0.5, 0.4, 2**28), Taken(4.0, 7.0, 2**29), Taken(20.0, 21.0, 2**28)


def test_figures_are_held_against_their_bars() -> None:
    """Seconds with the readings put in order, memory of all processes, and the sweep in single runs."""
    found = {figure.name: (figure.value, figure.reached) for figure in figures(ORDERED, SINGLE, SWEPT, calm=True)}
    assert found == {
        "one configuration, on the clock": (4.5, True),
        "one configuration, processor time": (7.4, True),
        "memory": (512.0, True),
        "sweep of 20 values": (3.0, True),
        "sweep of 20 values, on the clock": (5.0, True),
    }
    slower = figures(ORDERED, Taken(5.0, 7.0, 2**31), SWEPT, calm=True)
    assert [figure.reached for figure in slower] == [False, True, False, True, True]


def test_a_busy_machine_tells_nothing_of_the_clock(tmp_path: Path) -> None:
    """What was measured is kept with its date, and not held against its bar."""
    path = write(tmp_path, figures(ORDERED, SINGLE, SWEPT, calm=False), 10.0, 7.25)
    kept = json.loads((tmp_path / "backtest-results.json").read_text("utf-8"))
    assert [figure["reached"] for figure in kept["figures"]] == [None, True, True, True, None]
    assert (kept["load before"], bool(kept["made"])) == (7.2, True)
    assert "| one configuration, on the clock | 4.5 s | at most 5 s | – |" in path.read_text("utf-8")
