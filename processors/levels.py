"""Judging a series: which levels it has entered, reading by reading, and what its silence means.

A small machine takes the readings in order and emits an entry whenever what it says of a level changes. Late readings are judged by
running it again from a kept state, so arrival never matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from processors.bounds import NO_BOUND
from processors.series import NULL
from processors.timelines import BEGINNING, FALSE, FAR, TRUE, UNKNOWN, Line, line


class Code(IntEnum):
    """What is said of one level at one place. From OPEN on, the level is entered and not left."""

    LOWER = 0
    UNKNOWN = 1
    PENDING = 2
    """A reading at the level whose run is not complete, with nothing known before it: not lower, not entered."""
    DEAD = 3
    """A person declared the station dead."""
    OPEN = 4
    """Entered, and silent for longer than it may be held."""
    HELD = 5
    TRUE = 6


TRUTHS = {
    Code.LOWER: (FALSE, FALSE),
    Code.UNKNOWN: (UNKNOWN, UNKNOWN),
    Code.PENDING: (UNKNOWN, UNKNOWN),
    Code.DEAD: (UNKNOWN, UNKNOWN),
    Code.OPEN: (UNKNOWN, UNKNOWN),
    Code.HELD: (TRUE, UNKNOWN),
    Code.TRUE: (TRUE, TRUE),
}
"""Code to (keep, sure)."""
UNDECIDED = (Code.UNKNOWN, Code.PENDING, Code.OPEN)
"""What a reading may leave a level at; in which of its periods it does is said each time, because an onset may hide in one."""


class Entry(NamedTuple):
    """From `start` on, until the next entry: a code for each defined level, lowest level first.

    Attributes:
        end: the end of the period of the reading that made it; less than `start` if time did.
        counts: whether the place has been heard of within the horizon, and so counts in a roll-up.
        peak: the gravest value (turned by the sign) of the breach that goes on or ends here; BEGINNING if there is none.
    """

    start: int
    end: int
    codes: tuple[Code, ...]
    counts: bool
    peak: int = BEGINNING


@dataclass(frozen=True, slots=True)
class Settings:
    """A threshold as numbers, for one place. Spans are microseconds, values millionths of the unit.

    Attributes:
        sign: -1 if a level is met from above downwards; values and bounds are then compared with their signs turned.
        readings, run: what `for` asks: readings in a row, or a span (then `readings` is 0).
        burst: readings nearer than this to the last one counted count as one with it.
        stale: from the end of a period to the moment from which the level is no longer known (delay included).
        lapse: from the end of a period to the moment from which the place counts no more (delay included).
        looks_back: how far before a reading the bounds that it is held against look in its own series.
        lasts: how long a period is taken to last before one was read: as long as the feed's interval.
    """

    levels: int
    sign: int
    readings: int
    run: int
    burst: int
    leave: int
    floor: int
    quiet: int
    stale: int
    hold: int
    bridge: int
    lapse: int
    delay: int
    horizon: int
    looks_back: int = 0
    lasts: int = 0

    @property
    def reach(self) -> int:
        """How far back a reading may still alter what is said: it counts by the end of its period, and alters from its start."""
        return self.horizon + self.delay + max(self.bridge, 0) + self.lasts


@dataclass(slots=True)
class Machine:
    """Where the judging of a series stands, after a reading.

    Attributes:
        entered: for each level, whether it is entered and not left.
        count, first, counted: of the run towards entering: readings counted, end of the first, end of the last counted.
        leaving: the end of the first of the readings in a row that would leave the level; FAR if there is none.
        start, end: the period of the last reading with a value; `end` is BEGINNING if there was none.
        codes: what the last reading said.
        declared: how many declarations it has taken in. dead: the last one said so.
        last: the last entry emitted.
        peak: the gravest value (turned by the sign) since the first level that is still entered; BEGINNING if none is.
    """

    entered: list[bool]
    count: list[int]
    first: list[int]
    counted: list[int]
    leaving: list[int]
    start: int = BEGINNING
    end: int = BEGINNING
    codes: tuple[Code, ...] = ()
    declared: int = 0
    dead: bool = False
    last: Entry | None = field(default=None)
    peak: int = BEGINNING

    def copy(self) -> "Machine":
        """The same, for going on without touching this one."""
        return Machine(
            self.entered[:], self.count[:], self.first[:], self.counted[:], self.leaving[:],
            self.start, self.end, self.codes, self.declared, self.dead, self.last, self.peak,
        )  # fmt: skip


def fresh(settings: Settings) -> Machine:
    """A machine that has seen nothing."""
    n = settings.levels
    return Machine([False] * n, [0] * n, [0] * n, [0] * n, [FAR] * n)


Declarations = Sequence[tuple[int, bool]]
"""(moment, dead) in order."""


def judge(
    machine: Machine,
    settings: Settings,
    readings: tuple[Sequence[int], Sequence[int], Sequence[int]],
    bounds: Sequence[Sequence[int]],
    declarations: Declarations,
) -> list[Entry]:
    """Take readings (starts, ends, values) with their bounds in order; answer the entries they make. The machine is changed."""
    out: list[Entry] = []
    for start, end, value, bound in zip(*readings, bounds, strict=True):
        while machine.declared < len(declarations) and declarations[machine.declared][0] <= start:
            _declare(machine, settings, declarations[machine.declared], out)
        if value == NULL or machine.dead:
            continue
        if machine.end != BEGINNING and start > machine.end + settings.stale:
            out.extend(_silence(machine, settings, start, _bridged(machine, settings, start, value, bound)))
            machine.count, machine.leaving, machine.codes = [0] * settings.levels, [FAR] * settings.levels, ()
        codes = tuple([_level(machine, settings, k, end, settings.sign * value, bound[k]) for k in range(settings.levels)])
        machine.start, machine.end, machine.codes = start, end, codes
        before = machine.peak
        machine.peak = max(before, settings.sign * value) if any(machine.entered) else BEGINNING
        _emit(machine, Entry(start, end, codes, True, machine.peak if any(machine.entered) else before), out)
    return out


def ahead(machine: Machine, settings: Settings, declarations: Declarations) -> list[Entry]:
    """What will be said if no further reading comes. The machine is not changed."""
    out: list[Entry] = []
    going = machine.copy()
    while going.declared < len(declarations):
        _declare(going, settings, declarations[going.declared], out)
    if going.end != BEGINNING and not going.dead:
        out.extend(_silence(going, settings, FAR, (False,) * settings.levels))
    return out


def _level(machine: Machine, settings: Settings, k: int, end: int, value: int, bound: int) -> Code:
    """Judge one level by one reading."""
    if bound == NO_BOUND:  # neither counts nor breaks a run, as a null
        return Code.OPEN if machine.entered[k] else Code.UNKNOWN
    limit = settings.sign * bound
    under_floor = value < settings.floor
    if value >= limit and not under_floor:
        machine.leaving[k] = FAR
        if machine.entered[k] or _completes(machine, settings, k, end):
            return Code.TRUE
        # Known lower until now, it stays so until the run is complete; with nothing known before, nobody can tell yet.
        known = machine.end != BEGINNING and bool(machine.codes)
        return Code.LOWER if known and machine.codes[k] == Code.LOWER else Code.PENDING
    machine.count[k] = 0
    if not machine.entered[k]:
        return Code.LOWER
    if not under_floor and value >= limit - settings.leave:
        machine.leaving[k] = FAR
        return Code.TRUE
    machine.leaving[k] = min(machine.leaving[k], end)
    if end - machine.leaving[k] < settings.quiet:
        return Code.TRUE
    machine.entered[k], machine.leaving[k] = False, FAR
    return Code.LOWER


def _completes(machine: Machine, settings: Settings, k: int, end: int) -> bool:
    """Whether a reading at a level not yet entered completes the run that enters it."""
    if machine.count[k] == 0:
        machine.count[k], machine.first[k], machine.counted[k] = 1, end, end
    elif end - machine.counted[k] >= settings.burst:
        machine.count[k] += 1
        machine.counted[k] = end
    complete = machine.count[k] >= settings.readings if settings.readings else machine.counted[k] - machine.first[k] >= settings.run
    if complete:
        machine.entered[k], machine.count[k] = True, 0
    return complete


def _bridged(machine: Machine, settings: Settings, start: int, value: int, bound: Sequence[int]) -> tuple[bool, ...]:
    """For each level, whether the silence before a reading counts as lower: short, between two readings known lower."""
    if start - (machine.end + settings.stale) > settings.bridge:
        return (False,) * settings.levels
    turned = settings.sign * value
    lower = [b != NO_BOUND and (turned < settings.sign * b or turned < settings.floor) for b in bound]
    return tuple([code == Code.LOWER and low for code, low in zip(machine.codes, lower, strict=True)])


def _silence(machine: Machine, settings: Settings, until: int, bridged: Sequence[bool]) -> list[Entry]:
    """The entries between the last reading and `until`, in which no reading came."""
    stale = machine.end + settings.stale
    held = stale + settings.hold
    lapse = machine.end + settings.lapse if settings.lapse < FAR else FAR
    out: list[Entry] = []
    for at in sorted({stale, held, lapse}):
        if at >= until:
            break
        codes = machine.codes if at < stale else tuple([_silent(machine, k, at < held, bridged[k]) for k in range(settings.levels)])
        _emit(machine, Entry(at, at - 1, codes, at < lapse, machine.peak), out)
    return out


def _silent(machine: Machine, k: int, holding: bool, bridged: bool) -> Code:
    if machine.entered[k]:  # held is what was known when it went stale, not what had lost its bound before
        return Code.HELD if holding and machine.codes[k] == Code.TRUE else Code.OPEN
    if machine.codes[k] == Code.PENDING:
        return Code.PENDING  # until a reading decides
    return Code.LOWER if bridged else Code.UNKNOWN


def _declare(machine: Machine, settings: Settings, declaration: tuple[int, bool], out: list[Entry]) -> None:
    """A person says that the station is dead, or back: it starts afresh."""
    at, dead = declaration
    if dead == machine.dead:
        machine.declared += 1
        return
    if machine.end != BEGINNING and not machine.dead:
        out.extend(_silence(machine, settings, at, (False,) * settings.levels))
    blank = fresh(settings)
    machine.entered, machine.count, machine.leaving = blank.entered, blank.count, blank.leaving
    machine.end, machine.dead, machine.declared = BEGINNING, dead, machine.declared + 1
    before, machine.peak = machine.peak, BEGINNING
    code = Code.DEAD if dead else Code.UNKNOWN
    counts = not dead and settings.lapse == FAR  # where a baseline makes a place count, it does so again
    _emit(machine, Entry(at, at, (code,) * settings.levels, counts, before), out)


def _emit(machine: Machine, entry: Entry, out: list[Entry]) -> None:
    last = machine.last
    undecided = entry.end > entry.start and any(code in UNDECIDED for code in entry.codes)
    if last is None or undecided or last.codes != entry.codes or last.counts != entry.counts:
        if last is not None and entry.start < last.start:
            entry = entry._replace(start=last.start)
        machine.last = entry
        out.append(entry)


def reaching(entry: Entry, level: int) -> Code:
    """What an entry says of `level` or more: entered if that level or one above it is, undecided if one is and it is not lower."""
    codes = entry.codes[level:]
    own, most = codes[0], max(codes)
    if most >= Code.OPEN:
        return most
    return Code.PENDING if own != Code.LOWER and Code.PENDING in codes else own


def level_line(entries: Sequence[Entry], level: int) -> Line:
    """The truth of `level` (by its place among the defined ones) or more at one place."""
    return line((e.start, e.end, *TRUTHS[reaching(e, level)]) for e in entries)
