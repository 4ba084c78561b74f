"""The account of a place whose readings only went forward: in order, in time, each held against what it would be held against now.

The small machine takes them one after the other, with no track around it. Those at no level, of a place that is at none, say nothing and
are passed over.
"""

from bisect import bisect_left
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.account import Account, Writer
from processors.bounds import NO_BOUND, Column
from processors.levels import Code, Machine, Settings, ahead, fresh, judge
from processors.timelines import FAR


class Readings(NamedTuple):
    """The readings of a place that give a value, in order; times are microseconds.

    Attributes:
        records: the record that each came in. bounds: reading by level, as it was held against when it came.
    """

    starts: Column
    ends: Column
    values: Column
    records: npt.NDArray[np.intp]
    bounds: Column


def forward(readings: Readings, settings: Settings, writer: Writer) -> Account:
    """The account."""
    count = len(readings.records)
    wakes = _wakes(readings, settings, writer)
    starts, ends, values, bounds, records = (
        column.tolist() for column in (readings.starts, readings.ends, readings.values, readings.bounds, readings.records)
    )
    machine, base = fresh(settings), 0
    at = 0
    while at < count:
        last = at + 1
        while last < count and records[last] == records[at]:
            last += 1
        entries = judge(machine, settings, (starts[at:last], ends[at:last], values[at:last]), bounds[at:last], ())
        following = last
        if _is_idle(machine):
            following = wakes[bisect_left(wakes, last)] if wakes and wakes[-1] >= last else count
        tail = ahead(machine, settings, ())
        writer.say(records[at], records[last] if last < count else len(writer.nows), base, entries, tail if last == following else ())
        base += len(entries)
        if last < following:
            machine.start, machine.end = starts[following - 1], ends[following - 1]
            writer.say(
                records[following - 1],
                records[following] if following < count else len(writer.nows),
                base,
                (),
                ahead(machine, settings, ()),
            )
        at = following
    return writer.account(int((readings.ends - readings.starts).max()) if count else 0)


def _wakes(readings: Readings, settings: Settings, writer: Writer) -> list[int]:
    """The readings that may say something though the place is at no level: those at one, after a silence, or held against nothing."""
    turned = settings.sign * readings.values[:, None]
    met = ((turned >= settings.sign * readings.bounds) | (readings.bounds == NO_BOUND)).any(axis=1)
    stale = readings.ends[:-1] + settings.stale
    told = np.searchsorted(np.asarray(writer.nows), stale, side="right")
    silent = np.concatenate(([True], (told < readings.records[1:]) | (readings.starts[1:] > stale)))
    found: list[int] = np.flatnonzero(met | silent).tolist()
    return found


def _is_idle(machine: Machine) -> bool:
    """Whether the place is known to be at no level, and on its way to none."""
    last = machine.last
    calm = all(code is Code.LOWER for code in machine.codes) and not any(machine.entered) and not any(machine.count)
    return calm and all(at == FAR for at in machine.leaving) and last is not None and last.counts and last.codes == machine.codes
