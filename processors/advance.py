"""Several records taken in at once: what is regular goes forward in columns, all else is judged by timelines, record by record.

The answer is the same as that of one record after the other.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from itertools import accumulate, chain, repeat
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from processors.arrivals import Arrivals, Numbers, Span, arrived, rows_of_batch
from processors.benches import plan_of
from processors.column_machine import Flags
from processors.columns import Columns, no_columns, sources_of, without
from processors.conditions import Sight
from processors.contents import Content, Part, Piece, Row, Whole, parts
from processors.events import heard_from
from processors.formers import reads_of
from processors.forward import Forward, go_forward
from processors.forward_telling import Output, Teller
from processors.handover import Handed, Timelines, begun, regular, taken_over, timelines
from processors.intake import Intake, lasting, rank_in
from processors.plan import Place, Plan
from processors.regular import Layout, layout_of
from processors.rows import Rows, joined_rows, no_rows
from processors.saying import say
from processors.silence import Spans, delivered, since_asked
from processors.sources import Source, numbers_in
from processors.state import State
from processors.telling import Telling
from processors.timelines import BEGINNING, FAR, micros
from processors.touched import Touched
from processors.waiting import may_wait, waiting
from schemas.inputs import ConfigChange, Heartbeat, Tick
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.records import Record

Kept = TypeVar("Kept")
_FORWARD = (Row, Piece, pa.RecordBatch, Heartbeat, Tick)
"""What may be taken in together."""
_FORGET_EVERY, _FORGET_LARGE_EVERY = 64, 16
"""After so many records those of which no reading is kept are let go of; sooner if one of the new ones has many readings."""
_NEW_RECORDS = 4
"""The last of them are not compressed, for they are what is told with next."""
_MOST_ENTRIES = 256
"""A series that has said more than this since it became regular is looked through once, so that what is old is let go of."""


def advance(
    state: State, records: Sequence[Record], contents: Sequence[Content], engine: str, *, reasons: bool = True
) -> tuple[State, list[list[Output]]]:
    """Take in records.

    Args:
        contents: what each of them says.
        reasons: whether what is said comes with its reasons, as in `telling.Telling`; the state is the same without.

    Returns:
        The next state, and for each record what must be said because of it.
    """
    telling = Telling(engine, reasons)
    said: list[list[Output]] = []
    first = 0
    while first < len(records):
        last, ready = first, _before_what_is_ahead(state, records, first)
        while last < ready and isinstance(contents[last], _FORWARD):
            last += 1
        if last > first:
            state, found = _readings(state, records[first:last], contents[first:last], telling)
            said += found
        if last < len(records):
            before = state
            _try(state, records[last], contents[last], telling)
            state, outputs = _by_timelines(all_by_timelines(state), records[last], contents[last], telling)
            known = before.columns.layout if before.columns is not None else None
            state = _laid_out(state, known) if state.plan is before.plan else as_regular_as_may_be(state)
            said.append(outputs)
        first = last + 1
    return state, said


def as_regular_as_may_be(state: State) -> State:
    """The state with all places in columns that can be, if the plan can have any there."""
    return _laid_out(state, layout_of(state.plan) if state.plan is not None else None)


def _laid_out(state: State, layout: Layout | None) -> State:
    if layout is None:
        return state
    columns = state.columns if state.columns is not None else no_columns(layout)
    return _as_regular(replace(state, columns=columns), range(len(layout.areas)))


def _before_what_is_ahead(state: State, records: Sequence[Record], first: int) -> int:
    """The first record that brings another configuration into force by its time alone; the number of records if none does."""
    if state.ahead is None:
        return len(records)
    return next((n for n in range(first, len(records)) if records[n].received_microseconds >= state.ahead.start), len(records))


def _try(state: State, record: Record, content: Content, telling: Telling) -> None:
    """Put what is to come into force later in force at once, and forget it: if nothing can be judged by it, it is refused now.

    Raises:
        PolyriskError: it means nothing.
    """
    if isinstance(content, ConfigChange) and content.holds_from is not None:
        _by_timelines(all_by_timelines(state), record, content.model_copy(update={"holds_from": None}), telling)


def _by_timelines(
    state: State, record: Record, content: Content, telling: Telling, whole: Content | None = None
) -> tuple[State, list[Output]]:
    """One record.

    Args:
        whole: what the record says, if `content` is not all of it.
    """
    intake = Intake(state, record)
    intake.take(_alone(content))
    after = intake.state()
    if not after.formers:
        return say(after, intake.touched(), (), record, telling)
    of_formers = [_by_former(former, record, _alone(content if whole is None else whole)) for former in after.formers]
    after = replace(after, formers=tuple(former for former, _ in of_formers))
    return say(after, intake.touched(), [touched for _, touched in of_formers], record, telling)


def _by_former(former: State, record: Record, content: Whole) -> tuple[State, Touched]:
    """What a former takes of a record: all but another configuration."""
    intake = Intake(former, record, reads_of(former))
    if not isinstance(content, ConfigChange):
        intake.take(content)
    return intake.state(), intake.touched()


def _alone(content: Content) -> Whole:
    return content.alone if isinstance(content, Row | Piece) else content


def _readings(state: State, records: Sequence[Record], contents: Sequence[Content], telling: Telling) -> tuple[State, list[list[Output]]]:
    """Records of readings, heartbeats and ticks.

    As long as they speak of some place that is not regular they are taken in small parts, growing: after each part it may be regular again,
    and what is not costs the more the more records it is judged by at a time. What is only looked through is so after one record.
    """
    said: list[list[Output]] = []
    first, size = 0, 1
    while first < len(records):
        columns = state.columns
        if columns is None:
            numbered = state.numbered
            state, outputs = _by_timelines(state, records[first], contents[first], telling)
            state = _forgotten(state, numbered)
            said.append(outputs)
            first += 1
            continue
        if len(_said_much(columns)):
            last = first + 1
        else:
            last = len(records) if not _speak_of_irregular(state, contents[first:]) else min(first + size, len(records))
        state, found = _Run(state, columns, records[first:last], contents[first:last], telling).taken()
        said += found
        first, size = last, size * 2
    return state, said


def _said_much(columns: Columns) -> npt.NDArray[np.intp]:
    """The numbers of the areas that are to be looked through once; mostly none, and then that costs one look at each series."""
    areas = np.flatnonzero(columns.machines.emitted - columns.carried > _MOST_ENTRIES) // len(columns.layout.thresholds)
    return areas[columns.regular[areas]]


def _speak_of_irregular(state: State, contents: Sequence[Content]) -> bool:
    """Whether some reading may be of a place that is not in columns."""
    irregular = {area for _, area in state.tracks}
    return bool(irregular) and any(not irregular.isdisjoint(_areas_of(part.batch)) for part in parts(contents))


class _Run:
    """Records taken in together."""

    def __init__(self, state: State, columns: Columns, records: Sequence[Record], contents: Sequence[Content], telling: Telling) -> None:
        self.before, self.state, self.columns = state, state, columns
        self.records, self.contents, self.telling = records, contents, telling
        self.parts = list(parts(contents))
        self.ids = [record.id for record in records]
        received = np.array([record.received_microseconds for record in records], dtype=np.int64)
        self.span = Span(state.now, np.maximum(np.maximum.accumulate(received), state.now), columns.layout.settle)
        self.heard: set[int] = set()
        self.held = _held_areas(state)

    def taken(self) -> tuple[State, list[list[Output]]]:
        """All records taken in."""
        rows, numbers, sources = self._rows()
        if (pending := self._waiting(rows)) is not None:
            columns, numbered = replace(self.columns, pending=pending), self.state.numbered + len(self.parts)
            state = replace(self.state, columns=columns, sources=sources, numbered=numbered, alive=self._alive())
            return _forgotten(state, self.before.numbered), [[] for _ in self.records]
        self._begin(self._newcomers(rows, numbers))
        heard = np.zeros(len(self.columns.layout.areas), dtype=bool)
        heard[rows.lanes // len(self.columns.layout.thresholds)] = True
        self.heard = set(np.flatnonzero(heard).tolist())
        arrivals = arrived(self.columns, rows, numbers, self.span, rank_in(sources))
        self._let_go_of_old(arrivals)
        found = go_forward(self.columns, arrivals, self.span, self.ids)
        teller = Teller(self.columns, found, sources, self.span.nows.tolist(), self.ids)
        said = teller.all(self.telling)
        self.state = replace(self.state, columns=found.columns, sources=sources, numbered=self.state.numbered + len(self.parts))
        self._irregular(found)
        self._others(said)
        state = replace(self.state, now=int(self.span.nows[-1]), alive=self._alive(), columns=self.state.columns)
        return _forgotten(_as_regular(state, sorted(self.heard)), self.before.numbered), said

    def _rows(self) -> tuple[Rows, Numbers, Mapping[int, Source]]:
        found, numbers, sources = [], [], dict(self.state.sources)
        for n, part in enumerate(self.parts):
            number = self.state.numbered + n
            sources[number] = Source(self._brought(part), part.batch)
            rows = rows_of_batch(part.batch, self.columns.layout, number)
            found.append(rows)
            numbers.append(part.numbers[rows.rows])
        if not found:
            return no_rows(), np.empty(0, np.int32), sources
        return joined_rows(found), np.concatenate(numbers), sources

    def _waiting(self, rows: Rows) -> Rows | None:
        """What waits after these records if nothing else comes of them; none if something may."""
        if not may_wait(self.columns, self.span) or self.state.formers or _deadline(self.state) < self.span.before:
            return None
        if not all(self._is_regular(word) for part in self.parts for word in _areas_of(part.batch)):
            return None
        return waiting(self.columns, rows, self.span)

    def _is_regular(self, area: str) -> bool:
        number = self.columns.layout.numbers.get(area)
        return number is not None and bool(self.columns.regular[number])

    def _brought(self, part: Part) -> tuple[str, ...]:
        """The id of the record that each row came in; of one record alone that one."""
        if len(part.records) == 1:
            return (self.ids[part.records[0]],)
        return tuple(chain.from_iterable(map(repeat, (self.ids[n] for n in part.records), part.counts)))

    def _newcomers(self, rows: Rows, numbers: Numbers) -> list[int]:
        """Areas that nothing is known of until these records."""
        columns, layout, width = self.columns, self.columns.layout, len(self.columns.layout.thresholds)
        if columns.regular.all():
            return []
        in_time = rows.given & (rows.ends + layout.laws.reach[rows.lanes] >= self.span.nows[numbers])
        areas = np.unique(rows.lanes[in_time] // width)
        return [n for n in areas[~columns.regular[areas]].tolist() if not self._is_known(layout.areas[n])]

    def _is_known(self, area: str) -> bool:
        layout, state = self.columns.layout, self.state
        judged = [state.events.get((rule.name, area)) for rule in layout.rules]
        known = any((t, area) in state.tracks or (t, area) in state.breaches for t in layout.thresholds)
        return known or any(one is not None and one.said for one in judged) or area in self.held

    def _begin(self, areas: list[int]) -> None:
        """Let newcomers begin in columns."""
        if areas:
            self.columns = begun(self.columns, areas, self.state.now, self.state.events)
            places = {(rule.name, self.columns.layout.areas[n]) for rule in self.columns.layout.rules for n in areas}
            self.state = replace(self.state, events={p: judged for p, judged in self.state.events.items() if p not in places})

    def _let_go_of_old(self, arrivals: Arrivals) -> None:
        arrivals.irregular[_said_much(self.columns)] = True

    def _irregular(self, found: Forward) -> None:
        """Hand over to timelines what did not go forward."""
        areas = np.flatnonzero(found.irregular & self.columns.regular).tolist()
        # As they were before these records, which they are taken in one by one after.
        self.state = _handed_over(replace(self.state, now=self.before.now), self.columns, areas)
        self.heard |= set(areas)

    def _others(self, said: list[list[Output]]) -> None:
        """All that is not regular, record by record."""
        columns = self.state.columns
        if columns is None:
            return
        here = {columns.layout.areas[n] for n in np.flatnonzero(columns.regular).tolist()}
        elsewhere = [_elsewhere(part.batch, here) for part in self.parts]
        state = replace(self.state, now=self.before.now, columns=None)
        by_time = any(judged.deadline < FAR for judged in state.events.values())
        stands = bool(state.tracks or state.breaches or state.formers or by_time)
        if not stands and not any(rows.any() for rows in elsewhere):
            return
        rests = self._rests(elsewhere)
        deadline = BEGINNING
        for n, (record, rest) in enumerate(zip(self.records, rests, strict=True)):
            nothing = isinstance(rest, pa.RecordBatch) and not rest.num_rows and not state.formers
            if nothing and deadline >= self.span.nows[n]:
                continue
            state, outputs = _by_timelines(state, record, rest, self.telling, self.contents[n])
            deadline = _deadline(state)
            if outputs:
                said[n] = _in_order([*said[n], *outputs])
        self.state = replace(state, columns=columns)

    def _rests(self, elsewhere: Sequence[Flags]) -> list[Content]:
        """What the records say of other places; `elsewhere` flags their rows, part by part."""
        rests = list(self.contents)
        for part, kept in zip(self.parts, elsewhere, strict=True):
            nothing = part.batch.slice(0, 0)
            kept_until = np.concatenate(([0], np.cumsum(kept))).tolist()
            for record, count, last in zip(part.records, part.counts, accumulate(part.counts), strict=True):
                first = last - count
                some = kept_until[last] - kept_until[first]
                if not some:
                    rests[record] = nothing
                elif some < count:
                    rests[record] = part.batch.slice(first, count).filter(pa.array(kept[first:last]))
        return rests

    def _alive(self) -> Mapping[str, Spans]:
        alive, plan = dict(self.before.alive), plan_of(self.state)
        beats = [(micros(c.received), c.feed) for c in self.contents if isinstance(c, Heartbeat)]
        for at, feed in sorted({*beats, *(found for part in self.parts for found in self._delivered(part))}):
            alive[feed] = delivered(alive.get(feed, ()), at, lasting(plan, feed))
        return since_asked(alive, heard_from(plan, self.state.events, int(self.span.nows[-1])))

    def _delivered(self, part: Part) -> Iterable[tuple[int, str]]:
        """When which feeds brought readings."""
        feeds = part.batch.column("feed")
        words = feeds.dictionary.to_pylist()
        codes = feeds.indices.to_numpy(zero_copy_only=False)
        brought_by = part.numbers.astype(np.int64) * len(words) + codes
        for brought in set(brought_by[np.flatnonzero(np.diff(brought_by, prepend=-1))].tolist()):
            record, feed = divmod(brought, len(words))
            yield self.records[record].received_microseconds, words[feed]


def _deadline(state: State) -> int:
    """The next moment at which time alone may change something beside the columns."""
    return min((judged.deadline for judged in (*state.breaches.values(), *state.events.values())), default=FAR)


def _areas_of(batch: pa.RecordBatch) -> list[str]:
    words: list[str] = batch.column("area").dictionary.to_pylist()
    return words


def _elsewhere(batch: pa.RecordBatch, areas: Set[str]) -> Flags:
    """Which readings are of none of these areas."""
    column = batch.column("area")
    elsewhere = np.array([word not in areas for word in column.dictionary.to_pylist()], dtype=bool)
    return elsewhere[column.indices.to_numpy(zero_copy_only=False)] if len(elsewhere) else np.zeros(0, bool)


def _in_order(said: list[Output]) -> list[Output]:
    """Breaches by threshold and place, then events by area and rule; of one, as they were said."""
    found = [s for s in said if isinstance(s, ThresholdBreach)]
    told = [s for s in said if isinstance(s, CompoundEvent)]
    return [*sorted(found, key=lambda s: (s.threshold, s.area)), *sorted(told, key=lambda s: (s.area, s.rule))]


def _sight(state: State, plan: Plan) -> Sight:
    return Sight(plan, state.tracks, state.baselines, state.alive, state.now)


def all_by_timelines(state: State) -> State:
    """The state with no place in columns."""
    columns = state.columns
    if columns is None:
        return state
    return replace(_handed_over(state, columns, np.flatnonzero(columns.regular).tolist()), columns=None)


def _handed_over(state: State, known: Columns, areas: Sequence[int]) -> State:
    """The state with some areas, by number, given to timelines, as the columns `known` know them."""
    if state.columns is None or not areas:
        return state
    sight = _sight(state, known.layout.plan)
    tracks, breaches, events = dict(state.tracks), dict(state.breaches), dict(state.events)
    for number in areas:
        found = timelines(known, number, sight, rank_in(state.sources))
        tracks.update(found.tracks)
        breaches.update(found.breaches)
        events.update(found.events)
    return replace(state, tracks=tracks, breaches=breaches, events=events, columns=without(state.columns, areas))


def _as_regular(state: State, areas: Iterable[int]) -> State:
    """The state with those of some areas, by number, that are regular given to columns."""
    columns = state.columns
    if columns is None:
        return state
    layout, sight = columns.layout, _sight(state, columns.layout.plan)
    handed: dict[int, Handed] = {}
    held_areas = _held_areas(state)
    for number in areas:
        area = layout.areas[number]
        if not columns.regular[number] and area not in held_areas and (layout.thresholds[0], area) in state.tracks:
            found = regular(layout, area, Timelines(state.tracks, state.breaches, state.events), sight)
            if found is not None:
                handed[number] = found
    if not handed:
        return state
    gone = {layout.areas[number] for number in handed}

    def kept(of: Mapping[Place, Kept], names: Set[str]) -> dict[Place, Kept]:
        return {place: one for place, one in of.items() if not (place[1] in gone and place[0] in names)}

    thresholds, rules = set(layout.thresholds), {rule.name for rule in layout.rules}
    return replace(
        state, tracks=kept(state.tracks, thresholds), breaches=kept(state.breaches, thresholds), events=kept(state.events, rules),
        columns=taken_over(columns, handed, state.now),
    )  # fmt: skip


def _held_areas(state: State) -> frozenset[str]:
    """The areas in which an event stands that is judged by a former configuration; they are not regular."""
    return frozenset(area for former in state.formers for _, area in former.events)


def _forgotten(state: State, numbered: int) -> State:
    """The state without records none of whose readings is kept, and with most of the others compressed; when has no effect on what is said.

    Args:
        numbered: how many records had been numbered before what was taken in last; of that much may be let go of soon.
    """
    large = any(state.sources[n].large for n in range(numbered, state.numbered))
    every = _FORGET_LARGE_EVERY if large else _FORGET_EVERY
    if state.numbered // every == numbered // every:
        return state
    formers = tuple(_without_unused(former, former.numbered - _NEW_RECORDS) for former in state.formers)
    return replace(_without_unused(state, min(numbered, state.numbered - _NEW_RECORDS)), formers=formers)


def _without_unused(state: State, new: int) -> State:
    used = numbers_in(s.sources for t in state.tracks.values() for s in (t.series, *t.steps))
    if state.columns is not None:
        used |= sources_of(state.columns)
    kept = {n: source if n >= new else source.packed for n, source in state.sources.items() if n in used}
    return replace(state, sources=kept)
