"""What is said of regular places, with its reasons: the same words as from timelines, out of what was kept while going forward."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from processors import breaches, events
from processors.bounds import MILLIONTHS
from processors.columns import Columns, readings_of
from processors.events import Stood
from processors.evidence import last_true
from processors.forward import BreachChanges, Forward, RuleChanges, Seen
from processors.levels import Code, Entry
from processors.plan import Plan
from processors.pointwise import Tree
from processors.regular import Layout
from processors.rereading import Rereader
from processors.rows import Rows, joined_rows
from processors.sources import Source
from processors.stretches import Change
from processors.telling import Telling, told_since
from processors.timelines import BEGINNING, TRUTHS
from schemas.levels import Level
from schemas.outputs import CompoundEvent, Evidence, Reading, ThresholdBreach

_LOWER, _PENDING, _TRUE, _GREEN = Code.LOWER, Code.PENDING, Code.TRUE, Level.GREEN
Ref = tuple[int, int]
"""Record and row of a reading."""
Output = ThresholdBreach | CompoundEvent


@dataclass(frozen=True, slots=True)
class _Ask:
    """The readings behind one threshold's level at a place: which rows, the newest last."""

    lane: int
    readings: tuple[Ref, ...]


class Teller:
    """Says what going forward has found.

    Args:
        before: the columns before it. nows, ids: the shard's now after each record, and its id.
    """

    def __init__(self, before: Columns, found: Forward, sources: Mapping[int, Source], nows: Sequence[int], ids: Sequence[str]) -> None:
        self.before, self.found, self.sources, self.nows, self.ids = before, found, sources, nows, ids
        self.layout: Layout = before.layout
        self.plan: Plan = before.layout.plan
        self._sources: dict[int, Rereader] = {}

    @cached_property
    def _given(self) -> Rows:
        """The readings judged that gave a value."""
        return self.found.judged.take(self.found.judged.given)

    @cached_property
    def _where(self) -> dict[int, tuple[int, int]]:
        """Where the readings of each series stand among them."""
        edges = np.flatnonzero(np.diff(self._given.lanes, prepend=-1)).tolist()
        lanes = self._given.lanes[edges].tolist()
        ends = [*edges[1:], len(self._given)][: len(edges)]
        return dict(zip(lanes, zip(edges, ends, strict=True), strict=True))

    @cached_property
    def _starts(self) -> list[int]:
        starts: list[int] = self._given.starts.tolist()
        return starts

    @cached_property
    def _dues(self) -> list[int]:
        """With which record each of them was judged."""
        dues: list[int] = self.found.due[self.found.judged.given].tolist()
        return dues

    def all(self, telling: Telling) -> list[list[Output]]:
        """For each record what is said with it: breaches by threshold and place, then events by area and rule."""
        said: list[list[Output]] = [[] for _ in self.nows]
        for breach in sorted(self.found.breaches, key=self._by_threshold):
            said[breach.record].extend(self._breach(breach, telling))
        for rule in sorted(self.found.rules, key=lambda c: (c.record, c.area, c.rule)):
            said[rule.record].extend(self._events(rule, telling))
        return said

    def _by_threshold(self, change: BreachChanges) -> tuple[int, int, int]:
        area, threshold = divmod(change.lane, len(self.layout.thresholds))
        return change.record, threshold, area

    def _breach(self, told: BreachChanges, telling: Telling) -> list[ThresholdBreach]:
        area, threshold = divmod(told.lane, len(self.layout.thresholds))
        name = self.layout.thresholds[threshold]
        place, now, record = (name, self.layout.areas[area]), self.nows[told.record], self.ids[told.record]
        if not telling.reasons:
            return [b for change in told.changes for b in breaches.opening(change, place, self.plan, now, record, telling.engine)]
        sign = int(self.layout.laws.sign[told.lane])

        def reading(_at: int, level: int) -> tuple[Reading, ...]:
            number = self.plan.number(name, Level(level)) or 0
            return (self.reading(self._ref(told.reading), told.lane, number, now),)

        said = []
        for change in told.changes:
            peaked = change._replace(said=change.said._replace(peak=breaches.peak(told.entries, change, sign)))
            said += breaches.told(peaked, place, self.plan, reading, now, record, telling.engine)
        return said

    def _events(self, told: RuleChanges, telling: Telling) -> list[CompoundEvent]:
        rule, area = self.layout.rules[told.rule], self.layout.areas[told.area]
        now, place, record = self.nows[told.record], (rule.name, area), self.ids[told.record]
        return [events.told(c, place, self.plan, self._stood(told, c, now, telling), now, record, telling.engine) for c in told.changes]

    def _stood(self, told: RuleChanges, change: Change, now: int, telling: Telling) -> Stood:
        layout, area = self.layout.rules[told.rule], self.layout.areas[told.area]
        truth = TRUTHS[told.seen[change.at].standing.known(layout.tree.roots[0])]
        if not telling.reasons:
            return Stood(truth)
        writer = _Writer(self, layout.tree, layout.leaves, told.seen[change.at], area, self._asks(told, change.at), change.at, now)
        rule = layout.rule
        return Stood(
            truth=truth,
            silent=(),
            evidence=writer.evidence(layout.tree.roots[0]),
            ending=writer.evidence(layout.tree.roots[1]) if rule.until is not None else None,
            beside=(),
        )

    def _asks(self, told: RuleChanges, at: int) -> tuple[_Ask, ...]:
        """The readings behind each condition on a level."""
        first, entries = self.layout.lane(0, told.area), told.seen[at].entries
        leaves = self.layout.rules[told.rule].leaves
        return tuple([_Ask(first + t, self._behind(first + t, level, entries[t], at, told.record)) for t, level in leaves])

    def _behind(self, lane: int, level: int, entries: Sequence[Entry], at: int, record: int) -> tuple[Ref, ...]:
        """The reading that began the present stretch, the last at the level, and the newest: those inside the horizon, or last of all."""
        first, last = self._bounds(lane)
        known = bisect_right(self._dues, record, first, last)
        newest = min(known, bisect_right(self._starts, at, first, last)) - 1
        oldest = self.nows[record] - int(self.layout.laws.reach[lane])
        last_end = int(self._given.ends[known - 1]) if known > first else int(self.before.machines.end[lane])
        if last_end < oldest:  # then all others are too
            if newest < known - 1:
                return ()
            if known > first:
                return (self._ref_of(self._given, newest),)
            return (self._last_before(lane),) if last_end != BEGINNING else ()
        rows = self._until(lane, first, known)
        starts = rows.starts.tolist()
        wanted = {bisect_right(starts, at) - 1}
        stretch = last_true(entries, level, at)
        if stretch is not None:
            began, ended = stretch
            began_at, last_at = bisect_left(starts, began), bisect_left(starts, min(ended, at + 1)) - 1
            wanted.update(i for i in (began_at,) if i < len(starts) and starts[i] == began)
            wanted.update(i for i in (last_at,) if i >= 0 and starts[i] >= began)
        cited = [i for i in sorted(wanted) if i >= 0 and (rows.ends[i] >= oldest or i == len(starts) - 1)]
        return tuple(self._ref_of(rows, i) for i in cited)

    def _last_before(self, lane: int) -> Ref:
        """The last reading with a value before these records."""
        source, row = self.before.newest[lane].tolist()
        return source, row

    def _bounds(self, lane: int) -> tuple[int, int]:
        return self._where.get(lane, (0, 0))

    def _until(self, lane: int, first: int, known: int) -> Rows:
        """The readings with values of a series that are known with a record: those kept, and those of these records."""
        rows = joined_rows([readings_of(self.before, lane), self._given.take(slice(first, known))])
        return rows.take(rows.given)

    def _ref(self, reading: int) -> Ref:
        return self._ref_of(self.found.judged, reading)

    @staticmethod
    def _ref_of(rows: Rows, index: int) -> Ref:
        return int(rows.sources[index]), int(rows.rows[index])

    def reading(self, ref: Ref, lane: int, number: int, now: int) -> Reading:
        """A reading as it came in, with the bound of one of its threshold's levels."""
        source = self._sources.get(ref[0])
        if source is None:
            source = self._sources[ref[0]] = Rereader(self.sources[ref[0]])
        sign, limit = int(self.layout.laws.sign[lane]), int(self.layout.laws.limit[lane, number])
        return source.reading(ref[1], sign * limit / MILLIONTHS, now)


class _Writer:
    """Writes down how the conditions of one rule stood in one area."""

    def __init__(
        self, teller: Teller, tree: Tree, leaves: Sequence[tuple[int, int]], seen: Seen, area: str, asks: Sequence[_Ask], at: int, now: int
    ) -> None:
        self.teller, self.tree, self.leaves, self.seen, self.area, self.asks = teller, tree, leaves, seen, area, asks
        self.at, self.now = at, now
        self._written: dict[int, Evidence] = {}

    def evidence(self, number: int) -> Evidence:
        """A condition, by its number, with all inside it; one that stands twice in a rule is written down once."""
        if number not in self._written:
            self._written[number] = self._write(number)
        return self._written[number]

    def _write(self, number: int) -> Evidence:
        standing, node = self.seen.standing, self.tree.nodes[number]
        note, level, readings = self._leaf(node.leaf) if node.leaf >= 0 else ("", None, ())
        since = standing.since[number]
        return Evidence.made(
            condition=self.tree.texts[number], truth=TRUTHS[standing.known(number)], held=False, covered=True,
            since=told_since(since, self.at), level=level, area=self.area, note=note, readings=readings,
            parts=tuple([self.evidence(part) for part in node.parts]),
        )  # fmt: skip

    def _leaf(self, leaf: int) -> tuple[str, Level | None, tuple[Reading, ...]]:
        threshold, number = self.leaves[leaf]
        codes, ask = self.seen.codes[threshold], self.asks[leaf]
        if not codes:
            return "no reading yet", None, ()
        bounds = self.teller.plan.bounds[self.teller.layout.thresholds[threshold]]
        entered = [bounds[n].level for n, code in enumerate(codes) if code is _TRUE]
        level = max(entered) if entered else _GREEN if codes[0] is _LOWER else None
        note = "not yet confirmed" if max(codes) is _PENDING else ""
        return note, level, tuple([self.teller.reading(ref, ask.lane, number, self.now) for ref in ask.readings])
