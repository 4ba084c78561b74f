"""What must come out: a slow plain oracle, written from the specification of the work, with a loop for each of its sentences."""

from collections import defaultdict

import numpy as np

from benchmarks.compound.readings import ENTERED_AT, INDICATORS, LATEST, LEFT_UNDER, Readings

RAISE, CLEAR = "raise", "clear"
WINDOW = 72
"""Hours that two onsets may lie apart."""
READINGS_TO_ENTER = 2
TOGETHER = 2
"""Indicators that must be on."""
Answer = tuple[int, int, str]
"""(area, step, `RAISE` or `CLEAR`)."""


def expected(readings: Readings) -> set[Answer]:
    """All alerts that the readings come to.

    A reading that comes twice counts once. A step is judged when its area's newest is more than `LATEST` hours past it, in order of time;
    what is not, when the stream ends, is not judged. An indicator whose first reading is at its level is not off but unknown until the
    second, and an area is not cleared by what nobody knows; the peers' oracle takes it for off. Of the peers' variants none has an area in
    which that matters, of 100,000 areas it does in one.
    """
    of_area: dict[int, dict[int, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    newest: dict[int, int] = {}
    columns = (readings.area, readings.step, readings.indicator, readings.value)
    for area, step, indicator, value in zip(*(column.tolist() for column in columns), strict=True):
        if step < newest.get(area, step) - LATEST:
            continue  # its step is closed
        newest[area] = max(newest.get(area, step), step)
        of_area[area][step].setdefault(indicator, value)
    return {(area, step, kind) for area, steps in of_area.items() for step, kind in _alerts(steps, newest[area] - LATEST)}


def _alerts(steps: dict[int, dict[int, float]], before: int) -> list[tuple[int, str]]:
    """The alerts of one area, of the steps that are closed."""
    heard, in_a_row = [0] * len(INDICATORS), [0] * len(INDICATORS)
    since: dict[int, int] = {}
    raised, found = False, []
    for step in sorted(s for s in steps if s < before):
        for indicator, value in steps[step].items():
            if np.isnan(value):
                continue
            heard[indicator] += 1
            in_a_row[indicator] = in_a_row[indicator] + 1 if value >= ENTERED_AT[indicator] else 0
            if indicator not in since and in_a_row[indicator] >= READINGS_TO_ENTER:
                since[indicator] = step
            elif indicator in since and value < LEFT_UNDER[indicator]:
                del since[indicator]
        unknown = sum(0 < row == readings < READINGS_TO_ENTER for row, readings in zip(in_a_row, heard, strict=True))
        if not raised and any(a != b and abs(since[a] - since[b]) <= WINDOW for a in since for b in since):
            raised = True
            found.append((step, RAISE))
        elif raised and len(since) + unknown < TOGETHER:
            raised = False
            found.append((step, CLEAR))
    return found
