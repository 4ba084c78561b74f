"""The machine of `processors.levels` on columns: one reading of each of many series at once.

It goes forward only, through readings in order with no silence between them; what that takes is said in `processors.regular`. The
small machine stays the meaning: a property test holds these columns against it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from processors.bounds import Column
from processors.levels import Code, Entry, Machine, Settings
from processors.timelines import BEGINNING, FAR

Lanes = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]
Counts = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Laws:
    """The settings of each series, as columns; spans are microseconds, values millionths of the unit.

    Attributes:
        levels: how many levels the series has. limit: of each level, turned by `sign`; FAR where there is no such level.
        others: as in `Settings`.
    """

    levels: Counts
    sign: Column
    limit: Column
    readings: Column
    run: Column
    burst: Column
    leave: Column
    floor: Column
    quiet: Column
    stale: Column
    reach: Column

    @classmethod
    def of(cls, settings: list[Settings], limits: list[tuple[int, ...]], width: int) -> "Laws":
        """The settings of series, one after the other, with the fixed bounds of their levels."""
        turned = [[s.sign * bound for bound in row] + [FAR] * (width - len(row)) for s, row in zip(settings, limits, strict=True)]

        def column(name: str) -> Column:
            return np.array([getattr(s, name) for s in settings], dtype=np.int64)

        return cls(
            levels=column("levels").astype(np.int32),
            sign=column("sign"),
            limit=np.array(turned, dtype=np.int64).reshape(len(settings), width),
            readings=column("readings"),
            run=column("run"),
            burst=column("burst"),
            leave=column("leave"),
            floor=column("floor"),
            quiet=column("quiet"),
            stale=column("stale"),
            reach=np.array([s.horizon + s.delay for s in settings], dtype=np.int64),
        )


@dataclass(frozen=True, slots=True)
class Machines:
    """Where the judging of each series stands, as in `Machine`; what has a level is series by level.

    Attributes:
        emitted: how many entries each series has made. said_at: the start of the last of them.
    """

    entered: Flags
    count: Counts
    first: Column
    counted: Column
    leaving: Column
    codes: Codes
    start: Column
    end: Column
    peak: Column
    said_at: Column
    emitted: Counts

    @classmethod
    def blank(cls, series: int, width: int) -> "Machines":
        """Machines that have seen nothing."""
        whole, levels = (series,), (series, width)
        return cls(
            np.zeros(levels, bool), np.zeros(levels, np.int32), np.zeros(levels, np.int64), np.zeros(levels, np.int64),
            np.full(levels, FAR), np.full(levels, Code.UNKNOWN, np.int8), np.full(whole, BEGINNING), np.full(whole, BEGINNING),
            np.full(whole, BEGINNING), np.full(whole, BEGINNING), np.zeros(whole, np.int32),
        )  # fmt: skip

    def copy(self) -> "Machines":
        """The same, for going on without touching these."""
        return Machines(*(getattr(self, name).copy() for name in MACHINE_COLUMNS))

    def restore(self, lanes: Lanes, before: "Machines") -> None:
        """Put series back to where they stood."""
        if len(lanes):
            for name in MACHINE_COLUMNS:
                getattr(self, name)[lanes] = getattr(before, name)[lanes]

    def idle(self, lanes: Lanes) -> Flags:
        """Which series are known to be at no level, and on their way to none."""
        at_none = (self.codes[lanes] == Code.LOWER) & (self.count[lanes] == 0) & (self.leaving[lanes] == FAR) & ~self.entered[lanes]
        idle: Flags = at_none.all(axis=1) & (self.end[lanes] != BEGINNING)
        return idle

    def put(self, lane: int, machine: Machine, emitted: int) -> None:
        """Set a series from the small machine."""
        n = len(machine.entered)
        self.entered[lane, :n], self.count[lane, :n] = machine.entered, machine.count
        self.first[lane, :n], self.counted[lane, :n], self.leaving[lane, :n] = machine.first, machine.counted, machine.leaving
        self.codes[lane, :n] = machine.codes
        self.start[lane], self.end[lane], self.peak[lane] = machine.start, machine.end, machine.peak
        self.said_at[lane] = machine.last.start if machine.last is not None else BEGINNING
        self.emitted[lane] = emitted

    def machine(self, lane: int, levels: int, last: Entry) -> Machine:
        """A series that has been judged as the small machine, with the last entry it has made."""
        n = levels
        return Machine(
            entered=self.entered[lane, :n].tolist(),
            count=self.count[lane, :n].tolist(),
            first=self.first[lane, :n].tolist(),
            counted=self.counted[lane, :n].tolist(),
            leaving=self.leaving[lane, :n].tolist(),
            start=int(self.start[lane]),
            end=int(self.end[lane]),
            codes=codes_of(self.codes[lane, :n].tolist()),
            last=last,
            peak=int(self.peak[lane]),
        )


MACHINE_COLUMNS = tuple(field.name for field in fields(Machines))
BY_LEVEL = frozenset({"entered", "count", "first", "counted", "leaving", "codes"})
"""The columns of `Machines` that are series by level."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a reading of each of some series made.

    Attributes:
        codes: what is said now. says: whether that makes an entry. peak: the gravest value up to and with this reading.
        broken: whether silence lies before the reading, or it begins before the last entry: not for these columns.
    """

    codes: Codes
    says: Flags
    peak: Column
    broken: Flags


def meets_any(laws: Laws, lanes: Lanes, values: Column) -> Flags:
    """Which readings are at some level of their series."""
    turned = laws.sign[lanes] * values
    meets: Flags = (turned >= laws.limit.min(axis=1)[lanes]) & (turned >= laws.floor[lanes])
    return meets


_CODES = {int(code): code for code in Code}


def codes_of(numbers: Iterable[int]) -> tuple[Code, ...]:
    """Codes by their numbers; the same tuple each time, for one is kept of each entry of each series."""
    return _codes_of(tuple(numbers))


@lru_cache(maxsize=4096)
def _codes_of(numbers: tuple[int, ...]) -> tuple[Code, ...]:
    return tuple([_CODES[number] for number in numbers])


def judge(machines: Machines, laws: Laws, lanes: Lanes, starts: Column, ends: Column, values: Column) -> Judged:
    """Take in one reading, with a value, of each of some series; each series once. The machines are changed.

    A reading that `meets_any` level not, of a series that is `idle`, changes nothing but `start` and `end`, and need not be taken in.
    """
    turned = laws.sign[lanes] * values
    limit, end = laws.limit[lanes], ends[:, None]
    under_floor = (turned < laws.floor[lanes])[:, None]
    met = (turned[:, None] >= limit) & ~under_floor
    entered, leaving = machines.entered[lanes], machines.leaving[lanes]
    completed, pending = _runs(machines, laws, lanes, met & ~entered, met, end)
    stays = ~met & entered & ~under_floor & (turned[:, None] >= limit - laws.leave[lanes][:, None])
    may_leave = ~met & entered & ~stays
    leaving = np.where(may_leave, np.minimum(leaving, end), FAR)
    leaves = may_leave & (end - leaving >= laws.quiet[lanes][:, None])
    entered = (entered | completed) & ~leaves
    leaving[leaves] = FAR
    pending &= machines.codes[lanes] != Code.LOWER
    codes = np.where(entered, np.int8(Code.TRUE), np.where(pending, np.int8(Code.PENDING), np.int8(Code.LOWER)))
    before_end = machines.end[lanes]
    says = (codes != machines.codes[lanes]).any(axis=1) | ((ends > starts) & pending.any(axis=1)) | (before_end == BEGINNING)
    broken = ((before_end != BEGINNING) & (starts > before_end + laws.stale[lanes])) | (says & (starts < machines.said_at[lanes]))
    peak = np.where(entered.any(axis=1), np.maximum(machines.peak[lanes], turned), BEGINNING)
    machines.entered[lanes], machines.leaving[lanes], machines.codes[lanes] = entered, leaving, codes
    machines.start[lanes], machines.end[lanes], machines.peak[lanes] = starts, ends, peak
    machines.said_at[lanes] = np.where(says, starts, machines.said_at[lanes])
    machines.emitted[lanes] += says
    return Judged(codes, says, peak, broken)


def _runs(machines: Machines, laws: Laws, lanes: Lanes, running: Flags, met: Flags, end: Column) -> tuple[Flags, Flags]:
    """Count the runs towards entering: which levels are entered now, and which readings are at a level not entered yet."""
    count, first, counted = machines.count[lanes], machines.first[lanes], machines.counted[lanes]
    begins = running & (count == 0)
    further = running & ~begins & (end - counted >= laws.burst[lanes][:, None])
    count = np.where(met, np.where(begins, 1, count + further), 0)
    first = np.where(begins, end, first)
    counted = np.where(begins | further, end, counted)
    readings = laws.readings[lanes][:, None]
    enough = np.where(readings > 0, count >= readings, counted - first >= laws.run[lanes][:, None])
    completed = running & enough
    count[completed] = 0
    machines.count[lanes], machines.first[lanes], machines.counted[lanes] = count, first, counted
    return completed, running & ~completed
